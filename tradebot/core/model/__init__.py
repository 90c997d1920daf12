"""Value types: accounts, orders, holdings, limits, halts, schedule."""

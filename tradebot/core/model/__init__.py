"""The values that everything here is made of: accounts, orders, holdings, limits, halts."""

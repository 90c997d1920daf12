"""Orders, the account and its activities at Robinhood."""

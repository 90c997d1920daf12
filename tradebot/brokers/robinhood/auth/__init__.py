"""The session with Robinhood: logging in, the tokens that are stored, and their renewal."""

"""The risk rules: what may be entered, how large, and what halts the account. Pure."""

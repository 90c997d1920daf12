"""What to enter and what to close, and at which prices. Pure."""

"""Safety: stop coverage, reconciliation, emergency stop, and missed jobs."""

"""The emergency stop: latch, cancel, close or protect, and read the account until the broker confirms the goal."""

"""The emergency stop: latch, cancel, close or protect, and look until the broker has confirmed it."""

"""Alerts to the operator: recording them, delivering them through channels, and heartbeats to a monitor."""

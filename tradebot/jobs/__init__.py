"""The use cases: functions over a Desk that return a typed outcome."""

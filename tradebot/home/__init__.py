"""The folder a user trades from: its paths, its locks, its halt latch and the files that must survive a crash."""

"""The commands, one a file: each opens what it needs, runs one job and shows its outcome."""

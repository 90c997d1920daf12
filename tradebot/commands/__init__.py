"""The commands, one a file: each opens a desk or what it needs of it, runs a job and shows the outcome."""

"""What must be true of an account: protected positions, explained differences, jobs that ran. Pure."""

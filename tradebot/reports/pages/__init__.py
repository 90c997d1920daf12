"""One page a job: what its outcome looks like to people."""

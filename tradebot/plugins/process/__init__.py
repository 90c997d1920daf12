"""The strategy process: strategies run in a child process that holds no key, no lock and no ledger."""

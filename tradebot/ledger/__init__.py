"""The ledger: one SQLite file, whose history is append-only, bound to one account at a time."""

"""The database: one SQLite file, append-only where history is concerned, bound to one account at a time."""

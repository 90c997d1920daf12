"""The terminal pages, built from the outcomes of commands."""

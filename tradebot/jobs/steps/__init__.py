"""The steps that jobs share, in the order of a session: sync, plan, submit, close, protect."""

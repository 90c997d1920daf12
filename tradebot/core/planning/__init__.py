"""Planning: entries, exits and their prices."""

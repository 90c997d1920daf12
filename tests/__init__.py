"""A regular package, so that a dependency's own top-level ``tests`` cannot shadow it."""

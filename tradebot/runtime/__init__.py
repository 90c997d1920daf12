"""The composition root: from the command line's options to a desk with its ports, and the release of what it holds."""

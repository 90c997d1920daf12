"""The only place that wires: from the command line's options to a desk with its ports, and back to nothing held."""

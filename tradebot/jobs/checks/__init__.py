"""The checks of preflight, by subject. Each returns its name, a result, a figure and a remedy."""

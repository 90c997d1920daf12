"""The checks of preflight, by what they look at. Each gives its name, a result, a figure, and what to do about it."""

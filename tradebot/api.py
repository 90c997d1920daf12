"""The Python API: typed looks at a home, and the stop by code, for notebooks and scripts."""

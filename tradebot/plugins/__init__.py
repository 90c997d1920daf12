"""Strategies as plugins: finding them, reading their manifests, asking them for signals, and checking them."""

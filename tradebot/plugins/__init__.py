"""Strategies as plugins: discovery, manifests, loading, signals and checks."""

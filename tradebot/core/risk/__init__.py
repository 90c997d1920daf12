"""The risk module: rules for entries, sizing, exposure, and circuit breakers."""

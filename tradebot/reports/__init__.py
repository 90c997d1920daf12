"""Outcomes as output: terminal pages, JSON, CSV files, the incident report and the statistics of an equity curve."""

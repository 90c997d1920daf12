"""Brokers: a folder each, with its market data; ``http`` has what brokers over HTTP share."""

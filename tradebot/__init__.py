"""tradebot: a scheduled batch toolkit that trades US stocks for careful individuals."""

__version__ = "0.1.0"

"""Alpaca's URLs."""

from __future__ import annotations

from typing import Final

#: https://docs.alpaca.markets/docs/authentication
PAPER_URL: Final = "https://paper-api.alpaca.markets"
LIVE_URL: Final = "https://api.alpaca.markets"
DATA_URL: Final = "https://data.alpaca.markets"

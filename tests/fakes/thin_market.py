"""A market in which few shares trade, so that an order fills in part or not at all."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from tradebot.brokers.paper.exchange_file import ExchangeFile

#: The volume of bars made up without one.
_VOLUME = Decimal(1_000_000)


def fills_at_most(exchange: ExchangeFile, shares: int | None) -> None:
    """Let this handle on an exchange fill so many shares of a symbol in a session; None: all that are ordered."""
    part = None if shares is None else shares / _VOLUME
    exchange._rules = replace(exchange._rules, max_fill_volume_pct=part)
    exchange._latest = None

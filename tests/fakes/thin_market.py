"""A market in which few shares trade, or off the price: orders fill in part, not at all, or dearer than expected."""

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


def slips_by(exchange: ExchangeFile, slippage: Decimal) -> None:
    """Let this handle on an exchange fill at a price that is worse by this share of it."""
    exchange._rules = replace(exchange._rules, slippage_pct=slippage)
    exchange._latest = None

"""An embedded exchange that nothing is asked of."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import NoReturn


class NoExchange:
    """Stands where market data gives history alone; implements brokers.paper.market_data.ExchangePrices."""

    def quotes(self, symbols: Iterable[str]) -> NoReturn:
        raise AssertionError("history needs no quote")

    def known(self, symbols: Iterable[str]) -> NoReturn:
        raise AssertionError("history needs no list of symbols")

    def corporate_actions(self, symbols: Iterable[str], first: date, last: date) -> NoReturn:
        raise AssertionError("history takes its actions from the price file")

    def closes(self, symbols: Iterable[str], session: date) -> NoReturn:
        raise AssertionError("history has the closes in its bars")

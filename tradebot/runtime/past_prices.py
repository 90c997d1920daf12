"""Prices of a period that is over, as far as no broker has to be asked for them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date

from tradebot.settings import BrokerName, Settings


def past_benchmark(settings: Settings) -> Callable[[date, date], Sequence[tuple[date, float]]]:
    """The closes of the S&P 500 by session: of the bundled file, 1999 to 2018; a broker outside is not asked."""
    if settings.broker is not BrokerName.PAPER:
        return lambda first, last: ()
    from tradebot.brokers.paper.market_data import benchmark

    return benchmark

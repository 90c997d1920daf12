"""Prices of a period that is over, as far as no broker outside has to be asked for them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import date

from tradebot.errors import TradebotError
from tradebot.jobs.steps.period_figures import PeriodPrices, no_prices
from tradebot.settings import BrokerName, Settings


@contextmanager
def past_prices(settings: Settings) -> Iterator[PeriodPrices]:
    """The index of the bundled file, 1999 to 2018, and what the embedded exchange has; nothing for a broker outside."""
    if settings.broker is not BrokerName.PAPER:
        yield no_prices()
        return
    from tradebot.brokers.paper.market_data import benchmark
    from tradebot.runtime.paper_exchange import home_exchange

    with ExitStack() as held:
        try:
            exchange = held.enter_context(home_exchange(settings, fresh=False, durable=False, start=None))
        except TradebotError:  # the ledger is enough for the report
            yield PeriodPrices(benchmark, no_prices().closes, no_prices().actions)
            return
        yield PeriodPrices(
            benchmark, exchange.closes, lambda symbols, first: exchange.corporate_actions(symbols, first, date.max)
        )

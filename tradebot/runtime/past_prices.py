"""Prices of a period that is over: what is bundled, or stored in the home. No broker outside is asked."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import date
from functools import partial

from tradebot.errors import TradebotError
from tradebot.jobs.steps.period_figures import PeriodPrices, no_prices
from tradebot.ports import Calendar
from tradebot.settings import BrokerName, Settings


@contextmanager
def past_prices(settings: Settings, calendar: Calendar) -> Iterator[PeriodPrices]:
    """The index of the bundled file, 1999 to 2018, and what the embedded exchange has; at others what jobs stored."""
    match settings.broker:
        case BrokerName.ALPACA:
            from tradebot.runtime.alpaca import stored_prices

            stored = stored_prices(settings, calendar)
            yield PeriodPrices(stored.benchmark, stored.closes, stored.actions, more_at=settings.broker)
        case BrokerName.ROBINHOOD:
            from tradebot.runtime.robinhood import past_benchmark

            yield replace(no_prices(), benchmark=partial(past_benchmark, settings, calendar), more_at=settings.broker)
        case _:
            with _of_embedded_exchange(settings) as prices:
                yield prices


@contextmanager
def _of_embedded_exchange(settings: Settings) -> Iterator[PeriodPrices]:
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

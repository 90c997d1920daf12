"""The venue of a home, by BROKER: the broker, its market data and its clock."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from typing import TYPE_CHECKING

from tradebot.market.calendar import CorrectedCalendar, NyseCalendar
from tradebot.ports import Broker, Clock, CorrectableCalendar, MarketData
from tradebot.runtime.clocks import ExchangeClock, SystemClock
from tradebot.settings import BrokerName, Settings

if TYPE_CHECKING:
    from tradebot.brokers.paper import PaperExchange
    from tradebot.core.model.schedule import Job


def _no_advance(job: Job) -> None:
    """Do nothing: real time passes by itself."""


@dataclass(frozen=True, slots=True)
class Venue:
    """The ports of one broker."""

    broker: Broker
    market: MarketData
    clock: Clock
    calendar: CorrectableCalendar  # of the market data too
    advance: Callable[[Job], None] = _no_advance  # advances the embedded exchange to a job's time of day
    exchange: PaperExchange | None = None  # None at a broker outside
    fresh_for: timedelta = timedelta(0)  # how long a response may be used again


@contextmanager
def open_venue(
    settings: Settings,
    *,
    fresh: bool = False,
    durable: bool = True,
    start: date | None = None,
    urgent: bool = False,
) -> Iterator[Venue]:
    """The venue of a home. Makes no request yet; with ``urgent`` requests have short time-outs.

    With ``fresh`` the embedded exchange is made if it does not exist, with its first session on or after ``start``.
    Without ``durable`` a power cut may lose its newest operations. Raises ConfigError and BrokerUnavailable.
    """
    if settings.broker is BrokerName.ALPACA:
        from tradebot.brokers.http.timeouts import EMERGENCY, Timeouts
        from tradebot.runtime.alpaca import FRESH_FOR, open_alpaca
        from tradebot.runtime.system_needs import refuse_unusable_variables

        if not urgent and not settings.broker_is_local:  # this machine itself is reached without them
            refuse_unusable_variables()
        clock = SystemClock()
        calendar = CorrectedCalendar(NyseCalendar())
        broker, market = open_alpaca(settings, clock, calendar, EMERGENCY if urgent else Timeouts())
        yield Venue(broker, market, clock, calendar, fresh_for=FRESH_FOR)
    elif settings.broker is BrokerName.ROBINHOOD:
        from tradebot.brokers.http.timeouts import EMERGENCY, Timeouts
        from tradebot.runtime.robinhood import open_robinhood
        from tradebot.runtime.system_needs import refuse_unusable_variables

        if not urgent and not settings.broker_is_local:
            refuse_unusable_variables()
        clock = SystemClock()
        calendar = CorrectedCalendar(NyseCalendar())
        broker, market = open_robinhood(settings, clock, calendar, EMERGENCY if urgent else Timeouts())
        yield Venue(broker, market, clock, calendar)
    else:
        with _embedded(settings, fresh=fresh, durable=durable, start=start) as venue:
            yield venue


@contextmanager
def _embedded(settings: Settings, *, fresh: bool, durable: bool, start: date | None) -> Iterator[Venue]:
    from tradebot.brokers import paper
    from tradebot.brokers.paper.market_data import PaperMarket
    from tradebot.runtime.paper_exchange import advance, home_exchange, prices_of

    with home_exchange(settings, fresh=fresh, durable=durable, start=start) as exchange:
        yield Venue(
            paper.PaperBroker(exchange),
            PaperMarket(prices_of(settings), exchange),
            ExchangeClock(exchange),
            CorrectedCalendar(NyseCalendar()),
            partial(advance, settings, exchange),
            exchange,
        )

"""Where a home trades, by BROKER: the broker, the prices there, and the clock that both go by."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from typing import TYPE_CHECKING

from tradebot.ports import Broker, Clock, MarketData
from tradebot.runtime.clocks import ExchangeClock, SystemClock
from tradebot.settings import BrokerName, Settings

if TYPE_CHECKING:
    from tradebot.brokers.paper import PaperExchange
    from tradebot.core.model.schedule import Job


def _by_itself(job: Job) -> None:
    """The world's time passes whatever a job does."""


@dataclass(frozen=True, slots=True)
class Venue:
    """What is wired for one broker.

    ``advance`` brings time on to that of a job where it passes by jobs alone; ``exchange`` is the embedded one, for a
    replay, and None where orders go to a broker outside. ``fresh_for`` is how long an answer may be used again.
    """

    broker: Broker
    market: MarketData
    clock: Clock
    advance: Callable[[Job], None] = _by_itself
    exchange: PaperExchange | None = None
    fresh_for: timedelta = timedelta(0)


@contextmanager
def open_venue(
    settings: Settings,
    *,
    fresh: bool = False,
    durable: bool = True,
    start: date | None = None,
    pressing: bool = False,
) -> Iterator[Venue]:
    """The venue of a home; nothing is asked of a broker outside yet, and nobody waits for it long when ``pressing``.

    The embedded exchange is made when ``fresh`` and not there yet, with its first session on or after ``start``;
    without ``durable`` a power cut may lose its newest operations. Raises ConfigError and BrokerUnavailable.
    """
    if settings.broker is BrokerName.ALPACA:
        from tradebot.brokers.http.timeouts import EMERGENCY, Timeouts
        from tradebot.runtime.alpaca import FRESH_FOR, wired

        clock = SystemClock()
        broker, market = wired(settings, clock, EMERGENCY if pressing else Timeouts())
        yield Venue(broker, market, clock, fresh_for=FRESH_FOR)
    else:
        with _embedded(settings, fresh=fresh, durable=durable, start=start) as venue:
            yield venue


@contextmanager
def _embedded(settings: Settings, *, fresh: bool, durable: bool, start: date | None) -> Iterator[Venue]:
    from tradebot.brokers import paper
    from tradebot.brokers.paper.market_data import EmbeddedMarket
    from tradebot.runtime.paper_exchange import advance, opened, prices_of

    with opened(settings, fresh=fresh, durable=durable, start=start) as exchange:
        yield Venue(
            paper.PaperBroker(exchange),
            EmbeddedMarket(prices_of(settings), exchange),
            ExchangeClock(exchange),
            partial(advance, settings, exchange),
            exchange,
        )

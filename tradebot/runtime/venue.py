"""The venue of a home, by BROKER: the broker, its market data and its clock."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import partial
from typing import TYPE_CHECKING

from tradebot.errors import ConfigError, Problem
from tradebot.market.calendar import CorrectedCalendar, NyseCalendar
from tradebot.ports import Broker, Clock, CorrectableCalendar, LivePrices, MarketData, SendGuard
from tradebot.runtime.clocks import ExchangeClock, SystemClock
from tradebot.settings import BrokerName, Settings, TradingMode

if TYPE_CHECKING:
    from tradebot.brokers.paper import PaperExchange
    from tradebot.brokers.paper.live_exchange import Outside
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
    prices: LivePrices | None = None  # for an embedded exchange, where the broker has no paper account
    fresh_for: timedelta = timedelta(0)  # how long a response may be used again


@contextmanager
def open_venue(
    settings: Settings,
    *,
    fresh: bool = False,
    durable: bool = True,
    start: date | None = None,
    urgent: bool = False,
    guard: SendGuard | None = None,
    replays: bool = False,
    looks: bool = False,
) -> Iterator[Venue]:
    """The venue of a home. Makes no request yet; with ``urgent`` requests have short time-outs.

    With ``fresh`` the embedded exchange is made if it does not exist, with its first session on or after ``start``, and
    for a replay with the same account each time. Without ``durable`` a power cut may lose its newest operations.
    ``guard`` permits what is sent to a broker outside. What only ``looks`` renews no session there.
    Raises ConfigError and BrokerUnavailable.
    """
    if settings.broker is BrokerName.PAPER:
        from tradebot.runtime.paper_exchange import home_exchange

        with home_exchange(settings, fresh=fresh, durable=durable, start=start, replays=replays) as exchange:
            yield _embedded(settings, exchange)
        return
    outside = open_outside(settings, urgent=urgent, guard=guard, looks=looks)
    if not trades_on_paper(settings, outside.broker):
        yield outside
        return
    with _at_live_prices(settings, outside, fresh=fresh) as venue:
        yield venue


def trades_on_paper(settings: Settings, broker: Broker) -> bool:
    """Whether the home trades on the embedded exchange at the prices of ``broker``, which has no paper account."""
    return settings.trading_mode is TradingMode.PAPER and not broker.capabilities.paper_account


def open_outside(
    settings: Settings, *, urgent: bool = False, guard: SendGuard | None = None, looks: bool = False
) -> Venue:
    """The venue of a broker outside, with the account that it has itself. Makes no request yet. Raises ConfigError."""
    from tradebot.brokers.http.timeouts import EMERGENCY, Timeouts
    from tradebot.runtime.system_needs import refuse_unusable_variables

    if not urgent and not settings.broker_is_local:  # this machine itself is reached without them
        refuse_unusable_variables()
    clock = SystemClock()
    calendar = CorrectedCalendar(NyseCalendar())
    timeouts = EMERGENCY if urgent else Timeouts()
    if settings.broker is BrokerName.ROBINHOOD:
        from tradebot.runtime.robinhood import FRESH_FOR, open_live_prices, open_robinhood

        robinhood, quoted = open_robinhood(settings, clock, calendar, timeouts, guard, renews=not looks)
        source = open_live_prices(settings, quoted, clock, calendar)
        return Venue(robinhood, quoted, clock, calendar, prices=source, fresh_for=FRESH_FOR)
    from tradebot.runtime import alpaca

    broker, market = alpaca.open_alpaca(settings, clock, calendar, timeouts, guard)
    return Venue(broker, market, clock, calendar, fresh_for=alpaca.FRESH_FOR)


def _embedded(settings: Settings, exchange: PaperExchange) -> Venue:
    from tradebot.brokers import paper
    from tradebot.brokers.paper.market_data import PaperMarket
    from tradebot.runtime.paper_exchange import advance, prices_of

    return Venue(
        paper.PaperBroker(exchange),
        PaperMarket(prices_of(settings), exchange),
        ExchangeClock(exchange),
        CorrectedCalendar(NyseCalendar()),
        partial(advance, settings, exchange),
        exchange,
    )


@contextmanager
def _at_live_prices(settings: Settings, outside: Venue, *, fresh: bool) -> Iterator[Venue]:
    from tradebot.brokers.paper.live_broker import LivePaperBroker
    from tradebot.runtime.live_paper import home_live_exchange

    with home_live_exchange(settings, outside.broker.capabilities, source_of(settings, outside), fresh=fresh) as opened:
        yield replace(outside, broker=LivePaperBroker(opened, outside.broker))


def source_of(settings: Settings, outside: Venue) -> Outside:
    """What an exchange at live prices goes by. Raises ConfigError for a broker whose prices it cannot follow."""
    from tradebot.brokers.paper.live_exchange import Outside

    if outside.prices is None:
        what = f"{settings.broker} has no paper account, and its prices come without candles to trade on"
        raise ConfigError([Problem("TRADING_MODE", what, "Write BROKER=paper, or name another broker.")])
    return Outside(outside.prices, outside.calendar, outside.clock.now)

"""The embedded exchange of a home: opens it, advances it to a job's time of day, resets it."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import asdict, replace
from datetime import date, datetime
from decimal import Decimal

from tradebot.brokers.paper import ExchangeRules, ExchangeStatus, PaperBroker, PaperExchange
from tradebot.brokers.paper.new_account import FIRST_ACCOUNT, new_account_id
from tradebot.core.model.exchange_time import NEW_YORK, new_york_instant
from tradebot.core.model.schedule import Job, due_time
from tradebot.errors import LedgerError
from tradebot.home import locks, paths
from tradebot.ledger.database import open_database
from tradebot.market.calendar import NyseCalendar
from tradebot.market.matching import FillRules
from tradebot.market.price_file import PriceFile
from tradebot.ports import Broker, Clock
from tradebot.runtime.clocks import ExchangeClock, SystemClock
from tradebot.runtime.halts import move_halts
from tradebot.runtime.home_in_ledger import pinned_account_of
from tradebot.runtime.homes import account_key, configuration, is_fresh, is_home, make_ledger, refuse_other_brokers
from tradebot.runtime.strategies import strategy_book
from tradebot.settings import GlobalOptions, Loaded, PaperAdvance, Settings, TradingMode
from tradebot.strategy_api import History

#: A session in which the shipped strategies trade the bundled prices, with an order, a denial and a stop.
FIRST_SESSION = date(2006, 11, 2)
#: The part of a session's volume that may fill in one symbol: more would move a price that the bars do not show moved.
MAX_FILL_VOLUME = Decimal("0.10")


@contextmanager
def open_exchange(options: GlobalOptions, *, makes_home: bool) -> Iterator[tuple[PaperExchange, Loaded]]:
    """The embedded exchange alone, with its home locked, for `tradebot paper`. Raises ConfigError and Locked."""
    loaded = configuration(options)
    settings = loaded.settings
    refuse_other_brokers(settings, "paper")
    fresh = is_fresh(settings, makes_home=makes_home)
    with ExitStack() as held:
        held.enter_context(locks.home_lock(settings.home, command="paper", wall=SystemClock().now()))
        exchange = held.enter_context(home_exchange(settings, fresh=makes_home, durable=True))
        if fresh:
            make_ledger(settings, PaperBroker(exchange), ExchangeClock(exchange))
        yield exchange, loaded


def reset_exchange(options: GlobalOptions) -> ExchangeStatus:
    """Begin a new account on the embedded exchange and pin it. The ledger keeps the rows of the old one."""
    settings = configuration(options).settings
    refuse_other_brokers(settings, "paper reset")
    with ExitStack() as held:
        held.enter_context(locks.home_lock(settings.home, command="paper reset", wall=SystemClock().now()))
        before = pinned_exchange_account(settings)
        exchange = PaperExchange.reset(
            paths.exchange_file(settings.home),
            prices_of(settings),
            NyseCalendar(),
            _rules_of_a_new_account(settings, None),
        )
        held.callback(exchange.close)
        pin_new_account(settings, PaperBroker(exchange), ExchangeClock(exchange), before)
        return exchange.status()


def pin_new_account(settings: Settings, broker: Broker, clock: Clock, before: str | None) -> None:
    """Pin the account of ``broker`` in place of the account ``before``, whose halts go on with it."""
    if before is not None:
        new = account_key(broker, broker.account().account_id)
        move_halts(settings.home, account_key(broker, before), new)
    make_ledger(settings, broker, clock, new_account=True)


def whole_history(settings: Settings) -> History:
    """Every bar of the embedded exchange, adjusted with every action: the history that strategies are checked on."""
    from tradebot.market.adjust import back_adjust  # imports pandas

    prices = prices_of(settings)
    return back_adjust(prices.history(), prices.actions(), as_of=date.max)


def prices_of(settings: Settings) -> PriceFile:
    """The price file of the settings."""
    return PriceFile(settings.paper_data_path, settings.paper_actions_path)


@contextmanager
def home_exchange(
    settings: Settings, *, fresh: bool, durable: bool, start: date | None = None, replays: bool = False
) -> Iterator[PaperExchange]:
    """The home's exchange, without a lock.

    With ``fresh`` it is made if it does not exist and the ledger knows of no lost one; its first session is then on or
    after ``start``. For a replay it has the same account each time.
    """
    path = paths.exchange_file(settings.home)
    makes = fresh and not PaperExchange.exists(path) and not is_lost(settings)
    prices, calendar = prices_of(settings), NyseCalendar()
    if makes:
        rules = _rules_of_a_new_account(settings, start)
        account_id = FIRST_ACCOUNT if replays else new_account_id()
        exchange = PaperExchange.create(path, prices, calendar, rules, durable=durable, account_id=account_id)
    else:
        exchange = PaperExchange.open(path, prices, calendar, _rules(settings), durable=durable)
    try:
        yield exchange
    finally:
        exchange.close()


def _rules_of_a_new_account(settings: Settings, start: date | None) -> ExchangeRules:
    """The rules of an account that begins at ``start`` or PAPER_START, else after the strategies' warm-up."""
    rules = _rules(settings)
    if start is not None:
        return replace(rules, start=_session_from(start, prices_of(settings).sessions()))
    if settings.paper_start is not None:
        return replace(rules, start=settings.paper_start)
    if settings.paper_data is None:
        return replace(rules, start=FIRST_SESSION)
    return replace(rules, warmup=max((info.warmup for info in strategy_book(settings).loaded), default=0))


def _session_from(day: date, sessions: Sequence[date]) -> date:
    """The first session on or after ``day``. A day outside all sessions is returned, for the exchange to refuse."""
    inside = sessions[0] <= day <= sessions[-1]
    return sessions[bisect_left(sessions, day)] if inside else day


def fill_rules(settings: Settings) -> FillRules:
    """What fills cost, and how much of a session's volume they take."""
    return FillRules(
        slippage_pct=settings.paper_slippage_pct,
        commission_per_share=settings.paper_commission_per_share,
        commission_min=settings.paper_commission_min,
        max_fill_volume_pct=MAX_FILL_VOLUME,
    )


def _rules(settings: Settings) -> ExchangeRules:
    return ExchangeRules(starting_cash=settings.paper_starting_cash, **asdict(fill_rules(settings)))


def advance(settings: Settings, exchange: PaperExchange, job: Job) -> None:
    """Advance the exchange to the job's time of day; with PAPER_ADVANCE=daily, in step with wall time.

    With daily, a day without a session moves nothing, so that a job finds the exchange closed. On a session's day the
    exchange does not pass wall time: a report before the open would end the session before it was traded.
    """
    if settings.paper_advance is not PaperAdvance.DAILY:
        _advance_to(exchange, job)
        return
    wall = SystemClock().now().astimezone(NEW_YORK)
    if NyseCalendar().hours(wall.date()) is not None:
        exchange.begin_daily(wall.date())
        _advance_to(exchange, job, new_york_instant(exchange.session(), wall.time()))


def _advance_to(exchange: PaperExchange, job: Job, latest: datetime | None = None) -> None:
    due = due_time(job, exchange.hours())
    if due is not None:
        exchange.advance_to(due if latest is None else min(due, latest))


def is_lost(settings: Settings) -> bool:
    """Whether the ledger knows an embedded exchange that is gone, or cannot be read in a home with its state."""
    try:
        return pinned_exchange_account(settings) is not None
    except LedgerError:
        return paths.is_initialised(settings.home)


def pinned_exchange_account(settings: Settings) -> str | None:
    """The pinned account of the embedded exchange of this broker; None where none is. Raises LedgerError."""
    if not is_home(settings):
        return None
    with closing(open_database(settings.ledger, create=False)) as database:
        pinned = pinned_account_of(replace(settings, trading_mode=TradingMode.PAPER), database)
    return pinned.account_id if pinned else None

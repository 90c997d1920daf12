"""The only place that wires: from the command line's options to a desk with its ports, and back to nothing held."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from tradebot.alerts.log_alerts import LogAlerts
from tradebot.brokers.paper import ExchangeRules, ExchangeStatus, PaperBroker, PaperExchange
from tradebot.core.account import MarketClock
from tradebot.core.holdings import Holding
from tradebot.core.records import PinnedAccount
from tradebot.core.schedule import Job, nominal
from tradebot.errors import Blocked, BrokerUnavailable, ConfigError, LedgerError, Problem
from tradebot.home import heads, layout, locks, registry
from tradebot.home.latch import LatchFile
from tradebot.home.stop_switch import StopOnSignal
from tradebot.jobs.desk import Desk
from tradebot.ledger.database import Database, open_database
from tradebot.market.calendar import NEW_YORK, NyseCalendar
from tradebot.market.embedded import EmbeddedMarket
from tradebot.market.pricefile import PriceFile
from tradebot.settings import GlobalOptions, Loaded, PaperAdvance, Settings, load_for, process_environment, resolve_home

if TYPE_CHECKING:
    from tradebot.core.signals import Signal
    from tradebot.jobs.emergency_stop import StopDesk
    from tradebot.ports import Broker, Lock, StrategyBook, StrategyFailure, StrategyInfo
    from tradebot.strategy_api import History

#: A session on which the shipped strategies trade on the bundled prices: an order, a denial and a stop to look at.
FIRST_SESSION = date(2006, 11, 2)


@dataclass(frozen=True, slots=True)
class Access:
    """What a command does: make a home that is not there, take the locks that writing needs, ask strategies."""

    makes_home: bool = False
    locks: bool = False
    asks_strategies: bool = False


ACCESS: dict[Job, Access] = {
    Job.PREFLIGHT: Access(asks_strategies=True),
    Job.RUN_DAILY: Access(makes_home=True, locks=True, asks_strategies=True),
    Job.CHECK_EXITS: Access(locks=True, asks_strategies=True),
    Job.RECONCILE: Access(locks=True),
    Job.REPORT: Access(),
    Job.RESUME: Access(locks=True),
    Job.STATUS: Access(),
    Job.EXPLAIN: Access(),
    Job.REPLAY: Access(makes_home=True, locks=True, asks_strategies=True),
}


@dataclass(frozen=True, slots=True)
class Where:
    """What every acting command prints first: which home, which broker, which account, and where it is written."""

    home: Path
    broker: str
    mode: str
    account_id: str
    database: Path
    logs: Path


@dataclass(frozen=True, slots=True)
class Office:
    """A desk with what a command needs around it."""

    desk: Desk
    where: Where
    loaded: Loaded
    lock_holder: str
    exchange: PaperExchange


class SystemClock:
    """The machine's clock, for brokers whose time is the world's."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def wall(self) -> datetime:
        return datetime.now(UTC)

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


class ExchangeClock:
    """The embedded exchange's time. Nothing is gained by waiting there: it moves only when a job begins."""

    def __init__(self, exchange: PaperExchange) -> None:
        self._exchange = exchange

    def now(self) -> datetime:
        return self._exchange.now()

    def wall(self) -> datetime:
        return datetime.now(UTC)

    def sleep(self, seconds: float) -> None:
        return None


def configuration(options: GlobalOptions) -> Loaded:
    """The settings of the home that the options name. Raises ConfigError with every problem."""
    return load_for(options, process_environment())


def known_homes(settings: Settings) -> tuple[Path, ...]:
    """The homes that this user has initialised."""
    return registry.known(settings.state_path)


@contextmanager
def open_office(
    options: GlobalOptions, job: Job, *, durable: bool = True, start: date | None = None
) -> Iterator[Office]:
    """Wire a desk for ``job`` and take it apart again.

    Raises ConfigError (3), Blocked (5: not the pinned account), Locked (8), LedgerError (10) and BrokerUnavailable (6).
    ``start`` is the first session of an exchange that is made now; ``durable`` False trades safety against power loss
    for the speed of a replay.
    """
    loaded = configuration(options)
    settings, access = loaded.settings, ACCESS[job]
    fresh = _fresh(settings, access)
    with ExitStack() as held:
        stop = held.enter_context(StopOnSignal())
        lock: Lock = _Unlocked()
        holder = locks.holder(settings.home, SystemClock().wall())
        if access.locks:
            lock = held.enter_context(locks.home_lock(settings.home, command=job, wall=SystemClock().now()))
        exchange = held.enter_context(_exchange(settings, fresh=fresh, durable=durable, start=start))
        if job in _SCHEDULED:
            _advance(settings, exchange, job)
        broker = PaperBroker(exchange)
        clock = ExchangeClock(exchange)
        account_id = broker.account().account_id
        key = account_key(broker, account_id)
        if access.locks:
            of_account = locks.account_lock(settings.state_path, key, command=job, wall=clock.wall())
            lock = _Both(lock, held.enter_context(of_account))
        database = open_database(settings.database_path, create=fresh, durable=durable)
        held.callback(database.close)
        if access.locks:
            held.callback(_keep_head, settings, database)
        _pin(database, broker, account_id, key, clock)
        if fresh:
            layout.initialise(settings.home)
            registry.remember(settings.state_path, settings.home)
        desk = Desk(
            settings=settings,
            account_key=key,
            clock=clock,
            calendar=NyseCalendar(),
            broker=broker,
            market=EmbeddedMarket(_prices(settings), exchange.quotes),
            ledger=database.bind(key),
            strategies=strategy_book(settings) if access.asks_strategies else _FoundWhenAsked(settings),
            latch=LatchFile(layout.latch_file(settings.home)),
            lock=lock,
            stop=stop,
            alerts=LogAlerts(),
            pid=os.getpid(),
        )
        yield Office(desk, _where(settings, broker, account_id), loaded, holder, exchange)


@contextmanager
def open_stop_desk(options: GlobalOptions, reason: str) -> Iterator[tuple[StopDesk, Where, Loaded]]:
    """The few ports of an emergency stop; the latch is written before anything else is opened or read.

    Raises ConfigError and BrokerUnavailable, which say first that the halt is latched all the same.
    """
    from tradebot.jobs.emergency_stop import StopDesk, set_latch

    home = resolve_home(options.home, process_environment())
    latch = LatchFile(layout.latch_file(home))
    if not layout.is_initialised(home):
        _fresh(configuration(options).settings, Access())
    not_latched = set_latch(latch, SystemClock(), reason)
    with ExitStack() as held:
        held.enter_context(_latch_told(not_latched))
        loaded = configuration(options)
        settings = loaded.settings
        exchange = held.enter_context(_exchange(settings, fresh=False, durable=True, start=None))
        broker = PaperBroker(exchange)
        account_id = broker.account().account_id
        key = account_key(broker, account_id)

        def holdings() -> tuple[Holding, ...]:
            database = open_database(settings.database_path, create=False)
            try:
                return database.bind(key).books.holdings()
            finally:
                database.close()

        desk = StopDesk(
            account_key=key,
            clock=ExchangeClock(exchange),
            broker=broker,
            market=EmbeddedMarket(_prices(settings), exchange.quotes),
            latch=latch,
            alerts=LogAlerts(),
            holdings=holdings,
            not_latched=not_latched,
        )
        yield desk, _where(settings, broker, account_id), loaded


@contextmanager
def _latch_told(not_latched: str) -> Iterator[None]:
    """Say of an emergency stop that could not be finished whether jobs are halted, before what is in its way."""
    halted = not_latched or "the halt is latched: no job sends an entry until `tradebot resume`"
    try:
        yield
    except ConfigError as error:
        fix = "Mend what follows, and run the emergency stop again."
        unfinished = Problem("stop unfinished", f"{halted}; but nothing was cancelled or closed", fix)
        raise ConfigError([unfinished, *error.problems]) from error
    except BrokerUnavailable as error:
        raise BrokerUnavailable(f"{halted}; but the stop could not be finished, run it again. {error}") from error


@contextmanager
def open_exchange(options: GlobalOptions, *, makes_home: bool) -> Iterator[tuple[PaperExchange, Loaded]]:
    """The embedded exchange by itself, with its home locked, for `tradebot paper`."""
    loaded = configuration(options)
    settings = loaded.settings
    fresh = _fresh(settings, Access(makes_home=makes_home))
    with ExitStack() as held:
        held.enter_context(locks.home_lock(settings.home, command="paper", wall=SystemClock().now()))
        exchange = held.enter_context(_exchange(settings, fresh=fresh, durable=True, start=None))
        if fresh:
            _make_ledger(settings, exchange)
        yield exchange, loaded


@contextmanager
def open_ledger(options: GlobalOptions) -> Iterator[tuple[Database, tuple[str, ...]]]:
    """The ledger by itself, with the chain heads that earlier runs left outside it."""
    settings = configuration(options).settings
    _fresh(settings, Access())
    with closing(open_database(settings.database_path, create=False)) as database:
        yield database, heads.read(layout.heads_file(settings.home))


def make_home(options: GlobalOptions) -> tuple[Where, bool]:
    """Make a home, its exchange and its ledger, or leave the one that is there as it is; say which it was."""
    loaded = configuration(options)
    settings = loaded.settings
    fresh = not layout.is_initialised(settings.home)
    with ExitStack() as held:
        held.enter_context(locks.home_lock(settings.home, command="init-db", wall=SystemClock().now()))
        exchange = held.enter_context(_exchange(settings, fresh=fresh, durable=True, start=None))
        _make_ledger(settings, exchange)
        broker = PaperBroker(exchange)
        return _where(settings, broker, broker.account().account_id), fresh


def reset_exchange(options: GlobalOptions) -> ExchangeStatus:
    """Begin a new account on the embedded exchange and pin it; the ledger keeps the rows of the old one."""
    loaded = configuration(options)
    settings = loaded.settings
    with ExitStack() as held:
        held.enter_context(locks.home_lock(settings.home, command="paper reset", wall=SystemClock().now()))
        exchange = PaperExchange.reset(
            layout.exchange_file(settings.home),
            _prices(settings),
            NyseCalendar(),
            _rules(settings, None),
            known=_pinned_exchange_account(settings),
        )
        held.callback(exchange.close)
        _make_ledger(settings, exchange, new_account=True)
        return exchange.status()


def whole_history(settings: Settings) -> History:
    """Every completed bar that the embedded exchange has, adjusted with every action: what a strategy is checked on."""
    prices = _prices(settings)
    market = EmbeddedMarket(prices, lambda symbols: {})
    after_all = MarketClock(datetime(9000, 1, 1, tzinfo=UTC), is_open=False, today=None, previous=None, upcoming=None)
    recorded = prices.history().close
    return market.history([str(symbol) for symbol in recorded.columns], len(recorded), after_all)


def strategy_book(settings: Settings) -> StrategyBook:
    """The configured strategies: their manifests are read now, their code when signals are asked for."""
    from tradebot.plugins.book import load_book

    return load_book(settings.strategies, [settings.strategies_path], settings.symbols or ())


def account_key(broker: Broker, account_id: str) -> str:
    """The key that every row of an account carries."""
    return f"{broker.name}:{broker.mode}:{account_id}"


_SCHEDULED = frozenset({Job.PREFLIGHT, Job.RUN_DAILY, Job.CHECK_EXITS, Job.RECONCILE, Job.REPORT})


class _Both:
    """The home's lock and the account's, as one: neither is enough alone."""

    def __init__(self, *held: Lock) -> None:
        self._held = held

    def assert_held(self) -> None:
        for lock in self._held:
            lock.assert_held()


class _Unlocked:
    """Stands where a command only reads; anything that would send finds out here."""

    def assert_held(self) -> None:
        raise Blocked("this command holds no lock and may not send orders")


class _FoundWhenAsked:
    """Strategies for a command that asks none as a rule: to find and read them takes longer than to show the status."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    @cached_property
    def _book(self) -> StrategyBook:
        return strategy_book(self._settings)

    @property
    def loaded(self) -> tuple[StrategyInfo, ...]:
        return self._book.loaded

    @property
    def failures(self) -> tuple[StrategyFailure, ...]:
        return self._book.failures

    @property
    def warmup(self) -> int:
        return self._book.warmup

    def signals(self, history: History) -> tuple[tuple[Signal, ...], tuple[StrategyFailure, ...]]:
        return self._book.signals(history)


def _fresh(settings: Settings, access: Access) -> bool:
    """Whether the home has to be made now. Refuses where a command must not make one."""
    if layout.is_initialised(settings.home):
        return False
    if access.makes_home:
        return True
    homes = ", ".join(str(home) for home in known_homes(settings)) or "none yet"
    raise ConfigError(
        [
            Problem(
                "home",
                f"{settings.home} was never initialised",
                f"Give the right one with --home or TRADEBOT_HOME (known homes: {homes}), or make one with "
                "`tradebot init-db` or `tradebot run-daily`.",
            )
        ]
    )


def _prices(settings: Settings) -> PriceFile:
    return PriceFile(settings.paper_data_path, settings.paper_actions_path)


@contextmanager
def _exchange(settings: Settings, *, fresh: bool, durable: bool, start: date | None) -> Iterator[PaperExchange]:
    path = layout.exchange_file(settings.home)
    make = PaperExchange.create if fresh and not PaperExchange.exists(path) else PaperExchange.open
    exchange = make(path, _prices(settings), NyseCalendar(), _rules(settings, start), durable=durable)
    try:
        yield exchange
    finally:
        exchange.close()


def _rules(settings: Settings, start: date | None) -> ExchangeRules:
    return ExchangeRules(
        starting_cash=settings.paper_starting_cash,
        slippage_pct=settings.paper_slippage_pct,
        commission_per_share=settings.paper_commission_per_share,
        commission_min=settings.paper_commission_min,
        allow_short=settings.allow_short,
        start=start or settings.paper_start or (None if settings.paper_data else FIRST_SESSION),
    )


def _advance(settings: Settings, exchange: PaperExchange, job: Job) -> None:
    """Bring the exchange to the job's time of day; in a new session if the calendar on the wall began one."""
    if settings.paper_advance is PaperAdvance.DAILY:
        exchange.begin_daily(SystemClock().now().astimezone(NEW_YORK).date())
    due = nominal(job, exchange.hours())
    if due is not None:
        exchange.advance_to(due)


def _pinned_exchange_account(settings: Settings) -> str | None:
    """The account of the embedded exchange that the ledger trades on; asked before a reset, which needs the ledger."""
    if not layout.is_initialised(settings.home):
        return None
    database = open_database(settings.database_path, create=False)
    try:
        pinned = database.pins.pinned("paper", "paper")
    finally:
        database.close()
    return pinned.account_id if pinned else None


def _make_ledger(settings: Settings, exchange: PaperExchange, *, new_account: bool = False) -> None:
    broker = PaperBroker(exchange)
    account_id = broker.account().account_id
    database = open_database(settings.database_path, create=not layout.is_initialised(settings.home))
    try:
        key, clock = account_key(broker, account_id), ExchangeClock(exchange)
        if new_account:
            database.pins.pin(PinnedAccount(key, broker.name, broker.mode, account_id, clock.now()))
        _pin(database, broker, account_id, key, clock)
    finally:
        database.close()
    layout.initialise(settings.home)
    registry.remember(settings.state_path, settings.home)


def _pin(database: Database, broker: Broker, account_id: str, key: str, clock: ExchangeClock) -> None:
    """Pin the account at first use; refuse another one later."""
    pinned = database.pins.pinned(broker.name, broker.mode)
    if pinned is None:
        database.pins.pin(PinnedAccount(key, broker.name, broker.mode, account_id, clock.now()))
    elif pinned.account_id != account_id:
        raise Blocked(
            f"this home belongs to account {pinned.account_id} at {broker.name} ({broker.mode}), pinned at "
            f"{pinned.pinned_at:%Y-%m-%d}, but the broker shows account {account_id}. Nothing is sent. Check the keys, "
            "or use another --home for another account."
        )


def _keep_head(settings: Settings, database: Database) -> None:
    """Leave the chain's head outside the database. One that can't be written stops nothing: verify has those before."""
    try:
        heads.append(layout.heads_file(settings.home), database.head())
    except (OSError, LedgerError) as error:
        logging.getLogger(__name__).warning("the ledger's chain head could not be kept outside it: %s", error)


def _where(settings: Settings, broker: Broker, account_id: str) -> Where:
    return Where(settings.home, broker.name, broker.mode, account_id, settings.database_path, settings.log_path)

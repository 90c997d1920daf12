"""A real ledger file with one pinned account, and rows to put into it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from tests.core.builders import limits_with
from tests.fakes.postgres import PostgresServer
from tradebot.core.accounting.booking import bookings_for
from tradebot.core.model.account import (
    CASH,
    ActionKind,
    Adjustment,
    CalendarDay,
    CashEvent,
    CashKind,
    Fill,
    FillBust,
    Position,
    Quote,
    Reorganisation,
    SplitEvent,
)
from tradebot.core.model.breaks import Break, BreakKind
from tradebot.core.model.decision_inputs import BalancesSeen, BarsSeen, DecisionInputs
from tradebot.core.model.halts import Halt, HaltLevel, HaltRule, HaltSource
from tradebot.core.model.holders import Holder
from tradebot.core.model.holdings import Holding, Lot, LotClosure
from tradebot.core.model.ledger_rows import (
    Booking,
    CloseSource,
    DecisionRow,
    EquityPoint,
    PinnedAccount,
    RunStatus,
    SessionClose,
    SymbolState,
)
from tradebot.core.model.limits import LimitUsed
from tradebot.core.model.opening import Opening
from tradebot.core.model.order_ids import client_order_id
from tradebot.core.model.orders import (
    BrokerOrder,
    Intent,
    OrderRequest,
    OrderState,
    OrderType,
    Purpose,
    Side,
    TimeInForce,
)
from tradebot.core.model.repetition import EntryKey, Repetition
from tradebot.core.model.schedule import Job
from tradebot.core.model.signal_records import signals_record
from tradebot.core.model.signals import Action, ExitPolicy, Signal
from tradebot.core.model.strategy_versions import StrategyVersion
from tradebot.core.results.alerts import Alert, AlertLevel, DeliveryAttempt, DeliveryState
from tradebot.core.safety.bare_time import BarePeriod
from tradebot.core.safety.schedule_status import MissedJob, ScheduleClock
from tradebot.ledger.database import AccountLedger, Database, open_database
from tradebot.settings import Settings
from tradebot.settings.ledger_location import LedgerLocation, LedgerServer
from tradebot.settings.server_url import read_server

#: The account of the ledger.
ACCOUNT = "paper:paper:PAPER-0001"
HOME = "the id of a home"


@dataclass(frozen=True)
class Samples:
    """Plausible values; tests change what they are about with dataclasses.replace."""

    account: str = ACCOUNT
    other_account: str = "paper:paper:PAPER-0002"
    session: date = date(2007, 1, 3)
    next_session: date = date(2007, 1, 4)
    at: datetime = datetime(2007, 1, 3, 14, 35, tzinfo=UTC)

    @property
    def policy(self) -> ExitPolicy:
        return ExitPolicy(stop=Decimal("0.01"), target=Decimal("0.15"), max_sessions=10)

    def pin(self, key: str) -> PinnedAccount:
        broker, mode, account_id = key.split(":")
        return PinnedAccount(key, broker, mode, account_id, self.at)

    def later(self, minutes: int) -> datetime:
        return self.at + timedelta(minutes=minutes)

    def intent(self, symbol: str = "AAPL", purpose: Purpose = Purpose.ENTRY, attempt: int = 1) -> Intent:
        request = OrderRequest(
            client_order_id(self.account, self.session, "trend", symbol, purpose, attempt),
            symbol,
            Side.BUY,
            Decimal(10),
            OrderType.LIMIT,
            TimeInForce.DAY,
            limit_price=Decimal("25.10"),
            take_profit=Decimal("28.87"),
            stop_loss=Decimal("24.85"),
        )
        return Intent(
            request, self.account, self.session, "trend", purpose, attempt, Decimal("25.1"), "above", policy=self.policy
        )

    def shown(self, broker_order_id: str, symbol: str = "AAPL") -> BrokerOrder:
        """A resting buy as the broker shows it."""
        return BrokerOrder(
            broker_order_id,
            self.intent(symbol).client_order_id,
            symbol,
            Side.BUY,
            Decimal(10),
            Decimal(0),
            OrderType.LIMIT,
            TimeInForce.DAY,
            OrderState.ACCEPTED,
            self.at,
            limit_price=Decimal("25.10"),
        )

    def fill(self, fill_id: str = "F1", symbol: str = "AAPL", side: Side = Side.BUY, price: str = "25.10") -> Fill:
        return Fill(
            fill_id, "B1", "C1", symbol, side, Decimal(10), Decimal(price), Decimal("1.00"), self.at, self.session
        )

    def lot(self, fill: Fill) -> Lot:
        cost = (fill.quantity, fill.price, fill.fee)
        return Lot(fill.fill_id, "trend", fill.symbol, *cost, fill.at, fill.session, fill.client_order_id)

    def holding(self, symbol: str = "AAPL", strategy: str = "trend") -> Holding:
        return Holding(
            strategy,
            symbol,
            Decimal(10),
            Decimal("25.10"),
            Decimal("24.85"),
            Decimal("28.87"),
            Decimal("25.10"),
            self.policy,
            self.session,
        )

    def bought(self, fill_id: str = "F1", symbol: str = "AAPL") -> Booking:
        """A buy that opens a lot and a holding."""
        fill = self.fill(fill_id, symbol)
        return Booking(fill, "trend", symbol, lots=(self.lot(fill),), holding=self.holding(symbol))

    def sold(self, fill_id: str = "F2", symbol: str = "AAPL", opening: str = "F1") -> Booking:
        """A sale that closes it."""
        fill = replace(self.fill(fill_id, symbol, Side.SELL, "26.10"), at=self.later(60))
        trade = LotClosure(
            f"{opening}/{fill_id}",
            "trend",
            symbol,
            Side.BUY,
            Decimal(10),
            Decimal("25.10"),
            Decimal("26.10"),
            Decimal(2),
            Decimal(8),
            self.at,
            fill.at,
            self.session,
            self.session,
            "signal",
        )
        return Booking(fill, "trend", symbol, closures=(trade,))

    @property
    def deposit(self) -> CashKind:
        return CashKind.DEPOSIT

    def bust_of(self, fill_id: str, event_id: str = "X1") -> FillBust:
        return FillBust(event_id, fill_id, self.later(90), self.session)

    def bust(self, booked: Booking, event_id: str = "X1") -> Booking:
        """A bust that takes back a buy, the only one of its symbol."""
        assert isinstance(booked.activity, Fill)
        bust = self.bust_of(booked.activity.fill_id, event_id)
        return Booking(bust, booked.strategy, booked.symbol, busted=booked.activity)

    def renamed(self, fill: Fill, symbol: str = "NEWN") -> Booking:
        """The change of a symbol's name after one buy of it."""
        ten = Decimal(10)
        event = Reorganisation(
            event_id="R1",
            kind=ActionKind.NAME_CHANGE,
            symbol=fill.symbol,
            new_symbol=symbol,
            ratio=Decimal(1),
            quantity_before=ten,
            quantity_after=ten,
            cash=Decimal(0),
            at=self.later(30),
            session=self.session,
        )
        lots = (replace(self.lot(fill), symbol=symbol),)
        return Booking(event, "trend", fill.symbol, others=(SymbolState(symbol, lots, self.holding(symbol)),))

    def renamed_foreign(self) -> Booking:
        """The change of the name of a symbol that is not held any more."""
        renamed = self.renamed(self.fill("F9", "GOLD"), "GLD").activity
        return Booking(renamed, "foreign", "GOLD", others=(SymbolState("GLD"),))

    def adjustment(self, adjustment_id: str = "ADJ-1", amount: str = "5") -> Booking:
        adjusted = Adjustment(
            adjustment_id,
            CASH,
            Decimal(0),
            Decimal(0),
            Decimal(amount),
            "a fee that was not shown",
            self.at,
            self.session,
        )
        return Booking(adjusted, "foreign", None)

    def opening(self) -> Opening:
        """An account with cash, 10 AAPL and an order of somebody else's."""
        return Opening(
            self.session,
            self.at,
            Decimal(1260),
            Decimal(1000),
            (Position("AAPL", Decimal(10), Decimal(25), Decimal(26)),),
            ("sell 10 AAPL stop 20 (mine)",),
            "A-9",
            ("A-8", "A-9"),
        )

    def opening_point(self) -> EquityPoint:
        """The first equity point of that account."""
        point = replace(self.equity("1260"), cash=Decimal(1000), last_equity=Decimal(1260))
        return replace(point, long_value=Decimal(260))

    def cash(self, event_id: str, kind: CashKind, amount: str, symbol: str | None = None) -> Booking:
        event = CashEvent(event_id, kind, Decimal(amount), self.at, self.session, symbol)
        return Booking(event, "foreign", None)

    def equity(self, equity: str, session: date | None = None, minutes: int = 0) -> EquityPoint:
        return EquityPoint(
            session or self.session,
            self.later(minutes),
            Decimal(equity),
            Decimal(50000),
            Decimal(50000),
            Decimal(0),
            Decimal(100000),
        )

    def close(self, cash: Decimal) -> SessionClose:
        fifty = Decimal(50000)
        prices = {"AAPL": Decimal(26)}
        at = self.later(385)
        return SessionClose(self.session, at, fifty + cash, cash, fifty, Decimal(0), CloseSource.PRICES, prices)

    def alert(self, key: str = "breaks", level: AlertLevel = "warning", minutes: int = 0) -> Alert:
        return Alert(level, "breaks", "AAPL: 10 here, 5 there", self.later(minutes), key)

    def bare(self, symbol: str = "AAPL") -> BarePeriod:
        """Ten shares without a stop since the moment."""
        return BarePeriod(self.session, "trend", symbol, Decimal(10), Decimal(260), self.at)

    def quote(self, symbol: str = "AAPL") -> Quote:
        """The price a second before the moment."""
        return Quote(symbol, Decimal("25.12"), self.at - timedelta(seconds=1))

    def used(self, used: str = "3") -> LimitUsed:
        """Some of at most ten positions."""
        return LimitUsed("MAX_POSITIONS", Decimal(used), Decimal(10))

    def inputs(self) -> DecisionInputs:
        """The inputs of a decision on one entry."""
        signal = Signal("trend", "AAPL", self.session, Action.ENTER, 0.1, self.policy, "", "1.0.0+ab", Decimal("0.005"))
        amounts = map(Decimal, ("100000", "90000", "180000", "100100", "101000"))
        return DecisionInputs(
            session=self.session,
            at=self.at,
            limits=Settings().limits(),
            close_positions=False,
            bars=BarsSeen(250, self.session, {"AAPL": "abcdefgh", "MSFT": "ijklmnop"}),
            balances=BalancesSeen(*amounts),
            signals=(signal,),
            quotes={"AAPL": Quote("AAPL", Decimal("25.12"), self.at, Decimal("25.5"))},
            average_volume={"AAPL": Decimal(1_000_000)},
            sessions_run={"trend": 12},
            repetitions={EntryKey("trend", "AAPL", Side.BUY): Repetition(2, 3, 1)},
        )

    def decision(self, symbol: str = "AAPL", code: str = "", session: date | None = None) -> DecisionRow:
        return DecisionRow(
            session or self.session,
            self.at,
            "trend",
            symbol,
            "entry",
            "denied" if code else "intent",
            code,
            "10 of at most 10 positions",
            Decimal(10),
            Decimal(10),
            as_of=date(2007, 1, 2),
            fingerprint="1.0:abc",
        )


@pytest.fixture
def some() -> Samples:
    return Samples()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.db"


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A new ledger, made once: each test takes a copy."""
    path = tmp_path_factory.mktemp("template") / "ledger.db"
    database = open_database(path, create=True)
    database.pinned_accounts.pin(HOME, Samples().pin(Samples().account))
    database.close()
    return path


#: For tests of what only a file does, or that look at it behind the engine's back.
ON_A_FILE = pytest.mark.parametrize("location", ["sqlite"], indirect=True)


@pytest.fixture(params=["sqlite", "postgres"])
def location(request: pytest.FixtureRequest) -> LedgerLocation:
    """A new ledger with one pinned account, on each engine."""
    if request.param == "postgres":
        server: LedgerServer = request.getfixturevalue("pinned_postgres_ledger")
        return server
    path: Path = request.getfixturevalue("path")
    shutil.copy(request.getfixturevalue("template"), path)
    return path


@pytest.fixture(scope="session")
def pinned_template(postgres: PostgresServer, postgres_template: str) -> str:
    """The name of a database with a new ledger: each test takes a copy."""
    name = postgres.database(postgres_template)
    with closing(open_database(read_server(postgres.url(name)), create=False)) as database:
        database.pinned_accounts.pin(HOME, Samples().pin(Samples().account))
    return name


@pytest.fixture
def pinned_postgres_ledger(postgres: PostgresServer, pinned_template: str) -> Iterator[LedgerServer]:
    """A new ledger with one pinned account on a server."""
    with postgres.copy_of(pinned_template) as server:
        yield server


@pytest.fixture
def database(location: LedgerLocation) -> Iterator[Database]:
    database = open_database(location, create=False, durable=False)
    yield database
    database.close()


@pytest.fixture
def ledger(database: Database, some: Samples) -> AccountLedger:
    return database.bind(some.account)


def opened(database: Database, some: Samples) -> AccountLedger:
    """The ledger of an account that began with the broker's statement."""
    database.pinned_accounts.pin(HOME, some.pin("alpaca:live:OPENED"), opening_due=True)
    ledger = database.bind("alpaca:live:OPENED")
    bookings = bookings_for(some.opening().adjustments(), (), (), {}, limits_with())
    ledger.openings.make(some.opening(), bookings, some.opening_point())
    return ledger


@pytest.fixture
def busy(database: Database, ledger: AccountLedger, some: Samples) -> AccountLedger:
    """A ledger in which every table has rows."""
    run = ledger.runs.begin(Job.RUN_DAILY, some.session, some.at, some.at, 4711)
    ledger.epochs.take(Holder(4711, "run-daily", some.at, "server"), "an id")
    ledger.books.book([some.cash("D1", CashKind.DEPOSIT, "100000")], some.at)
    ledger.orders.write([some.intent("AAPL"), some.intent("MSFT")], some.at)
    ledger.orders.move(some.intent("AAPL").client_order_id, OrderState.SUBMITTING, some.at, quote=some.quote())
    ledger.orders.move(some.intent("AAPL").client_order_id, OrderState.FILLED, some.at, broker_order_id="B1")
    ledger.orders.store_broker_orders([some.shown("B1")], some.at)
    ledger.orders.keep_look([some.shown("B1")], some.at)
    split = SplitEvent("S1", "MSFT", Decimal(2), Decimal(5), Decimal(10), some.at, some.session)
    ledger.books.book([some.bought(), some.sold(), some.bought("F3"), Booking(split, "foreign", "MSFT")], some.at)
    ibm = some.bought("F4", "IBM")
    ledger.books.book([ibm, some.bust(ibm), some.adjustment(), some.renamed_foreign()], some.at)
    ledger.books.keep_asset_ids({"AAPL": "a-1"}, some.at)
    cash = ledger.books.cash() or Decimal(0)
    ledger.books.store_equity(replace(some.equity("100000"), cash=cash), [])
    shares = Position("AAPL", Decimal(10), Decimal(25), Decimal(26))
    ledger.books.store_equity(replace(some.equity("100500", minutes=60), cash=cash), [shares])
    ledger.closes.store(some.close(ledger.books.cash() or Decimal(0)))
    ledger.halts_and_breaks.latch(Halt(HaltSource.LEDGER, HaltRule.DRAWDOWN, HaltLevel.REDUCING, "10 %"), some.at)
    ledger.halts_and_breaks.told(ledger.halts_and_breaks.halts()[0], "reducing: drawdown", some.at)
    cash_differs = Break(BreakKind.CASH, "", Decimal(1), Decimal(2), "cash")
    ledger.halts_and_breaks.record_breaks([cash_differs], some.session, some.at, first_seen_by=some.at)
    ledger.decisions.store(run, [some.decision(), some.decision("MSFT", "MAX_POSITIONS")])
    version = StrategyVersion("trend", "1.0.0+0123456789ab", "1.0.0+ba9876543210", {"strategy.py": "0123456789ab"})
    ledger.signals.store(run, [signals_record((), some.session, some.at, "sample", "", "it did not answer")])
    ledger.decision_inputs.store(run, some.inputs())
    ledger.strategy_history.record(version, some.session, some.at)
    ledger.bare_periods.begin(some.bare(), some.at)
    ledger.limits_used.store(some.session, [some.used()], some.at)
    ledger.decisions.note("drill", "cancel", some.at, {"took": "1.5"})
    ledger.outbox.put(some.alert(), some.at)
    posted = database.alert_queue.newest(1)[0]
    database.alert_queue.store_attempts(
        posted, [DeliveryAttempt("mail", "no answer")], DeliveryState.WAITING, some.at, some.later(5)
    )
    ledger.schedule.start_tracking(ScheduleClock.EXCHANGE, some.at, some.session)
    opened(database, some)
    missed = [MissedJob(some.session, Job.PREFLIGHT)]
    ledger.schedule.settle(ScheduleClock.EXCHANGE, missed, some.next_session, some.at, some.later(1))
    ledger.calendar_days.store(CalendarDay(some.next_session, None), some.at)
    ledger.runs.end(run, RunStatus.RAN, 0, some.later(1), some.later(1), "2 orders")
    return ledger

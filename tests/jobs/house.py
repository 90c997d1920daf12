"""A home to run jobs in: a scripted strategy, made-up prices, the embedded exchange and a ledger, all in real files.

Each job opens its desk anew, as the process that cron starts would, and closes it when it ends.
"""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from copy import copy
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any

from tests.fakes.prices import sessions
from tradebot.brokers.paper import PaperBroker, PaperExchange
from tradebot.core.model.account import Position
from tradebot.core.model.exchange_time import NEW_YORK
from tradebot.core.model.holdings import Holding
from tradebot.core.model.order_ids import client_order_id
from tradebot.core.model.orders import BrokerOrder, Intent, Purpose
from tradebot.core.model.schedule import Job, due_time
from tradebot.core.results.outcomes import Outcome
from tradebot.core.results.report_outcome import ReplayOutcome
from tradebot.core.results.stop_outcome import StopOutcome
from tradebot.jobs import check_exits, reconcile, replay, resume, run_daily
from tradebot.jobs.desk import Desk
from tradebot.jobs.emergency_stop import run as emergency_stop
from tradebot.jobs.emergency_stop.run import StopDesk
from tradebot.jobs.ledger_desk import LedgerDesk
from tradebot.jobs.replay_halts import OnHalt
from tradebot.ports import Broker, StopSwitch
from tradebot.runtime.emergency_stop import StopOptions, open_stop_desk
from tradebot.runtime.homes import configuration
from tradebot.runtime.open_desk import open_desk
from tradebot.runtime.open_ledger import open_ledger_desk
from tradebot.runtime.paper_exchange import home_exchange
from tradebot.settings import GlobalOptions

#: Trading costs nothing, so that figures can be worked out by hand.
FREE = {"PAPER_SLIPPAGE_PCT": "0%", "PAPER_COMMISSION_PER_SHARE": "0", "PAPER_COMMISSION_MIN": "0"}
FLAT = "100 101 99 100"
ACCOUNT = "paper:paper:PAPER-0001"

Wrap = Callable[[Broker], Broker]


@dataclass(frozen=True)
class Script:
    """A strategy that does as it is told: symbols to enter and to leave by the session in which that is to happen."""

    name: str = "scripted"
    enter: Mapping[str, Sequence[date]] = field(default_factory=dict)
    leave: Mapping[str, Sequence[date]] = field(default_factory=dict)
    symbols: tuple[str, ...] = ()  # by default those that have prices
    policy: str = 'stop=Decimal("0.10")'
    only: str = ""  # a further condition of an entry, on `close`, such as "close < 1000"
    code: str = ""  # instead of all that

    def write(self, folder: Path, before: Callable[[date], date], priced: Sequence[str]) -> None:
        """Put the strategy's two files into ``folder``. It speaks after the session before the one that is meant."""
        own = folder / self.name
        own.mkdir(parents=True, exist_ok=True)
        manifest = {
            "name": self.name,
            "version": "1.0.0",
            "description": "Does as it is told.",
            "symbols": list(self.symbols or priced),
        }
        lines = [f"{key} = {value!r}".replace("'", '"') for key, value in manifest.items()]
        (own / "manifest.toml").write_text("\n".join([*lines, "warmup = 1", ""]), encoding="utf-8")
        (own / "strategy.py").write_text(self.code or self._code(before), encoding="utf-8")

    def _code(self, before: Callable[[date], date]) -> str:
        def spoken(wanted: Mapping[str, Sequence[date]]) -> dict[str, list[str]]:
            return {symbol: [before(day).isoformat() for day in days] for symbol, days in wanted.items()}

        only = f" & ({self.only})" if self.only else ""
        return _CODE.format(enter=spoken(self.enter), only=only, leave=spoken(self.leave), policy=self.policy)


_CODE = """\
from decimal import Decimal

import pandas as pd

from tradebot.strategy_api import ExitPolicy, Signals


class Strategy:
    def signals(self, history, params):
        close = history.close

        def on(days_by_symbol):
            frame = pd.DataFrame(False, index=close.index, columns=close.columns)
            for symbol, days in days_by_symbol.items():
                frame[symbol] = close.index.isin(pd.to_datetime(days))
            return frame

        return Signals(
            entry=on({enter}){only},
            exit=on({leave}),
            exits=ExitPolicy({policy}),
            reason="told to enter",
            exit_reason="told to leave",
        )
"""


class House:
    """A home with everything in it. ``days`` are the sessions of its prices; trading begins on the second of them.

    ``prices`` are made up, a bar "open high low close" for each session, and its volume if that matters; ``bundled``
    takes the package's real ones instead, for so many sessions from ``first`` on, and with the costs that trading has
    by default. ``ledger`` is an empty one to begin with, whose tables need not be made anew. ``alike`` has homes that
    were made for other tests, by their settings and prices: such a home is copied. No strategy is on probation, unless
    a test says so.
    """

    def __init__(
        self,
        home: Path,
        *scripts: Script,
        prices: Mapping[str, Sequence[str | None]] | None = None,
        actions: Sequence[str] = (),
        bundled: int = 0,
        first: date = date(2007, 1, 3),
        settings: Mapping[str, str] | None = None,
        ledger: Path | None = None,
        alike: dict[str, Path] | None = None,
    ) -> None:
        bars = {"ACME": [FLAT] * 12, "BOLT": [FLAT] * 12} if prices is None else prices
        self.home = home
        self.every: Wrap = lambda broker: broker  # what the broker of each desk passes through
        self._prices = bars
        self.days = sessions(bundled or max(map(len, bars.values())), first)
        home.mkdir(parents=True)
        made_up = {**FREE, "PAPER_DATA": "bars.csv", **({"PAPER_ACTIONS": "actions.csv"} if actions else {})}
        self.settings = {
            "STRATEGIES": ",".join(script.name for script in scripts),
            "PAPER_START": self.days[1].isoformat(),
            "PROBATION_SESSIONS": "0",
            "BREAK_HALT_VALUE": "1000000000",  # what a break halts is a story of its own
            **({} if bundled else made_up),
            **(settings or {}),
        }
        if not bundled:
            self._write_prices(bars, actions)
        self.told(*scripts)
        self.set()
        if alike is None:
            self._make(ledger)
        else:
            self._copy_or_make(alike, ledger)

    def _make(self, ledger: Path | None) -> None:
        if ledger is not None:
            shutil.copy(ledger, self.database)
        with open_desk(self.options, Job.REPLAY, durable=False):
            pass  # makes the home

    def _copy_or_make(self, alike: dict[str, Path], ledger: Path | None) -> None:
        files = [path for path in self.home.iterdir() if path.is_file()]
        contents = "\n".join(path.read_text() for path in sorted(files))
        if contents in alike:
            shutil.copytree(alike[contents], self.home, dirs_exist_ok=True)
            return
        self._make(ledger)
        if ledger is not None:
            kept = ledger.parent / str(len(alike))
            own = [path.name for path in files]
            alike[contents] = shutil.copytree(self.home, kept, ignore=lambda *_: ["strategies", *own])

    @property
    def options(self) -> GlobalOptions:
        return GlobalOptions(home=self.home)

    def set(self, **settings: str) -> None:
        """Change settings in the home's .env."""
        self.settings.update(settings)
        (self.home / ".env").write_text("".join(f"{key}={value}\n" for key, value in self.settings.items()))

    def told(self, *scripts: Script) -> None:
        """Write the strategies, anew if they are there."""
        for script in scripts:
            script.write(
                self.home / "strategies", lambda day: self.days[self.days.index(day) - 1], sorted(self._prices)
            )

    def _write_prices(self, bars: Mapping[str, Sequence[str | None]], actions: Sequence[str]) -> None:
        rows = ["symbol,date,open,high,low,close,volume"]
        for symbol in sorted(bars):
            for day, bar in zip(self.days, bars[symbol], strict=False):
                if bar is not None:
                    *prices, volume = bar.split() if len(bar.split()) == 5 else [*bar.split(), "1000000"]
                    rows.append(f"{symbol},{day},{','.join(prices)},{volume}")
        (self.home / "bars.csv").write_text("\n".join([*rows, ""]))
        (self.home / "actions.csv").write_text("\n".join(["symbol,ex_date,kind,value", *actions, ""]))

    def copied(self, home: Path) -> House:
        """The same home in another folder."""
        other = copy(self)
        other.home = shutil.copytree(self.home, home)
        other.settings = dict(self.settings)
        return other

    # --- time ----------------------------------------------------------------------------------

    def next(self) -> date:
        """Begin the next session."""
        with self.exchange() as exchange:
            return exchange.next_session()

    # --- working -------------------------------------------------------------------------------

    @contextmanager
    def ledger_alone(self) -> Iterator[LedgerDesk]:
        """The ledger as a command opens it that asks no broker."""
        with open_ledger_desk(self.options) as opened:
            yield opened.desk

    @contextmanager
    def desk(self, at: str | None = None, wrap: Wrap | None = None) -> Iterator[Desk]:
        """A desk as a command opens one, at a time of the session in New York ("09:35"; None: where it stands)."""
        with open_desk(self.options, Job.REPLAY, durable=False) as opened:
            if at is not None:
                opened.exchange.advance_to(self._instant(opened.exchange, at))
            broker = self.every(opened.desk.broker)
            yield replace(opened.desk, broker=broker if wrap is None else wrap(broker))

    def run(self, job: Job, at: str | None = None, wrap: Wrap | None = None) -> Outcome:
        """Run a job at a time of the session, by default the one at which it is due."""
        due = None
        if at is None:
            with self.exchange() as exchange:
                due = due_time(job, exchange.hours())
            assert due is not None
            at = due.astimezone(NEW_YORK).strftime("%H:%M")
        with self.desk(at, wrap) as desk:
            return _JOBS[job](desk)

    def daily(self, at: str | None = None, wrap: Wrap | None = None) -> Outcome:
        return self.run(Job.RUN_DAILY, at, wrap)

    def check_exits(self, at: str | None = None, wrap: Wrap | None = None) -> Outcome:
        return self.run(Job.CHECK_EXITS, at, wrap)

    def reconcile(self, at: str | None = None, wrap: Wrap | None = None) -> Outcome:
        return self.run(Job.RECONCILE, at, wrap)

    def resume(self, reason: str = "looked at it") -> Outcome:
        with self.desk() as desk:
            return resume.run(desk, reason)

    def replay(
        self, last: date, stop: StopSwitch | None = None, on_halt: OnHalt = OnHalt.CONTINUE, own: Sequence[str] = ()
    ) -> ReplayOutcome:
        """Run the jobs of every session from where the exchange stands to ``last``."""
        with open_desk(self.options, Job.REPLAY, durable=False) as opened:
            standing = opened.exchange.session()
            days = [hours.session for hours in opened.desk.calendar.between(standing, last)]
            desk = replace(opened.desk, broker=self.every(opened.desk.broker), stop=stop or opened.desk.stop)
            return replay.run(
                desk,
                opened.exchange,
                replay.Course(days, on_halt=on_halt, own_halts=own),
                lambda session, done, total: None,
            )

    def emergency_stop(
        self,
        *,
        close: bool = False,
        wrap: Wrap | None = None,
        change: Callable[[StopDesk], StopDesk] = lambda desk: desk,
    ) -> StopOutcome:
        with open_stop_desk(self.options, StopOptions("a drill")) as (desk, _, _):
            broker = self.every(desk.broker)
            wrapped = replace(desk, broker=broker if wrap is None else wrap(broker))
            return emergency_stop.run(change(wrapped), close_positions=close)

    # --- the exchange, as a person with its web page works it ----------------------------------

    @contextmanager
    def exchange(self) -> Iterator[PaperExchange]:
        """The exchange by itself. It asks for no lock, so that things may happen there while a job is at work."""
        settings = configuration(self.options).settings
        with home_exchange(settings, fresh=False, durable=False, start=None) as exchange:
            yield exchange

    def passes(self, at: str) -> None:
        """Time passes at the exchange while a job is at work, to "10:00" in New York."""
        with self.exchange() as exchange:
            exchange.advance_to(self._instant(exchange, at))

    @contextmanager
    def by_hand(self) -> Iterator[PaperBroker]:
        with self.exchange() as exchange:
            yield PaperBroker(exchange)

    def positions(self) -> dict[str, Position]:
        with self.by_hand() as broker:
            return {position.symbol: position for position in broker.positions()}

    def open_orders(self, symbol: str = "ACME") -> tuple[BrokerOrder, ...]:
        with self.by_hand() as broker:
            return tuple(order for order in broker.open_orders() if order.symbol == symbol)

    def stops(self, symbol: str = "ACME") -> list[tuple[Decimal, Decimal | None]]:
        """Quantity and price of the stops that rest for a symbol."""
        return [(o.remaining, o.stop_price) for o in self.open_orders(symbol) if o.stop_price is not None]

    def order(self, client_order_id: str) -> BrokerOrder | None:
        with self.by_hand() as broker:
            return broker.order(client_order_id)

    @staticmethod
    def _instant(exchange: PaperExchange, at: str) -> datetime:
        return datetime.combine(exchange.session(), time.fromisoformat(at), tzinfo=NEW_YORK)

    # --- the ledger ----------------------------------------------------------------------------

    def holding(self, symbol: str = "ACME") -> Holding | None:
        with self.desk() as desk:
            return next((held for held in desk.ledger.books.holdings() if held.symbol == symbol), None)

    def intents(self, session: date | None = None) -> tuple[Intent, ...]:
        with self.desk() as desk:
            return desk.ledger.orders.of_session(session or self.days[1])

    def rows(self, sql: str, *values: str) -> list[dict[str, Any]]:
        """Rows of the ledger's file, read past the ledger's own code."""
        with closing(sqlite3.connect(self.database)) as connection:
            connection.row_factory = sqlite3.Row
            return [dict(row) for row in connection.execute(sql, values)]

    @property
    def database(self) -> Path:
        return self.home / "trading_robot.db"

    def id(self, day: int, purpose: Purpose, symbol: str = "ACME", attempt: int = 1, strategy: str = "scripted") -> str:
        """The client_order_id of a decision of the session ``days[day]``."""
        return client_order_id(ACCOUNT, self.days[day], strategy, symbol, purpose, attempt)


_JOBS: dict[Job, Callable[[Desk], Outcome]] = {
    Job.RUN_DAILY: run_daily.run,
    Job.CHECK_EXITS: check_exits.run,
    Job.RECONCILE: reconcile.run,
}

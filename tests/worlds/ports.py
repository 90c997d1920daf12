"""The small ports of a process in a world: clock, market data, strategies, latch, lock, stop switch, alerts."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

from tests.worlds.faults import FaultKind, Io, of_kind
from tests.worlds.market import Market
from tests.worlds.venue import Venue
from tests.worlds.witness import Witness
from tests.worlds.world import World
from tradebot.brokers.paper import PaperExchange
from tradebot.brokers.paper.market_data import PaperMarket
from tradebot.core.model.account import ActionKind, CorporateAction, MarketClock, Quote
from tradebot.core.model.halts import Halt
from tradebot.core.model.signals import Signal
from tradebot.core.results.alerts import AlertLevel
from tradebot.core.results.stop_entry import StopEntry
from tradebot.errors import Blocked, ConfigError, ExitCode, Problem, Stopped
from tradebot.home.halt_file import LatchFile
from tradebot.home.stop_journal import StopJournalFile
from tradebot.market.price_file import PriceFile
from tradebot.ports import Alerts, Lock, StrategyFailure, StrategyInfo

if TYPE_CHECKING:
    from tradebot.strategy_api import History

K = FaultKind
WALL = datetime(2024, 1, 2, 15, 0, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class WorldClock:
    """The exchange's time, ``skew`` ahead of it. Who sleeps lets time pass at the exchange."""

    venue: Venue
    exchange: PaperExchange
    io: Io
    skew: timedelta

    def now(self) -> datetime:
        return self.venue.now + self.skew

    def wall(self) -> datetime:
        return WALL

    def sleep(self, seconds: float) -> None:
        self.io.step("sleep")
        if seconds:
            self.venue.pass_time(self.exchange, seconds)


@dataclass(frozen=True, slots=True)
class WorldData:
    """The market data of a world; implements ports.MarketData. All but bars and benchmark is the exchange's."""

    market: Market
    exchange: PaperExchange
    io: Io
    renamed: tuple[str, str, date] | None = None  # a symbol, its present name, and the day of the change

    def quotes(self, symbols: Iterable[str]) -> Mapping[str, Quote]:
        for fault in of_kind(self.io.step("quotes"), K.NO_QUOTES):
            self.io.meet(fault, "quotes")
            return {}
        return self.exchange.quotes(symbols)

    def history(self, symbols: Sequence[str], sessions: int, clock: MarketClock) -> History:
        self.io.step("history")
        return self.market.data.history(symbols, sessions, clock)

    def known(self, symbols: Iterable[str]) -> frozenset[str]:
        return self.exchange.known(symbols)

    def closes(self, symbols: Iterable[str], session: date) -> Mapping[str, Decimal]:
        return self.exchange.closes(symbols, session)

    def last_completed(self, clock: MarketClock) -> date | None:
        return self.market.data.last_completed(clock)

    def benchmark(self, first: date, last: date) -> Sequence[tuple[date, float]]:
        return self.market.data.benchmark(first, last)

    def upcoming_actions(self, symbols: Iterable[str], clock: MarketClock, days: int) -> tuple[CorporateAction, ...]:
        return PaperMarket(PriceFile(), self.exchange).upcoming_actions(symbols, clock, days)

    def actions_since(self, symbols: Iterable[str], first: date, clock: MarketClock) -> tuple[CorporateAction, ...]:
        wanted = frozenset(symbols)
        announced = PaperMarket(PriceFile(), self.exchange).actions_since(wanted, first, clock)
        if self.renamed is None or self.renamed[0] not in wanted or self.renamed[2] < first:
            return announced
        old, new, day = self.renamed
        return (*announced, CorporateAction(old, day, ActionKind.NAME_CHANGE, Decimal(1), new_symbol=new))


@dataclass(frozen=True, slots=True)
class Scripts:
    """The strategies of a world; implements ports.StrategyBook."""

    world: World
    io: Io

    @property
    def loaded(self) -> tuple[StrategyInfo, ...]:
        return tuple(
            StrategyInfo(script.name, "1.0.0", "as drawn", script.symbols, 1, {}, "drawn", "")
            for script in self.world.scripts
        )

    def prepare(self) -> None:
        """Nothing takes time here."""

    @property
    def failures(self) -> tuple[StrategyFailure, ...]:
        return ()

    @property
    def warmup(self) -> int:
        return 1

    def signals(self, history: History) -> tuple[tuple[Signal, ...], tuple[StrategyFailure, ...]]:
        as_of = history.close.index[-1].date() if len(history.close) else None
        struck = tuple(of_kind(self.io.step("signals"), K.STRATEGY_FAILS))
        silent = self.world.scripts[0].name if struck else ""
        for fault in struck:
            self.io.meet(fault, silent)
        failures = (StrategyFailure(silent, "ZeroDivisionError"),) if silent else ()
        if as_of is None:
            return (), failures
        speaking = (script for script in self.world.scripts if script.name != silent)
        return tuple(s for script in speaking for s in script.signals(self.world.seed, as_of)), failures


@dataclass(frozen=True, slots=True)
class WatchedLatch:
    """The real latch file, with steps; implements ports.Latch."""

    file: LatchFile
    io: Io
    witness: Witness

    def read(self) -> tuple[Halt, ...]:
        self.io.step("latch_read")
        halts = self.file.read()
        self.witness.saw_latch(halts)
        return halts

    def set(self, halt: Halt) -> None:
        for fault in of_kind(self.io.step("latch_set"), K.LATCH_FAILS):
            self.io.meet(fault, "latch_set")
            raise ConfigError([Problem("the latch", "it cannot be written: read-only file system", "Mend it.")])
        self.file.set(halt)
        self.io.step("latch_was_set")

    def clear(self, seen: Collection[Halt]) -> None:
        self.io.step("latch_clear")
        self.file.clear(seen)
        self.io.step("latch_was_cleared")


@dataclass(frozen=True, slots=True)
class WatchedLock:
    """The real locks, with steps; implements ports.Lock. ``path`` is the lock file of the home."""

    locks: tuple[Lock, ...]
    path: Path
    io: Io

    def assert_held(self) -> None:
        for fault in of_kind(self.io.step("assert_held"), K.LOCK_REMOVED):
            self.io.meet(fault, "assert_held")
            self.path.unlink(missing_ok=True)
        if not self.locks:
            raise Blocked("this command holds no lock and may not send orders")
        for lock in self.locks:
            lock.assert_held()


@dataclass(frozen=True, slots=True)
class Signals:
    """^C and SIGTERM; implements ports.StopSwitch."""

    io: Io

    def check(self) -> None:
        for fault in of_kind(self.io.step("check"), K.SIGNAL):
            self.io.meet(fault, "check")
            raise Stopped(ExitCode.TERMINATED)


@dataclass(frozen=True, slots=True)
class Told:
    """Word to the operator, in the story and in the ledger's outbox; implements ports.Alerts."""

    tell: Callable[[str], None]
    outbox: Alerts | None = None

    def send(self, level: AlertLevel, title: str, message: str, *, key: str = "", attachment: str = "") -> None:
        self.tell(f"    alert ({level}): {title}")
        if self.outbox is not None:
            self.outbox.send(level, title, message, key=key)


@dataclass(frozen=True, slots=True)
class WatchedJournal:
    """The real journal of an emergency stop, with steps; implements jobs.stop_sending.StopJournal."""

    file: StopJournalFile
    io: Io

    @property
    def trouble(self) -> str:
        return self.file.trouble

    def write(self, entry: StopEntry) -> None:
        self.io.step("journal")
        self.file.write(entry)


@dataclass(frozen=True, slots=True)
class OthersAtWork:
    """The processes beside an emergency stop; implements jobs.stop_desk.OtherJobs. ``at_work_now`` names them."""

    at_work_now: Callable[[], str]
    io: Io

    def at_work(self) -> str:
        return self.at_work_now()

    def wait(self, seconds: float) -> None:
        self.io.step("waiting")

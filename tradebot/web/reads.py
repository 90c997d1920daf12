"""What the server shows of a home: typed, with its age, and never an exception.

A broker is asked by one look that everybody shares, at most every ``EVERY`` seconds, by one thread at a time. Who asks
while it is on its way, or hangs, gets the look before it with its age. A look that came as far as the ledger alone is
tried again soon. What the ledger tells is read anew for each
read, save that equal reads within ``SAME_FOR`` seconds share one.

The methods block for as long as a ledger takes to read; the first look may be waited for, for ``FIRST_WAIT`` seconds.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, Generic, TypeVar, cast

from tradebot.core.results.account_now import AccountNow, Health
from tradebot.core.results.alerts import QueuedAlert
from tradebot.core.results.explain_outcome import ExplainOutcome
from tradebot.core.results.job_lines import SessionJobs
from tradebot.core.results.listings import FillLine, ListedOrder, Listing, Selection, TradeListing
from tradebot.core.results.metrics import HomeView
from tradebot.core.results.position_lines import PositionLine
from tradebot.core.results.report_outcome import ReportOutcome
from tradebot.core.results.report_periods import AskedPeriod
from tradebot.core.results.risk_outcome import RiskOutcome
from tradebot.core.results.status_outcome import StatusOutcome
from tradebot.errors import ConfigError, ExitCode, LedgerError, Problem, TradebotError
from tradebot.runtime.clocks import SystemClock
from tradebot.runtime.home_looks import Found, HomeLooks, Look, Looked
from tradebot.runtime.home_metrics import HomeMetrics
from tradebot.runtime.homes import HomeContext
from tradebot.runtime.known_homes import environment_of, options_of
from tradebot.settings import GlobalOptions

T = TypeVar("T")

#: Seconds between two looks at a broker.
EVERY = 30.0
#: Seconds after the beginning of the very first look until which it is waited for.
FIRST_WAIT = 5.0
#: Seconds in which equal reads of the ledger are one, and after which a look that asked no broker is tried again.
SAME_FOR = 1.0
#: Different reads that are kept at once.
_MOST_KEPT = 64


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a read has no value."""

    code: ExitCode
    message: str
    problems: tuple[Problem, ...] = ()  # of an invalid configuration


@dataclass(frozen=True, slots=True)
class Read(Generic[T]):
    """What a read found, or why it found nothing."""

    at: datetime  # when it was read, aware UTC
    looked_at: datetime | None  # when the broker was asked last, aware UTC; None: it was not, or the read needs none
    value: T | None = None
    context: HomeContext | None = None  # None where the home cannot be read
    refusal: Refusal | None = None  # None where there is a value
    code: ExitCode = ExitCode.OK  # of the newest look at the broker: what a command would end with that had to ask it


class HomeReads:
    """The reads of one home, for any number of threads."""

    def __init__(self, options: GlobalOptions, environ: Mapping[str, str]) -> None:
        """``environ``: the environment of the home: no setting and no key of another one."""
        self._looks = HomeLooks(options, environ)
        self._metrics = HomeMetrics(self._looks, options, environ)
        self._shared = SharedLook(self._looks.take_look)
        self._kept = _Kept()
        self._texts: dict[str, tuple[Read[Any], str]] = {}

    def status(self) -> Read[StatusOutcome]:
        """The account as it stands. It always has a value: what cannot be read is HALTED (unreadable)."""
        return self._with_look("status", self._looks.status)

    def account(self) -> Read[AccountNow]:
        """Balances, halts and the day's result. It always has a value."""
        return self._with_look("account", self._looks.account)

    def positions(self, chosen: Selection) -> Read[Listing[PositionLine]]:
        """What is held."""
        return self._with_look(("positions", chosen), lambda looked: self._looks.positions(looked, chosen))

    def orders(self, chosen: Selection) -> Read[Listing[ListedOrder]]:
        """What was ordered, and what rests."""
        return self._with_look(("orders", chosen), lambda looked: self._looks.orders(looked, chosen))

    def risk(self) -> Read[RiskOutcome]:
        """Each limit with its use, and what the account has at stake."""
        return self._with_look("risk", self._looks.risk)

    def health(self) -> Read[Health]:
        """Whether ledger and broker can be asked, and what is overdue. It always has a value."""
        return self._with_look("health", self._looks.health)

    def trades(self, chosen: Selection) -> Read[TradeListing]:
        """The round trips."""
        return self._read(("trades", chosen), lambda: self._looks.trades(chosen))

    def fills(self, chosen: Selection) -> Read[Listing[FillLine]]:
        """What was bought and sold."""
        return self._read(("fills", chosen), lambda: self._looks.fills(chosen))

    def report(self, asked: AskedPeriod, *, every_row: bool = False) -> Read[ReportOutcome]:
        """The figures of a period as the ledger knows them."""
        return self._read(("report", asked, every_row), lambda: self._looks.report(asked, every_row=every_row))

    def explain(
        self, symbol: str | None, day: date | None = None, span: tuple[date | None, date | None] | None = None
    ) -> Read[ExplainOutcome]:
        """Why something was done with a symbol, or not; without one, a line for each symbol of a session."""
        return self._read(("explain", symbol, day, span), lambda: self._looks.explain(symbol, day, span))

    def jobs(self) -> Read[SessionJobs]:
        """The jobs of the newest session."""
        return self._read("jobs", self._looks.jobs)

    def alerts(self, most: int) -> Read[tuple[QueuedAlert, ...]]:
        """The newest alerts of the home's accounts, oldest first."""
        return self._read(("alerts", most), lambda: self._looks.alerts(most))

    def metrics(self, name: str) -> HomeView:
        """What is measured of the home, under this name. Raises ConfigError for a folder that is none."""
        looked = self._shared.newest()
        return self._kept.get(("metrics", name), lambda: self._metrics.view(name, looked))

    def redact(self, text: str) -> str:
        """The text with the secrets of the home's settings masked."""
        return self._kept.get("secrets", self._looks.redactor)(text)

    def text(self, name: str, found: Read[T], make: Callable[[], str]) -> str:
        """The text that ``make`` makes of a read, with secrets masked. It is made once for each read of a name."""
        of_read, text = self._texts.get(name, (None, ""))
        if of_read is not found:
            text = self.redact(make())
            self._texts[name] = (found, text)
        return text

    def wait_left(self) -> float:
        """Seconds for which a look at the broker may be waited for; 0 where there is one that counts."""
        return self._shared.wait_left()

    def look_again(self) -> None:
        """Let the next read begin a new look: something was sent to the broker."""
        self._shared.expire()
        self._kept.clear()

    def _with_look(self, key: Hashable, read: Callable[[Looked], Found[T]]) -> Read[T]:
        looked = self._shared.newest()
        at = looked.look.at if looked.look else None
        return self._kept.get((key, at, looked.trouble), lambda: _tried(lambda: read(looked), at, looked.code))

    def _read(self, key: Hashable, read: Callable[[], Found[T]]) -> Read[T]:
        return self._kept.get(key, lambda: _tried(read))


class ReadsOfHomes:
    """The reads of each home of a server, made when first asked for."""

    def __init__(self, options: GlobalOptions) -> None:
        """``options``: those of the command that serves."""
        self._options = options
        self._lock = threading.Lock()
        self._homes: dict[Path, HomeReads] = {}

    def of(self, home: Path) -> HomeReads:
        """The reads of a home, with no setting and no key of another one."""
        with self._lock:
            if home not in self._homes:
                options, environ = options_of(home, self._options), environment_of(home, self._options)
                self._homes[home] = HomeReads(options, environ)
            return self._homes[home]


def _tried(read: Callable[[], Found[T]], looked_at: datetime | None = None, code: ExitCode = ExitCode.OK) -> Read[T]:
    at = SystemClock().wall()
    try:
        found = read()
    except TradebotError as error:
        problems = error.problems if isinstance(error, ConfigError) else ()
        return Read(at, looked_at, refusal=Refusal(error.exit_code, str(error), problems))
    return Read(at, looked_at, found.value, found.context, code=code)


class SharedLook:
    """The newest look at a broker, taken by one thread at a time, at most every ``EVERY`` seconds."""

    def __init__(self, take: Callable[[Callable[[], None]], Look]) -> None:
        """``take``: takes a look, and calls what it is given before it asks the broker."""
        self._take = take
        self._changed = threading.Condition()
        self._newest = Looked(is_shared=True)
        self._asked_at: float | None = None  # when the broker was asked last, by time.monotonic, as the others
        self._has_asked = False  # whether the last try came as far as that
        self._again_at = 0.0  # before which no other one begins
        self._awaited_until: float | None = None
        self._is_awaited = True  # the one that is on its way, or the next: there is none before it that counts
        self._is_on_its_way = False
        self._is_expired = False  # since the one that is on its way began

    def newest(self) -> Looked:
        """The newest look; where one is due it begins. The first one is waited for, and the first after ``expire``."""
        with self._changed:
            if self._is_due() and not self._is_on_its_way:
                self._is_on_its_way = True
                self._awaited_until = self._awaited_until or time.monotonic() + FIRST_WAIT
                threading.Thread(target=self._look, name="look at the broker", daemon=True).start()
            if self._is_awaited:  # nobody waits for longer, however many come while the broker hangs
                self._changed.wait_for(lambda: not self._is_awaited, self.wait_left())
            if self._newest.look is None and not self._newest.trouble:
                return Looked(trouble="the broker is being asked", code=ExitCode.BROKER, is_shared=True)
            return self._newest

    def wait_left(self) -> float:
        """Seconds for which the next look is waited for; 0 where the one before it counts."""
        if not self._is_awaited:
            return 0.0
        return FIRST_WAIT if self._awaited_until is None else max(0.0, self._awaited_until - time.monotonic())

    def expire(self) -> None:
        """Let the next read begin a look, even if one has just been taken or is on its way, and wait for it."""
        with self._changed:
            self._asked_at, self._again_at = None, 0.0
            self._awaited_until, self._is_awaited = None, True
            self._is_expired = True

    def _is_due(self) -> bool:
        """Whether the broker may be asked again. One that was not, as the ledger was locked, is tried again soon."""
        now = time.monotonic()
        was_asked = self._asked_at is not None and now - self._asked_at < EVERY
        return not was_asked and now >= self._again_at

    def _asks(self) -> None:
        with self._changed:
            self._asked_at, self._has_asked = time.monotonic(), True

    def _look(self) -> None:
        while True:
            with self._changed:
                self._has_asked = self._is_expired = False
            newest = self._taken()
            with self._changed:
                if self._is_expired:  # it shows the account as it was
                    continue
                self._newest, self._is_on_its_way, self._is_awaited = newest, False, False
                if not self._has_asked:
                    self._again_at = time.monotonic() + SAME_FOR
                self._changed.notify_all()
                return

    def _taken(self) -> Looked:
        try:
            return Looked(self._take(self._asks), is_shared=True)
        except LedgerError as error:  # whether it can be read now, each read finds for itself
            trouble, code = f"the newest look could not read the ledger: {error}", ExitCode.BROKER
        except TradebotError as error:
            trouble, code = str(error), error.exit_code
        except Exception as error:  # noqa: BLE001 - a bug in a look must not end the looks for good
            trouble, code = f"the look at the broker failed: {type(error).__name__}: {error}", ExitCode.BUG
        return Looked(self._newest.look, trouble, code, is_shared=True)


class _Kept:
    """Reads of the last moments. Equal ones at once are one: the second waits for the first."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._entries: dict[Hashable, _Entry] = {}

    def get(self, key: Hashable, read: Callable[[], T]) -> T:
        """The read of this key, if it is of the last moment, else a new one."""
        with self._lock:
            self._drop_old()
            entry = self._entries.setdefault(key, _Entry())
        with entry.lock:
            if entry.read is None or time.monotonic() - entry.at >= SAME_FOR:
                entry.read, entry.at = read(), time.monotonic()
            return cast(T, entry.read)

    def clear(self) -> None:
        """Forget them all."""
        with self._lock:
            self._entries.clear()

    def _drop_old(self) -> None:
        if len(self._entries) < _MOST_KEPT:
            return
        now = time.monotonic()
        for key in [key for key, entry in self._entries.items() if now - entry.at >= SAME_FOR]:
            del self._entries[key]


class _Entry:
    """A read that is kept, or is on its way."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.read: Any = None
        self.at = time.monotonic()

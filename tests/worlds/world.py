"""A world as a value: what is drawn from a seed, and what a run of it needs to know. The same value, the same story."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from random import Random

from tests.worlds.faults import Fault
from tradebot.brokers.paper import ExchangeRules
from tradebot.core.model.schedule import Job
from tradebot.core.model.signals import Action, ExitPolicy, Signal


@dataclass(frozen=True, slots=True)
class Script:
    """A strategy whose signals are drawn. ``eager`` and ``fickle`` are the odds of an entry and of an exit."""

    name: str
    symbols: tuple[str, ...]
    policy: ExitPolicy
    eager: float
    fickle: float
    risk_pct: Decimal | None = None

    def signals(self, seed: int, as_of: date) -> tuple[Signal, ...]:
        """What it says after the close of ``as_of``: the same, whenever and how often it is asked."""
        return tuple(
            self._signal(symbol, as_of, Random(f"{seed} {self.name} {symbol} {as_of}")) for symbol in self.symbols
        )

    def _signal(self, symbol: str, as_of: date, chance: Random) -> Signal:
        drawn, score = chance.random(), round(chance.random(), 2)
        action = (
            Action.EXIT if drawn < self.fickle else Action.ENTER if drawn < self.fickle + self.eager else Action.NONE
        )
        return Signal(self.name, symbol, as_of, action, score, self.policy, "as drawn", risk_pct=self.risk_pct)


class Lapse(StrEnum):
    """How a schedule is not kept. The text is its name in the table of what was met."""

    MISSED = "run missed"
    DOUBLED = "run doubled"
    LATE = "run late"
    OVERLAPPING = "runs overlapping"


@dataclass(frozen=True, slots=True)
class Run:
    """A process: a job that is started at an instant, what goes wrong in it, and the settings and clock it has.

    ``close`` lets an emergency stop close positions, ``flag`` is EMERGENCY_STOP_ENABLED, ``skew`` how far the machine's
    clock is ahead of the exchange's, in seconds. ``lapse`` is why it comes when it does, if it was not due then.
    """

    job: Job
    at: datetime
    faults: tuple[Fault, ...] = ()
    close: bool = False
    flag: bool = False
    skew: int = 0
    lapse: Lapse | None = None

    @property
    def met(self) -> tuple[str, ...]:
        """What it is in the table of what was met, apart from its faults."""
        stop = "emergency stop, closing" if self.close else "emergency stop"
        named = {
            stop: self.job is Job.EMERGENCY_STOP,
            "clock jumped": bool(self.skew),
            "halted by the environment": self.flag,
        }
        return (*([self.lapse] if self.lapse else []), *(name for name, is_so in named.items() if is_so))

    def __str__(self) -> str:
        extras = [*(["--close-positions"] if self.close else []), *(["EMERGENCY_STOP_ENABLED"] if self.flag else [])]
        extras += [f"clock {self.skew:+d} s"] if self.skew else []
        extras += [f"({self.lapse})"] if self.lapse else []
        return " ".join([f"{self.at:%H:%M:%S} UTC", self.job, *extras])


@dataclass(frozen=True, slots=True)
class Overlap:
    """Two processes at once. They pass a baton at their steps, with odds of ``restless``, as ``seed`` has it.

    The second begins when the first has made ``head_start`` steps.
    """

    first: Run
    second: Run
    seed: int
    restless: float
    head_start: int

    @property
    def at(self) -> datetime:
        return self.first.at


class Deed(StrEnum):
    """What a person does past the bot, or the exchange by itself. The text is its name in the table of what was met."""

    BUY = "bought by hand"
    SELL = "sold by hand"
    REST = "order left resting by hand"
    CANCEL = "cancelled by hand"
    STOP = "stop placed by hand"
    CANCEL_AND_SELL = "stop cancelled and half sold by hand"
    PAY_IN = "money paid in"
    TAKE_OUT = "money taken out"
    BUST = "fill busted"
    CORRECT = "fill corrected"
    LATCH = "latch file made by hand"
    SPOIL_LATCH = "latch file unreadable"
    CLEAR_LATCH = "latch file removed by hand"
    HALT_SYMBOL = "symbol halted by hand"
    HALT_STRATEGY = "strategy halted by hand"


#: Deeds that move money, at any hour.
TRANSFERS = frozenset({Deed.PAY_IN, Deed.TAKE_OUT})


@dataclass(frozen=True, slots=True)
class ByHand:
    """A person at the broker's web page, or in the home, or one at the exchange itself.

    ``which`` picks among the orders, positions or fills there are.
    """

    deed: Deed
    at: datetime
    symbol: str
    shares: int
    which: int

    def __str__(self) -> str:
        return f"{self.at:%H:%M:%S} UTC {self.deed} ({self.symbol}, {self.shares} shares, no. {self.which})"


@dataclass(frozen=True, slots=True)
class Missed:
    """A job that was due and that nothing started."""

    job: Job
    at: datetime


Step = Run | Overlap | ByHand | Missed


@dataclass(frozen=True, slots=True)
class Day:
    """One session and what happens in it, in order."""

    session: date
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class World:
    """Everything that is drawn from a seed.

    days: the sessions in order; those before the first run are the account's life before the home met it.
    settings: those of the home, by field name.
    halted: symbols that do not trade in a session.
    rows_late: by kind of activity, the sessions after which the broker shows its row; it does so at the latest in
        the recovery, save for a split that is never shown.
    renamed: a symbol that has another name from a session on.
    forgets: whether the broker shows only half of the activities of the account's earlier life.
    """

    seed: int
    days: tuple[Day, ...]
    scripts: tuple[Script, ...]
    settings: tuple[tuple[str, int | bool | Decimal | tuple[str, ...]], ...]
    rules: ExchangeRules
    halted: tuple[tuple[str, date], ...] = ()
    rows_late: tuple[tuple[str, int], ...] = ()
    renamed: tuple[str, date] | None = None
    forgets: bool = False

    @property
    def runs(self) -> tuple[Run, ...]:
        """Every process that the schedule starts."""
        found: list[Run] = []
        for day in self.days:
            for step in day.steps:
                match step:
                    case Run():
                        found.append(step)
                    case Overlap(first=first, second=second):
                        found += [first, second]
        return tuple(found)


def minutes(count: float) -> timedelta:
    return timedelta(minutes=count)

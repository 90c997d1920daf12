"""Halts: how far the account may still act, and why."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum


class HaltLevel(StrEnum):
    """RUNNING; REDUCING (exits only); HALTED (only cancels, closes and reduce-only stops are sent)."""

    RUNNING = "running"
    REDUCING = "reducing"
    HALTED = "halted"

    @property
    def allows_entries(self) -> bool:
        return self is HaltLevel.RUNNING


_SEVERITY = (HaltLevel.RUNNING, HaltLevel.REDUCING, HaltLevel.HALTED)


class HaltSource(StrEnum):
    ENVIRONMENT = "environment"
    LATCH_FILE = "latch_file"
    LEDGER = "ledger"


class HaltRule(StrEnum):
    """Which rule set a halt."""

    OPERATOR = "operator"  # a person: emergency-stop, halt, the flag
    DAILY_LOSS = "daily_loss"
    DRAWDOWN = "drawdown"
    LIMIT_BREACH = "limit_breach"  # the account as it is exceeds a limit
    FAILED_RUNS = "failed_runs"
    BREAKS = "breaks"  # the ledger cannot explain so many dollars
    REPEATED_ORDERS = "repeated_orders"  # a strategy entered one symbol too often in a row
    UNREADABLE = "unreadable"  # a latch that could not be read counts as set


class HaltScope(StrEnum):
    """What a halt is about: everything, or the entries of one strategy or into one symbol."""

    ACCOUNT = "account"
    STRATEGY = "strategy"
    SYMBOL = "symbol"


def scope_text(scope: HaltScope, name: str) -> str:
    """What is halted: "the account", "symbol AAPL"."""
    return "the account" if scope is HaltScope.ACCOUNT else f"{scope} {name}"


class HaltEnd(StrEnum):
    """What ends a halt."""

    RESUME = "resume"
    SESSION = "session"  # the one named by ``until``
    ITSELF = "itself"  # it goes when what set it has gone
    OWNER = "owner"  # whoever set the environment flag


@dataclass(frozen=True, slots=True)
class Halt:
    """One latched halt.

    ``until`` is the session from which it no longer holds (None: until ``resume``), ``scope_name`` the strategy or
    symbol that a halt of such a scope is about.
    """

    source: HaltSource
    rule: HaltRule
    level: HaltLevel
    reason: str
    since: datetime | None = None
    session: date | None = None
    until: date | None = None
    value: Decimal | None = None
    limit: Decimal | None = None
    scope: HaltScope = HaltScope.ACCOUNT
    scope_name: str = ""

    @property
    def ends_by(self) -> HaltEnd:
        if self.source is HaltSource.ENVIRONMENT:
            return HaltEnd.OWNER
        if self.rule is HaltRule.LIMIT_BREACH:
            return HaltEnd.ITSELF
        return HaltEnd.RESUME if self.until is None else HaltEnd.SESSION

    @property
    def holds(self) -> str:
        """Until when it holds, in words: "until session 2007-01-08"."""
        match self.ends_by:
            case HaltEnd.OWNER:
                return "until EMERGENCY_STOP_ENABLED is unset"
            case HaltEnd.SESSION:
                return f"until session {self.until}"
            case HaltEnd.ITSELF:
                return "until the breach is gone"
            case HaltEnd.RESUME:
                about = "" if self.of_account else f" --{self.scope} {self.scope_name}"
                return f"until `tradebot resume{about}`"

    @property
    def of_account(self) -> bool:
        return self.scope is HaltScope.ACCOUNT

    @property
    def subject(self) -> str:
        """What is halted, in words."""
        return scope_text(self.scope, self.scope_name)

    def stops_entry(self, strategy: str, symbol: str) -> bool:
        """Whether it keeps ``strategy`` from entering ``symbol``."""
        if self.level.allows_entries:
            return False
        about = {HaltScope.STRATEGY: strategy, HaltScope.SYMBOL: symbol}
        return self.of_account or self.scope_name == about[self.scope]

    @property
    def identity(self) -> tuple[object, ...]:
        """What two latches that hold the same halt agree on."""
        return self.rule, self.scope, self.scope_name, self.reason, self.since


def distinct(halts: Iterable[Halt]) -> tuple[tuple[Halt, ...], ...]:
    """Each halt once, with every latch that holds it: the ledger takes in what the latch file was first to hold."""
    found: dict[tuple[object, ...], list[Halt]] = {}
    for halt in halts:
        found.setdefault(halt.identity, []).append(halt)
    return tuple(tuple(same) for same in found.values())


def sources_text(same: Iterable[Halt]) -> str:
    """The latches that hold a halt, in words: "latch file and ledger"."""
    return " and ".join(dict.fromkeys(halt.source.replace("_", " ") for halt in same))


def level_of(halts: Iterable[Halt]) -> HaltLevel:
    """How far the account may act: the strictest level among its own halts; RUNNING when there are none.

    A halt of one strategy or symbol leaves the account running.
    """
    return max((halt.level for halt in halts if halt.of_account), key=_SEVERITY.index, default=HaltLevel.RUNNING)


def is_covered(halt: Halt, held: Iterable[Halt]) -> bool:
    """Whether what is held already stops all that ``halt`` would stop."""
    held = tuple(held)
    level = level_of(held)
    if halt.of_account:
        return level is level_of((*held, halt))
    return not level.allows_entries or any(
        not other.level.allows_entries and (other.scope, other.scope_name) == (halt.scope, halt.scope_name)
        for other in held
    )

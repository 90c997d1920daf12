"""Halts: what an account, a strategy or a symbol may not do any more, and why."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from tradebot.core.model.order_ids import account_hash


class HaltLevel(StrEnum):
    """What may be sent."""

    RUNNING = "running"  # everything
    REDUCING = "reducing"  # exits and stops
    HALTED = "halted"  # cancels, closing orders and reduce-only stops

    @property
    def allows_entries(self) -> bool:
        """Whether entries may be sent."""
        return self is HaltLevel.RUNNING


_SEVERITY = (HaltLevel.RUNNING, HaltLevel.REDUCING, HaltLevel.HALTED)


class HaltSource(StrEnum):
    """The latch that holds a halt."""

    ENVIRONMENT = "environment"
    LATCH_FILE = "latch_file"
    LEDGER = "ledger"


class HaltRule(StrEnum):
    """The rule that set a halt."""

    OPERATOR = "operator"  # a person: emergency-stop, halt, or the environment flag
    DAILY_LOSS = "daily_loss"
    DRAWDOWN = "drawdown"
    LIMIT_BREACH = "limit_breach"  # the account exceeds a limit
    FAILED_RUNS = "failed_runs"  # a job failed several times in a row
    BREAKS = "breaks"  # ledger and broker differ by too many dollars
    REPEATED_ORDERS = "repeated_orders"  # a strategy entered one symbol too often
    UNREADABLE = "unreadable"  # a latch cannot be read, and counts as set
    CHAIN_HEADS = "chain_heads"  # chain heads that were stored outside the ledger are gone


#: The rules that jobs set halts by. The others are set by a person, or by what is lost or unreadable.
SET_BY_JOBS = frozenset(HaltRule) - {HaltRule.OPERATOR, HaltRule.UNREADABLE, HaltRule.CHAIN_HEADS}
#: The rules that a loss of equity sets a halt by.
LOSS_RULES = frozenset({HaltRule.DAILY_LOSS, HaltRule.DRAWDOWN})


class HaltScope(StrEnum):
    """What a halt stops: the account, or only the entries of one strategy or into one symbol."""

    ACCOUNT = "account"
    STRATEGY = "strategy"
    SYMBOL = "symbol"


#: The commands that show what a halt is about, by its rule.
_LOOK_AT = {
    HaltRule.DAILY_LOSS: ("tradebot report", "tradebot emergency-stop --close-positions"),
    HaltRule.DRAWDOWN: ("tradebot report --period all", "tradebot emergency-stop --close-positions"),
    HaltRule.FAILED_RUNS: ("tradebot incident", "tradebot preflight"),
    HaltRule.BREAKS: ("tradebot reconcile",),
    HaltRule.REPEATED_ORDERS: ("tradebot report",),
    HaltRule.UNREADABLE: ("tradebot status", "tradebot verify"),
    HaltRule.CHAIN_HEADS: ("tradebot verify",),
}


def scope_text(scope: HaltScope, name: str) -> str:
    """A scope for people: "the account", "symbol AAPL"."""
    return "the account" if scope is HaltScope.ACCOUNT else f"{scope} {name}"


class HaltEnd(StrEnum):
    """What ends a halt."""

    RESUME = "resume"  # `tradebot resume`
    EXPLAINED = "explained"  # two jobs in a row that explain everything, or `tradebot resume`
    SESSION = "session"  # the session in ``until``
    ITSELF = "itself"  # the end of its cause
    OWNER = "owner"  # the owner, who unsets the environment flag


@dataclass(frozen=True, slots=True)
class Halt:
    """One halt in one latch. ``value`` is the figure that reached ``limit``, in the rule's own unit."""

    source: HaltSource
    rule: HaltRule
    level: HaltLevel
    reason: str
    since: datetime | None = None
    session: date | None = None  # session in which it was set
    until: date | None = None  # session from which it no longer holds; None until `tradebot resume`
    value: Decimal | None = None
    limit: Decimal | None = None
    scope: HaltScope = HaltScope.ACCOUNT
    scope_name: str = ""  # the strategy or symbol; "" for the account
    ends: HaltEnd | None = None  # EXPLAINED or RESUME; None where the rule says it, and for halts of earlier versions
    account: str = ""  # key of the account that it holds for; "" for every account of the home

    @property
    def ends_by(self) -> HaltEnd:
        """What ends it."""
        if self.source is HaltSource.ENVIRONMENT:
            return HaltEnd.OWNER
        if self.rule is HaltRule.LIMIT_BREACH:
            return HaltEnd.ITSELF
        if self.ends is not None:
            return self.ends
        return HaltEnd.RESUME if self.until is None else HaltEnd.SESSION

    @property
    def holds(self) -> str:
        """Until when it holds, for people: "until session 2007-01-08"."""
        match self.ends_by:
            case HaltEnd.OWNER:
                return "until EMERGENCY_STOP_ENABLED is unset"
            case HaltEnd.SESSION:
                return f"until session {self.until}"
            case HaltEnd.ITSELF:
                return "until the breach is gone"
            case HaltEnd.EXPLAINED:
                return "until two jobs in a row explain everything, or until `tradebot resume`"
            case HaltEnd.RESUME:
                about = "" if self.of_account else f" --{self.scope} {self.scope_name}"
                return f"until `tradebot resume{about}`"

    @property
    def may_be_resumed(self) -> bool:
        """Whether `tradebot resume` ends it."""
        return self.ends_by in (HaltEnd.RESUME, HaltEnd.EXPLAINED)

    @property
    def commands(self) -> tuple[str, ...]:
        """The commands that show what it is about or end it, each as it is typed in the home."""
        about = "" if self.of_account else f" --{self.scope} {self.scope_name}"
        resume = (f'tradebot resume{about} --reason "what was found and done"',) if self.may_be_resumed else ()
        return (*_LOOK_AT.get(self.rule, ("tradebot status",)), *resume)

    @property
    def key(self) -> str:
        """A text that no other halt has, and that copies in other latches share."""
        since = self.since.isoformat() if self.since else self.source
        return f"halt {self.rule} {self.scope} {self.scope_name} {since}"

    @property
    def of_account(self) -> bool:
        """Whether the whole account is halted."""
        return self.scope is HaltScope.ACCOUNT

    @property
    def subject(self) -> str:
        """What is halted, for people."""
        return scope_text(self.scope, self.scope_name)

    def holds_for(self, account: str) -> bool:
        """Whether it holds for the account with this key. It may name an account that was lost by its hash alone."""
        return self.account in ("", account, account_hash(account))

    def stops_entry(self, strategy: str, symbol: str) -> bool:
        """Whether ``strategy`` may not enter ``symbol`` because of it."""
        if self.level.allows_entries:
            return False
        names = {HaltScope.STRATEGY: strategy, HaltScope.SYMBOL: symbol}
        return self.of_account or self.scope_name == names[self.scope]

    @property
    def identity(self) -> tuple[object, ...]:
        """The fields that are equal when two latches hold the same halt."""
        return self.rule, self.scope, self.scope_name, self.reason, self.since


def distinct(halts: Iterable[Halt]) -> tuple[tuple[Halt, ...], ...]:
    """The halts grouped by identity: a group holds the same halt of every latch that has it."""
    groups: dict[tuple[object, ...], list[Halt]] = {}
    for halt in halts:
        groups.setdefault(halt.identity, []).append(halt)
    return tuple(tuple(group) for group in groups.values())


def sources_text(same: Iterable[Halt]) -> str:
    """The latches that hold the same halt, for people: "latch file and ledger"."""
    return " and ".join(dict.fromkeys(halt.source.replace("_", " ") for halt in same))


def account_text(same: Iterable[Halt]) -> str:
    """The account that the same halt of several latches holds for, for people: "account 123 at alpaca (live)"."""
    keys = {halt.account for halt in same}
    if "" in keys:
        return "every account of this home"
    broker, mode, account_id = keys.pop().split(":", 2)
    return f"account {account_id} at {broker} ({mode})"


def level_of(halts: Iterable[Halt]) -> HaltLevel:
    """The strictest level among the halts of the account; RUNNING without one.

    A halt of one strategy or symbol does not count.
    """
    return max((halt.level for halt in halts if halt.of_account), key=_SEVERITY.index, default=HaltLevel.RUNNING)


def is_covered(halt: Halt, held: Iterable[Halt]) -> bool:
    """Whether the halts ``held`` already stop everything that ``halt`` would stop."""
    held = tuple(other for other in held if other.holds_for(halt.account))
    level = level_of(held)
    if halt.of_account:
        return level is level_of((*held, halt))
    return not level.allows_entries or any(
        not other.level.allows_entries and (other.scope, other.scope_name) == (halt.scope, halt.scope_name)
        for other in held
    )

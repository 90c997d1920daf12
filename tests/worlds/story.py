"""What happened in a world, step by step, and which of the promises were broken on the way."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum

from tests.worlds.faults import Fault, told_as


class Promise(StrEnum):
    """What must hold in every world. A failing world is made smaller for as long as it breaks the same promise."""

    WRITTEN_FIRST = "an order is on disk as submitting before it leaves"
    ONE_ID = "a decision has one id, made from it, and an id is accepted once"
    SENT_ONCE = "what has an effect is sent once and never again by itself"
    ONE_ORDER = "no two live orders for one decision"
    ONE_WRITER = "one run at a time acts on the account"
    LIMITS = "no order exceeds a limit"
    HALTED = "nothing is entered while halted"
    STOPPED = "an emergency stop that says so leaves nothing that could open or add"
    LOCKED = "nothing is entered into a locked symbol"
    SESSION = "nothing is entered outside the session"
    OVERSOLD = "no more is sold than is held"
    EVERY_FILL = "every fill at the exchange is in the ledger"
    OWNED = "what the bot did is booked as its own"
    ORDERS_SETTLED = "every intent ends as its order did"
    POSITIONS = "the ledger explains the positions, or an open break says why not"
    CASH = "the ledger explains the cash, or an open break says why not"
    BARE_BRIEFLY = "what a job sees filled has its stop within 40 seconds"
    PROTECTED = "unprotected dollars are zero or reported"
    REAL_CAUSE = "no halt without a cause, and no job that ends for breaks where nothing differs"
    HALT_ENDS = "a halt whose cause is gone ends as it says"
    OVERDUE = "an entry that is not filled whole in its time is ended"
    SHRUNK = "no stop is made smaller than what it protects"
    SAID_PROTECTED = "said protected is protected: the dollars said to be bare are those at the exchange"
    AUDIT = "the ledger verifies"
    EQUITY = "the equity rebuilt from the ledger is the exchange's"
    EXPLAINED = "the report explains the change of the equity to the cent"
    NO_BUG = "no unexpected error"
    SPOKEN = "what is asked and answered is as the broker's specification has it"
    RECOVERS = "jobs without faults end without an error"


@dataclass(frozen=True, slots=True)
class Violation:
    """A broken promise, and the figures that show it."""

    promise: Promise
    message: str

    def __str__(self) -> str:
        return f"{self.promise.name}: {self.promise}: {self.message}"


@dataclass(slots=True)
class Story:
    """The lines of a story, how often what was met, and the violations."""

    lines: list[str] = field(default_factory=list)
    met: Counter[str] = field(default_factory=Counter)
    violations: list[Violation] = field(default_factory=list)
    alerts: list[str] = field(default_factory=list)  # of the outbox, as "2005-02-07 critical: title"
    halts: list[str] = field(default_factory=list)  # ever latched, as "2005-02-07 breaks, cleared 2005-02-08"
    breaks: int = 0  # open at the end

    def tell(self, line: str) -> None:
        self.lines.append(line)

    def met_fault(self, who: str, fault: Fault, where: str) -> None:
        """A fault had its effect on a call."""
        self.met[told_as(fault.kind, where)] += 1
        self.lines.append(f"    {who}: {fault.kind} at {where}")

    def happened(self, what: str, line: str) -> None:
        """Something happened that is neither a job nor a fault of one."""
        self.met[what] += 1
        self.lines.append(f"  {line}")

    def violate(self, promise: Promise, message: str) -> None:
        self.violations.append(Violation(promise, message))
        self.lines.append(f"  ** {self.violations[-1]}")

"""What can go wrong in a process, and the thread of its input and output on which it does.

A process of a world does nothing to the outside but through its ports and its database. Each port call and each
statement is one step on its ``Io``: there it hands the baton to the process beside it, meets its faults, or dies.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum

#: Matches every step of a process.
ANY = "any"


class FaultKind(StrEnum):
    """What a fault does. An adapter of a real broker answers those of the wire with the error named here."""

    # The broker, asked to read or to write. A read that fails is BrokerUnavailable, whatever the reason.
    REFUSED = "connection refused"  # a write certainly did not arrive: BrokerUnavailable
    TOO_MANY = "429"  # likewise
    SERVER_ERROR = "500"  # a write may have arrived: OutcomeUnknown
    HTML = "HTML instead of an answer"  # likewise
    TRUNCATED = "truncated JSON"  # a write has arrived: OutcomeUnknown
    LOST_ANSWER = "answer lost"  # likewise, by a timeout
    LOST_REQUEST = "request lost"  # a write did not arrive: OutcomeUnknown
    LATE_REQUEST = "request late"  # a write arrives after its timeout: OutcomeUnknown
    SLOW = "slow"
    # The broker answers, and what it says is not the whole truth.
    OLD_ANSWER = "old answer"
    UNKNOWN_STATE = "unknown state"
    SLOW_FILL = "fills later"
    REJECTED_LATER = "rejected later"
    REPEATED = "activities again"
    LAGGING = "activities late"
    EMPTY_LIST = "empty list"
    FEWER_SHARES = "half of the shares"
    STOP_FILLS = "stop fills between two reads"
    PARTIAL_FILL = "fills in part and rests"
    # Only where there is a wire between the two. A read that meets one of these is asked again, and so may do well.
    TOO_MANY_UNTIL = "429 with Retry-After"  # a write certainly did not arrive
    NO_CONNECTION = "no connection in time"  # likewise
    RESET_BEFORE = "reset before"  # a write did not arrive: OutcomeUnknown
    RESET_AFTER = "reset after"  # a write has arrived: OutcomeUnknown
    GATEWAY_TIMEOUT = "504"  # likewise
    WEB_PAGE = "web page"  # 200, and it is not the broker who answers: OutcomeUnknown
    DUPLICATE = "refused as a duplicate"  # a write has arrived, and a proxy has sent it twice: OrderRefused
    CUT_OFF = "answer cut off"  # a write has arrived: OutcomeUnknown
    NO_KEYS = "401"  # nothing was done: Blocked
    NO_INSTANTS = "rows without instants"
    ID_BURNT = "id burnt"  # a write has used up its id, and there is no order: OutcomeUnknown
    NEW_FIELDS = "unknown fields"
    CLOCK_ASKEW = "clock askew"
    # The ledger's database.
    DB_LOCKED = "database locked"
    DB_FULL = "disk full"
    DB_IO_ERROR = "disk error"
    DB_COMMIT_UNSEEN = "commit not confirmed"
    # The ledger's server, and the way to it.
    BACKEND_ENDED = "backend ended"
    SERVER_RESTARTED = "server restarted"
    CUT_BEFORE_COMMIT = "cut off before COMMIT"
    CUT_AFTER_COMMIT = "cut off after COMMIT"
    SERVER_GONE = "server gone at COMMIT"  # which it made or not, and nobody can ask it
    ROWS_LOCKED = "account's rows locked"
    SERVER_READ_ONLY = "server read-only"
    SERVER_CROWDED = "too many connections"
    # The process itself and what it works with.
    KILL = "killed"
    KILL_AFTER = "killed after the write"
    SIGNAL = "asked to stop"
    LATCH_FAILS = "latch not writable"
    STRATEGY_FAILS = "strategy fails"
    NO_QUOTES = "no quotes"
    LOCK_REMOVED = "lock file removed"


@dataclass(frozen=True, slots=True)
class Fault:
    """Strikes from the ``nth`` call of ``call`` in a process on, ``times`` in a row.

    ``call`` names a method of a port, "sql" (any statement), "begin", "commit", "connect" (to a server), or ANY.
    ``amount`` is in seconds where the kind takes time.
    """

    kind: FaultKind
    call: str
    nth: int = 1
    times: int = 1
    amount: int = 0

    def __str__(self) -> str:
        row = f" to #{self.nth + self.times - 1}" if self.times > 1 else ""
        seconds = f", {self.amount} s" if self.amount else ""
        return f"{self.kind} at {self.call} #{self.nth}{row}{seconds}"


#: The kinds that need a wire.
ON_THE_WIRE = (
    FaultKind.TOO_MANY_UNTIL,
    FaultKind.NO_CONNECTION,
    FaultKind.RESET_BEFORE,
    FaultKind.RESET_AFTER,
    FaultKind.GATEWAY_TIMEOUT,
    FaultKind.WEB_PAGE,
    FaultKind.DUPLICATE,
    FaultKind.CUT_OFF,
    FaultKind.NO_KEYS,
    FaultKind.NO_INSTANTS,
    FaultKind.ID_BURNT,
    FaultKind.NEW_FIELDS,
    FaultKind.CLOCK_ASKEW,
)
#: The kinds that need a ledger in a file, and those that need one on a server.
IN_A_FILE = (FaultKind.DB_LOCKED, FaultKind.DB_FULL, FaultKind.DB_IO_ERROR, FaultKind.DB_COMMIT_UNSEEN)
ON_A_SERVER = (
    FaultKind.BACKEND_ENDED,
    FaultKind.SERVER_RESTARTED,
    FaultKind.CUT_BEFORE_COMMIT,
    FaultKind.CUT_AFTER_COMMIT,
    FaultKind.SERVER_GONE,
    FaultKind.ROWS_LOCKED,
    FaultKind.SERVER_READ_ONLY,
    FaultKind.SERVER_CROWDED,
)
#: The kinds that there are with a ledger in a file; the embedded exchange's own door has those without a wire.
WITH_A_FILE = tuple(kind for kind in FaultKind if kind not in ON_A_SERVER)
WITHOUT_WIRE = tuple(kind for kind in WITH_A_FILE if kind not in ON_THE_WIRE)

#: What happens at the exchange while a process works there. Every answer is true when it is given.
TRUTHFUL = frozenset({FaultKind.STOP_FILLS, FaultKind.PARTIAL_FILL})

_WRITES = frozenset({"submit", "replace", "cancel", "cancel_all"})
#: Answers that do not come: to a question, or to something that was to be done.
UNANSWERED = (
    FaultKind.REFUSED,
    FaultKind.TOO_MANY,
    FaultKind.SERVER_ERROR,
    FaultKind.HTML,
    FaultKind.TRUNCATED,
    FaultKind.LOST_ANSWER,
    FaultKind.TOO_MANY_UNTIL,
    FaultKind.NO_CONNECTION,
    FaultKind.RESET_BEFORE,
    FaultKind.RESET_AFTER,
    FaultKind.GATEWAY_TIMEOUT,
    FaultKind.WEB_PAGE,
    FaultKind.CUT_OFF,
    FaultKind.NO_KEYS,
)


def told_as(kind: FaultKind, where: str) -> str:
    """What a fault that struck at a call is counted as; what is lost with an answer depends on what was asked."""
    if kind in UNANSWERED:
        return f"{kind}, {'writing' if where in _WRITES else 'reading'}"
    if kind in (FaultKind.OLD_ANSWER, FaultKind.EMPTY_LIST):
        return f"{kind}: {where.replace('_', ' ')}"
    if kind is FaultKind.KILL:
        return "killed between two statements" if where == "sql" else "killed at a call"
    return kind


class Killed(BaseException):
    """The process is no more. No handler of the program stops it, and nothing it does afterwards reaches anything."""


class Io:
    """The steps of one process, counted by name."""

    def __init__(
        self,
        faults: tuple[Fault, ...],
        met: Callable[[Fault, str], None],
        pass_on: Callable[[], None] = lambda: None,
    ) -> None:
        self._faults = faults
        self._met = met
        self._pass_on = pass_on
        self._told: set[Fault] = set()
        self.counts: Counter[str] = Counter()
        self.dead = False

    def step(self, *names: str) -> tuple[Fault, ...]:
        """Take one step, known by each of ``names``, and give the faults that strike at it. Raises Killed."""
        self._alive()
        self._pass_on()
        self._alive()
        for name in (*names, ANY):
            self.counts[name] += 1
        struck = tuple(fault for fault in self._faults if self._strikes(fault, names))
        for fault in struck:
            if fault.kind is FaultKind.KILL:
                self.die(fault, names[0])
        return struck

    @property
    def met_fault(self) -> bool:
        """Whether any fault has had its effect, save those after which the broker still tells the truth."""
        return any(fault.kind not in TRUTHFUL for fault in self._told)

    @property
    def moved(self) -> bool:
        """Whether anything happened at the exchange while the process worked there."""
        return any(fault.kind in TRUTHFUL for fault in self._told)

    def meet(self, fault: Fault, where: str) -> None:
        """Tell that a fault had its effect. One that lasts is told once."""
        if fault not in self._told:
            self._told.add(fault)
            self._met(fault, where)

    def die(self, fault: Fault, where: str) -> None:
        self.meet(fault, where)
        self.dead = True
        raise Killed

    def _alive(self) -> None:
        if self.dead:
            raise Killed

    def _strikes(self, fault: Fault, names: tuple[str, ...]) -> bool:
        if fault.call != ANY and fault.call not in names:
            return False
        return fault.nth <= self.counts[fault.call] < fault.nth + fault.times


def of_kind(faults: tuple[Fault, ...], *kinds: FaultKind) -> Iterator[Fault]:
    """Those of ``faults`` that are of one of ``kinds``."""
    return (fault for fault in faults if fault.kind in kinds)

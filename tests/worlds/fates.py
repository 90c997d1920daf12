"""What becomes of a request over HTTP, by the faults that strike it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.fakes.alpaca import Fault as WireFault
from tests.fakes.alpaca import Kind
from tests.worlds.faults import Fault, FaultKind, Io, of_kind

if TYPE_CHECKING:
    from tests.worlds.witness import Witness

K = FaultKind

#: What the server does for a kind; where there are two, the fault's amount, even or odd, tells which.
_KINDS: dict[FaultKind, tuple[Kind, ...]] = {
    K.REFUSED: (Kind.REFUSED,),
    K.NO_CONNECTION: (Kind.CONNECT_TIMEOUT,),
    K.TOO_MANY: (Kind.TOO_MANY,),
    K.TOO_MANY_UNTIL: (Kind.TOO_MANY,),
    K.RESET_BEFORE: (Kind.RESET_BEFORE,),
    K.LOST_REQUEST: (Kind.SILENT_BEFORE,),
    K.LATE_REQUEST: (Kind.LATE,),
    K.WEB_PAGE: (Kind.PAGE,),
    K.NO_KEYS: (Kind.UNAUTHORIZED,),
    K.SERVER_ERROR: (Kind.SERVER_ERROR, Kind.SERVER_ERROR_AFTER),
    K.HTML: (Kind.HTML, Kind.HTML_AFTER),
    K.LOST_ANSWER: (Kind.SILENT_AFTER,),
    K.RESET_AFTER: (Kind.RESET_AFTER,),
    K.GATEWAY_TIMEOUT: (Kind.GATEWAY_TIMEOUT,),
    K.TRUNCATED: (Kind.TRUNCATED,),
    K.CUT_OFF: (Kind.CUT_OFF,),
    K.DUPLICATE: (Kind.DUPLICATE,),
    K.ID_BURNT: (Kind.ID_BURNT,),
    K.EMPTY_LIST: (Kind.EMPTY,),
    K.LAGGING: (Kind.LAGGING,),
    K.UNKNOWN_STATE: (Kind.UNKNOWN_STATUS,),
    K.NEW_FIELDS: (Kind.UNKNOWN_FIELDS,),
    K.CLOCK_ASKEW: (Kind.SKEWED,),
}
#: Of these a sender notices nothing where there is nothing to leave out or to change.
_PERHAPS = frozenset({K.EMPTY_LIST, K.LAGGING, K.UNKNOWN_STATE, K.CLOCK_ASKEW})


@dataclass(frozen=True, slots=True)
class Fate:
    """What becomes of one request. ``takes`` is how many seconds pass before it arrives.

    ``struck`` are all faults that strike it, ``worst`` the one that the server sees to; ``too_slow`` says that its
    sender gives it up before it is answered.
    """

    call: str
    struck: tuple[Fault, ...]
    io: Io
    witness: Witness
    worst: Fault | None = None
    takes: float = 0.0
    too_slow: bool = False

    @property
    def on_the_wire(self) -> WireFault | None:
        if self.worst is not None:
            kinds, amount = _KINDS[self.worst.kind], self.worst.amount
            return WireFault(kinds[amount % len(kinds)], 0 if self.worst.kind is K.TOO_MANY else amount)
        return WireFault(Kind.SILENT_AFTER) if self.too_slow else None

    @property
    def never_connects(self) -> bool:
        return self.worst is not None and self.worst.kind is K.NO_CONNECTION

    @property
    def stays_silent(self) -> bool:
        return self.on_the_wire is not None and self.on_the_wire.silent

    def meets(self, *kinds: FaultKind) -> Iterator[Fault]:
        """The faults of these kinds that strike it; each is met by being asked for."""
        for fault in of_kind(self.struck, *kinds):
            self.io.meet(fault, self.call)
            yield fault

    def was_changed(self, really: bool) -> None:
        """The answer of a server that had something to change, or not."""
        if really and self.worst is not None:
            self.io.meet(self.worst, self.call)


def fate_of(call: str, struck: tuple[Fault, ...], io: Io, witness: Witness, *, longest: float) -> Fate:
    """The fate of a request whose sender waits ``longest`` seconds for an answer."""
    worst = next((fault for kind in _KINDS for fault in of_kind(struck, kind)), None)
    if worst is not None and worst.kind not in _PERHAPS:
        io.meet(worst, call)
    takes, too_slow = 0.0, False
    for fault in of_kind(struck, K.SLOW):
        io.meet(fault, call)
        if fault.amount < longest:
            takes = fault.amount
        else:
            too_slow = True
    return Fate(call, struck, io, witness, worst, takes, too_slow)

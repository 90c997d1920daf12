"""Which requests meet a fault."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from tests.fakes.wire.faults import Fault
from tests.fakes.wire.messages import Arrival

OnRequest = Callable[[Arrival], Fault | None]


@dataclass(frozen=True, slots=True)
class Rule:
    """A fault for the next ``times`` requests whose method and beginning of the path are these; None is any.

    The first ``after`` of them are let through.
    """

    fault: Fault
    method: str | None = None
    path: str | None = None
    times: int = 1
    after: int = 0

    def fits(self, arrival: Arrival) -> bool:
        return self.method in (None, arrival.method) and (self.path is None or arrival.path.startswith(self.path))


class Strikes:
    """The rules that are left, and a function that is asked when none of them fits."""

    def __init__(self, on_request: OnRequest | None) -> None:
        self.rules: list[Rule] = []
        self._on_request = on_request

    def at(self, arrival: Arrival) -> Fault | None:
        """The fault that a request meets; its rule has struck once more."""
        for index, rule in enumerate(self.rules):
            if not rule.fits(arrival):
                continue
            if rule.after:
                self.rules[index] = replace(rule, after=rule.after - 1)
                break
            left = replace(rule, times=rule.times - 1)
            self.rules[index : index + 1] = [left] if left.times else []
            return rule.fault
        return None if self._on_request is None else self._on_request(arrival)

"""The fake as a process beside the test, and the hands to work it with."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, time
from decimal import Decimal
from pathlib import Path

from tests.fakes import validated
from tests.fakes.alpaca.__main__ import JUDGEMENT, judgement_in
from tests.fakes.alpaca.judge import SpecificationBroken
from tests.fakes.wire.process import Served, started


@dataclass(frozen=True, slots=True)
class Running(Served):
    """A fake of Alpaca. Of its terms any but ``submit`` may be changed; of ``telling``, any of its settings."""

    def pay(self, amount: Decimal) -> None:
        """Pay USD into the account, or out of it when the amount is negative."""
        self._ask("POST", "cash", {"amount": str(amount)})

    def closes_on(self, day: date) -> None:
        """Announce that the exchange is closed on a day, on which its prices have no session."""
        self._ask("POST", "calendar", {"day": day.isoformat()})

    def opens_from(self, day: date, opens: time, closes: time) -> None:
        """Announce the hours of a session, in New York time."""
        self._ask(
            "POST", "calendar", {"day": day.isoformat(), "opens": opens.isoformat(), "closes": closes.isoformat()}
        )

    def forgive(self) -> list[str]:
        """The judge's objections so far, which are none any more."""
        forgiven: list[str] = self._ask("POST", "forgive", {})
        return forgiven


@contextmanager
def running(folder: Path, *options: str) -> Iterator[Running]:
    """Serve from a folder, with options as ``python -m tests.fakes.alpaca --help`` tells them.

    Raises SpecificationBroken at the end when the specification does not allow what was asked or answered.
    """
    before = _counted_in(folder)
    with started("tests.fakes.alpaca", folder, *options) as (url, process):
        yield Running(url, folder, process.pid)
    judged = judgement_in(folder)
    validated.add(judged.requests - before[0], judged.answers - before[1])
    if process.returncode:
        raise SpecificationBroken("\n".join(judged.violations[:20]))


def _counted_in(folder: Path) -> tuple[int, int]:
    """What the judges of earlier processes have looked at."""
    if not (folder / JUDGEMENT).exists():
        return 0, 0
    judged = judgement_in(folder)
    return judged.requests, judged.answers

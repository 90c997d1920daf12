"""The fake as a process beside the test, and the hands to work it with."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any

import requests

from tests.fakes import validated
from tests.fakes.alpaca.__main__ import EXCHANGE, JUDGEMENT, judgement_in
from tests.fakes.alpaca.judge import SpecificationBroken
from tests.fakes.cli import ROOT
from tests.fakes.wire.faults import Kind

_PATIENCE = 60.0


@dataclass(frozen=True, slots=True)
class Running:
    """A fake that serves at ``url`` from ``folder``."""

    url: str
    folder: Path
    pid: int

    @property
    def exchange_file(self) -> Path:
        """The embedded exchange behind it, for a look at its books."""
        return self.folder / EXCHANGE

    def go_to(self, instant: datetime) -> None:
        """Let time pass there up to an aware instant, through as many sessions as lie before it."""
        self._ask("POST", "clock", {"now": instant.isoformat()})

    def next_session(self) -> None:
        """Go to 04:00 in New York of the next session."""
        self._ask("POST", "next-session", {})

    def now(self) -> datetime:
        return datetime.fromisoformat(self._ask("GET", "clock")["now"])

    def strike(self, kind: Kind, amount: int = 0, **when: str | int) -> None:
        """As ``FakeAlpaca.strike``."""
        self._ask("POST", "faults", {"kind": kind, "amount": amount, **when})

    def deliver(self) -> None:
        """Let arrive what has been on its way for longer than its sender would wait."""
        self._ask("POST", "deliver", {})

    def terms(self, **terms: object) -> None:
        """Change any of ``house.Terms`` but ``submit``; of ``telling``, any of its settings."""
        self._ask("POST", "terms", terms)

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

    def requests(self) -> list[dict[str, Any]]:
        """Every request so far: method, path, query, body, status, fault, and when, in seconds since 1970."""
        found: list[dict[str, Any]] = self._ask("GET", "requests")
        return found

    def forgive(self) -> list[str]:
        """The judge's objections so far, which are none any more."""
        forgiven: list[str] = self._ask("POST", "forgive", {})
        return forgiven

    def _ask(self, method: str, control: str, body: object = None) -> Any:
        answer = requests.request(method, f"{self.url}/_fake/{control}", json=body, timeout=_PATIENCE)
        assert answer.status_code == 200, f"{control}: {answer.text}"
        return answer.json()


@contextmanager
def running(folder: Path, *options: str) -> Iterator[Running]:
    """Serve from a folder, with options as ``python -m tests.fakes.alpaca --help`` tells them.

    Raises SpecificationBroken at the end when the specification does not allow what was asked or answered.
    """
    command = [sys.executable, "-m", "tests.fakes.alpaca", "--folder", str(folder), *options]
    before = _counted_in(folder)
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            url = process.stdout.readline().strip()
            assert url, f"the fake did not start: {' '.join(command)}"
            yield Running(url, folder, process.pid)
        finally:
            process.terminate()
            process.wait(_PATIENCE)
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

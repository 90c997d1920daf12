"""A fake as a process beside the test, and the hands to work it with that every fake has."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import requests

from tests.fakes.cli import ROOT
from tests.fakes.wire.faults import Kind

#: The file in the folder of a fake that holds its exchange.
EXCHANGE = "exchange.db"
_PATIENCE = 60.0


@dataclass(frozen=True, slots=True)
class Served:
    """A fake that serves at ``url`` from ``folder``, and the hands that every fake has."""

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
        """As ``FakeServer.strike``."""
        self._ask("POST", "faults", {"kind": kind, "amount": amount, **when})

    def deliver(self) -> None:
        """Let arrive what has been on its way for longer than its sender would wait."""
        self._ask("POST", "deliver", {})

    def terms(self, **terms: object) -> None:
        """Change any of the fake's ``Terms`` that JSON can tell."""
        self._ask("POST", "terms", terms)

    def requests(self) -> list[dict[str, Any]]:
        """Every request so far: method, path, query, body, status, fault, and when, in seconds since 1970."""
        found: list[dict[str, Any]] = self._ask("GET", "requests")
        return found

    def _ask(self, method: str, control: str, body: object = None) -> Any:
        answer = requests.request(method, f"{self.url}/_fake/{control}", json=body, timeout=_PATIENCE)
        assert answer.status_code == 200, f"{control}: {answer.text}"
        return answer.json()


@contextmanager
def started(module: str, folder: Path, *options: str) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """The address of a fake that serves from a folder, and its process, whose return code is there afterwards.

    The options are those of ``python -m MODULE --help``.
    """
    command = [sys.executable, "-m", module, "--folder", str(folder), *options]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            url = process.stdout.readline().strip()
            assert url, f"the fake did not start: {' '.join(command)}"
            yield url, process
        finally:
            process.terminate()
            process.wait(_PATIENCE)

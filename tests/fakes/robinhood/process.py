"""The fake as a process beside the test, and the hands to work it with."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import requests

from tests.fakes.cli import ROOT
from tests.fakes.robinhood.__main__ import EXCHANGE, fake_at
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
        """As ``FakeServer.strike``."""
        self._ask("POST", "faults", {"kind": kind, "amount": amount, **when})

    def deliver(self) -> None:
        """Let arrive what has been on its way for longer than its sender would wait."""
        self._ask("POST", "deliver", {})

    def terms(self, **terms: object) -> None:
        """Change any of ``house.Terms`` that JSON can tell."""
        self._ask("POST", "terms", terms)

    def pay(self, amount: Decimal, kind: str | None = None) -> None:
        """Pay USD into the account, or out of it when the amount is negative; or as another ``kind`` of cash."""
        self._ask("POST", "cash", {"amount": str(amount), **({} if kind is None else {"kind": kind})})

    def closes_on(self, day: date) -> None:
        """Announce that the exchange is closed on a day, on which its prices have no session."""
        self._ask("POST", "closed", {"day": day.isoformat()})

    def grant(self) -> dict[str, str]:
        """A pair of tokens as a browser would have it: access_token, refresh_token, device_token."""
        pair: dict[str, str] = self._ask("POST", "grant", {})
        return pair

    def revoke(self) -> None:
        """End every session of the account's owner."""
        self._ask("POST", "revoke", {})

    def approve(self, looks: int | None) -> None:
        """Let the owner approve a device after so many looks; None: never."""
        self._ask("POST", "approve", {"looks": looks})

    def requests(self) -> list[dict[str, Any]]:
        """Every request so far: method, path, query, body, status, fault, and when, in seconds since 1970."""
        found: list[dict[str, Any]] = self._ask("GET", "requests")
        return found

    def asked(self) -> dict[str, int]:
        """The number of requests by method and kind of path: "POST /orders/"."""
        found: dict[str, int] = self._ask("GET", "asked")
        return found

    def _ask(self, method: str, control: str, body: object = None) -> Any:
        answer = requests.request(method, f"{self.url}/_fake/{control}", json=body, timeout=_PATIENCE)
        assert answer.status_code == 200, f"{control}: {answer.text}"
        return answer.json()


@contextmanager
def serving(folder: Path, *options: str) -> Iterator[Running]:
    """As ``running``, by threads of this process: what it keeps beside the exchange begins anew, and nothing starts."""
    with fake_at(["--folder", str(folder), *options]) as fake:
        yield Running(fake.url, folder, os.getpid())


@contextmanager
def running(folder: Path, *options: str) -> Iterator[Running]:
    """Serve from a folder, with options as ``python -m tests.fakes.robinhood --help`` tells them."""
    command = [sys.executable, "-m", "tests.fakes.robinhood", "--folder", str(folder), *options]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            url = process.stdout.readline().strip()
            assert url, f"the fake did not start: {' '.join(command)}"
            yield Running(url, folder, process.pid)
        finally:
            process.terminate()
            process.wait(_PATIENCE)
    assert process.returncode == 0, "the fake itself failed: see its traceback above"

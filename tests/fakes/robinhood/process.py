"""The fake as a process beside the test, and the hands to work it with."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

from tests.fakes.robinhood.__main__ import fake_at
from tests.fakes.wire.process import Served, started


@dataclass(frozen=True, slots=True)
class Running(Served):
    """A fake of Robinhood."""

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

    def asked(self) -> dict[str, int]:
        """The number of requests by method and kind of path: "POST /orders/"."""
        found: dict[str, int] = self._ask("GET", "asked")
        return found


@contextmanager
def serving(folder: Path, *options: str) -> Iterator[Running]:
    """As ``running``, by threads of this process: what it keeps beside the exchange begins anew, and nothing starts."""
    with fake_at(["--folder", str(folder), *options]) as fake:
        yield Running(fake.url, folder, os.getpid())


@contextmanager
def running(folder: Path, *options: str) -> Iterator[Running]:
    """Serve from a folder, with options as ``python -m tests.fakes.robinhood --help`` tells them."""
    with started("tests.fakes.robinhood", folder, *options) as (url, process):
        yield Running(url, folder, process.pid)
    assert process.returncode == 0, "the fake itself failed: see its traceback above"

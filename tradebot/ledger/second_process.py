"""The half of a verification that a second process does where the ledger is large: the links, and the tables.

The process opens the ledger by itself. What it does not answer is computed here: where it cannot be started, where it
fails, and the tables where another has written between its snapshot and ours.
"""

from __future__ import annotations

import gc
import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

from tradebot.ledger.audit import Head, heads
from tradebot.ledger.chain_links import check_links
from tradebot.ledger.covered import Covered
from tradebot.ledger.engine import Engine
from tradebot.ledger.findings import Finding
from tradebot.ledger.open_engine import open_engine
from tradebot.ledger.recompute import check_tables
from tradebot.ledger.trail_state import EquityCash, WriteOrder
from tradebot.settings.ledger_location import LedgerLocation, LedgerServer
from tradebot.settings.secret_fields import SecretText

#: Rows of the trail from which a second process is used: to check so many takes several times as long as its start.
MANY_ROWS = 50_000
_PROGRAM = "import sys; sys.path[:] = {path!r}; from tradebot.ledger.second_process import main; main()"
_Answer = Future[dict[str, Any]]
#: The newest audit row of each account, by its key.
Heads = Mapping[str, Head]


class SecondHalf:
    """The findings of the links and those of the tables, as of the row ``newest`` of each account's trail."""

    def __init__(
        self, engine: Engine, newest: Heads, covered: Covered, ask: Callable[[str], _Answer] | None = None
    ) -> None:
        self._engine = engine
        self._newest = newest
        self._covered = covered
        self._order = WriteOrder()
        self._ask = ask
        self._answer: _Answer | None = None

    def begin_tables(self, order: WriteOrder) -> None:
        """Tell the process what the tables are to be held against."""
        self._order = order
        if self._ask is not None:
            self._answer = self._ask(_text_of(order, self._covered))

    def links(self) -> list[Finding]:
        """The findings of the links, in order of the rows. Waits for the process."""
        found = self._answered("links")
        return list(check_links(self._engine, self._newest)) if found is None else found

    def tables(self) -> list[Finding]:
        """The contradictions between the tables. Waits for the process."""
        found = self._answered("tables")
        return list(check_tables(self._engine, self._order, self._covered)) if found is None else found

    def _answered(self, name: str) -> list[Finding] | None:
        """What the process has found; None where it did not answer."""
        if self._answer is not None:
            with suppress(OSError, ValueError, TypeError, LookupError):
                return [Finding(*parts) for parts in self._answer.result()[name]]
        return None


@contextmanager
def second_half(engine: Engine, newest: Heads, covered: Covered) -> Iterator[SecondHalf]:
    """Start the process where the trail has many rows. It checks the links meanwhile, and then the tables.

    It is killed where its answer is not waited for.
    """
    rows = sum(seq for seq, _ in newest.values())
    process = _start(engine.location, newest) if rows >= MANY_ROWS else None
    if process is None:
        yield SecondHalf(engine, newest, covered)
        return
    with process, ThreadPoolExecutor(1) as threads:
        try:
            yield SecondHalf(engine, newest, covered, lambda text: threads.submit(_talk, process, text))
        finally:
            process.kill()


def main() -> None:
    """Print the findings for the ledger and the heads as JSON.

    Input is the ledger's location in a line, and then the order of writes. The command line, which others can read,
    holds the heads alone.

    The tables are those of another moment where a head is another, and are left out.
    """
    gc.disable()
    with closing(open_engine(_location_of(sys.stdin.readline()))) as engine, engine.snapshot():
        newest = {account: (seq, hashed) for account, (seq, hashed) in json.loads(sys.argv[1]).items()}
        found = {"links": list(check_links(engine, newest))}
        order, covered = _order_of(sys.stdin.read())
        if {key: head for key, head in heads(engine).items() if key in covered.keys} == newest:
            found["tables"] = list(check_tables(engine, order, covered))
    parts = {name: [(each.table, each.row, each.message) for each in findings] for name, findings in found.items()}
    sys.stdout.write(json.dumps(parts))


def _start(location: LedgerLocation, newest: Heads) -> subprocess.Popen[bytes] | None:
    program = _PROGRAM.format(path=sys.path)
    with suppress(OSError):
        process = subprocess.Popen(
            [sys.executable, "-I", "-c", program, json.dumps(newest)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        with suppress(BrokenPipeError):  # it ended at once, which its answer will tell
            assert process.stdin is not None, "a pipe was asked for"
            process.stdin.write(f"{_text_of_location(location)}\n".encode())
            process.stdin.flush()
        return process
    return None


def _text_of_location(location: LedgerLocation) -> str:
    if isinstance(location, Path):
        return json.dumps([str(location)])
    return json.dumps([location.address, location.url.reveal()])


def _location_of(text: str) -> LedgerLocation:
    name, *url = json.loads(text)
    return LedgerServer(SecretText(url[0]), name) if url else Path(name)


def _talk(process: subprocess.Popen[bytes], text: str) -> dict[str, Any]:
    """What the process answers to ``text``; nothing where it fails. Raises ValueError for what is no JSON."""
    out, _ = process.communicate(text.encode())
    return dict(json.loads(out)) if process.returncode == 0 else {}


def _text_of(order: WriteOrder, covered: Covered) -> str:
    points = {
        account: [(point.booked, point.subject, point.cash) for point in points]
        for account, points in order.equity_points.items()
    }
    return json.dumps([points, list(order.moved_orders), covered.keys])


def _order_of(text: str) -> tuple[WriteOrder, Covered]:
    points, moved, keys = json.loads(text)
    order = WriteOrder(moved_orders={(account, name) for account, name in moved})
    for account, of_account in points.items():
        order.equity_points[account] = [EquityCash(*parts) for parts in of_account]
    return order, Covered(tuple(keys))

"""Verification that the history is unchanged: the file, the triggers, the hash chain, and the digests in it.

The tables are compared with the audit trail first. Only where they agree are they compared with each other
(recompute.py).
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from itertools import chain

from tradebot.errors import LedgerError
from tradebot.ledger.audit import CHAINED, Head, chain_starts, has_row, heads
from tradebot.ledger.compare_rows import compare_rows
from tradebot.ledger.covered import Covered
from tradebot.ledger.database import Database
from tradebot.ledger.engine import Engine
from tradebot.ledger.findings import Finding
from tradebot.ledger.openings import check_openings
from tradebot.ledger.packed_hashes import unpacked
from tradebot.ledger.row_keys import histories
from tradebot.ledger.second_process import second_half
from tradebot.ledger.trail_state import TrailState

#: The tables whose triggers refuse UPDATE and DELETE.
APPEND_ONLY = (*(chained.table for chained in CHAINED), "decisions", "audit")


@dataclass(frozen=True, slots=True)
class Verification:
    """The result of a verification, as of one moment."""

    findings: tuple[Finding, ...]  # empty for a sound ledger
    heads: Mapping[str, Head] = field(default_factory=dict)  # the newest audit row of each history, by its key
    #: The number of rows, by table, that an earlier version wrote without a digest: of these the audit trail proves
    #: that they were there, and not every column.
    not_covered: Mapping[str, int] = field(default_factory=dict)


def verify_ledger(database: Database) -> tuple[Finding, ...]:
    """The faults of a ledger by itself, without what is stored outside it; empty for a sound one."""
    return verify(database).findings


def verify_rows(engine: Engine, only: Collection[str]) -> tuple[Finding, ...]:
    """The faults of some histories by their rows alone, where the file around them may be damaged.

    Raises LedgerError for rows that cannot be read.
    """
    with engine.snapshot(), _without_collector():
        try:
            return _verify(engine, Covered.by(engine, only), (), None, None).findings
        except (ArithmeticError, LookupError, TypeError, ValueError) as error:
            raise LedgerError(f"Some of the rows cannot be understood ({error}).") from error


def verify(
    database: Database,
    known_heads: Collection[Head] = (),
    *,
    heads_outside: Callable[[], Collection[Head]] | None = None,
    home: int | None = None,
    only: Collection[str] | None = None,
) -> Verification:
    """Verify a ledger as of one moment, while others may write.

    known_heads: heads that the chain must have, because somebody was told of them.
    heads_outside: reads the heads stored outside the database. One that the chain lacks shows that the end of the chain
    was cut off or rewritten; one that the ledger knows to be there and is not was removed. None for a copy of a ledger.
    home: the number of the home that they are stored in; None where the ledger does not know it.
    only: the row keys of the histories to verify; None for all that could be proved when they were replaced.
    """
    # A job stores a head after it committed the row, and notes that after it stored it: so what is outside before the
    # snapshot is in it, and what the snapshot knows to be outside is there after it was taken.
    known = {*known_heads, *(heads_outside() if heads_outside else ())}
    engine = database.engine
    with _checking(engine) as damage, engine.snapshot(), _without_collector():
        try:
            found = _verify(engine, Covered.by(engine, only), known, heads_outside, home)
        except (LedgerError, ArithmeticError, LookupError, TypeError, ValueError):
            if damage():
                return Verification(_file(damage()))
            raise
        # the rows of a damaged file are not reliable
        return Verification(_file(damage())) if damage() else found


def _verify(
    engine: Engine,
    covered: Covered,
    known: Collection[Head],
    heads_outside: Callable[[], Collection[Head]] | None,
    home: int | None,
) -> Verification:
    trail = TrailState(chain_starts(engine))
    newest = {key: head for key, head in heads(engine).items() if key in covered.keys}
    with second_half(engine, newest, covered) as second:
        contradicted = [
            *(
                Finding(row["table"], _name_of(row["rowid"]), "refers to a row that is not there")
                for row in engine.dangling()
            ),
            *_triggers(engine),
            *_trail(engine, trail, known, covered),
        ]
        second.begin_tables(trail.order)
        contradicted += [
            *(_missing_heads(trail.heads.missing(heads_outside(), home)) if heads_outside else ()),
            *compare_rows(engine, trail, covered),
        ]
        contradicted = [*second.links(), *contradicted]
        derived = [] if contradicted else [*second.tables(), *check_openings(engine, covered)]
    findings = tuple(contradicted or derived)
    old = {table: rows.old_count for table, rows in trail.changing.items() if rows.old_count > 0}
    names = histories(engine)
    return Verification(findings, {names[key]: head for key, head in newest.items()}, old)


@contextmanager
def _checking(engine: Engine) -> Iterator[Callable[[], list[str]]]:
    """Let SQLite check the file on another processor meanwhile; gives a function that waits for the faults."""
    with ThreadPoolExecutor(1) as threads:
        yield threads.submit(_damage, engine).result


def _damage(engine: Engine) -> list[str]:
    with closing(engine.reopened()) as another:
        return another.damage()


def _file(damage: Iterable[str]) -> tuple[Finding, ...]:
    return tuple(Finding("file", "", line) for line in damage)


@contextmanager
def _without_collector() -> Iterator[None]:
    """Switch Python's collector of cycles off: there are none here, and it would look at each row again and again."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _name_of(rowid: object) -> str:
    """The name of a row in a finding. SQLite names none in a table that lies in the order of its key."""
    return "a row" if rowid is None else f"row {rowid}"


def _triggers(engine: Engine) -> Iterator[Finding]:
    for table, verb in engine.missing_guards(APPEND_ONLY):
        yield Finding(table, "", f"the trigger that refuses {verb} is gone or was changed")


def _trail(engine: Engine, trail: TrailState, known: Collection[Head], covered: Covered) -> Iterator[Finding]:
    """Apply each row of the audit trail to ``trail``, and look for the known heads."""
    lacking = set(known)
    rows = covered.tuples(engine, _OWN, "audit.account_key, audit.seq")
    if trail.heads.starts:
        rows = chain(covered.tuples(engine, _COMMON, "audit.seq"), rows)
    for seq, account, kind, subject, detail, digest, hashed in rows:
        try:
            fault = trail.apply(seq, account, kind, subject, detail, unpacked(digest))
        except (ArithmeticError, ValueError, KeyError, IndexError, TypeError):  # only a changed row is unreadable
            fault = "cannot be understood"
        if fault:
            yield Finding("audit", f"row {seq}", fault)
        if lacking:
            lacking.discard((seq, unpacked(hashed)))
    for seq, hashed in sorted(head for head in lacking if not has_row(engine, head)):  # one that is not covered may
        yield Finding(
            "audit", "", f"the chain does not hold the known head {seq}:{hashed}: it was cut off or rewritten"
        )


_ROWS = "SELECT audit.seq, audit.account_key, kind, subject, detail, digest, audit.hash FROM audit"
_START = " JOIN chain_starts AS start ON start.account_key = audit.account_key"
_COMMON = f"{_ROWS}{_START} WHERE audit.seq <= start.seq AND audit.account_key"
_OWN = f"{_ROWS} LEFT{_START} WHERE audit.seq > COALESCE(start.seq, 0) AND audit.account_key"


def _missing_heads(missing: Sequence[Head]) -> Iterator[Finding]:
    if missing:
        rows = (
            f"row {missing[0][0]}" if len(missing) == 1 else f"{len(missing)}, rows {missing[0][0]} to {missing[-1][0]}"
        )
        yield Finding("heads", "", f"chain heads that were stored outside the ledger are gone: {rows}")

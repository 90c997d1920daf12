"""Proving that history was not touched: the chain, the digests in it, the guards, and the file itself."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

from tradebot.core.orders import OrderState, may_move
from tradebot.ledger.audit import CHAINED, GENESIS, Chained, Kind, digest_of, digest_of_all, hash_of
from tradebot.ledger.database import Database
from tradebot.ledger.engine import Engine, Row

#: The tables whose rows can be neither changed nor deleted.
APPEND_ONLY = (*(chained.table for chained in CHAINED), "decisions", "audit")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing wrong: which row of which table (empty for the table or file as a whole), and what."""

    table: str
    row: str
    message: str

    def __str__(self) -> str:
        return f"{self.table} {self.row}".strip() + f": {self.message}"


@dataclass(slots=True)
class _Told:
    """What the audit trail tells about the other tables."""

    digests: dict[tuple[str, str, str], tuple[str, int]] = field(default_factory=dict)
    batches: list[tuple[int, int, str]] = field(default_factory=list)
    states: dict[tuple[str, str], OrderState] = field(default_factory=dict)


def verify(database: Database, known_heads: Collection[str] = ()) -> tuple[Finding, ...]:
    """Everything that is wrong with a ledger, the first bad row of each table first; empty when it is sound.

    ``known_heads`` are chain heads that were logged outside the database: one that the chain no longer holds shows
    that its end was cut off or rewritten.
    """
    engine = database.engine
    damage = tuple(Finding("file", "", line) for line in engine.damage())
    if damage:  # nothing that is read from a damaged file can be trusted
        return damage
    told = _Told()
    return (
        *(
            Finding(row["table"], f"row {row['rowid']}", "refers to a row that is not there")
            for row in engine.dangling()
        ),
        *_guards(engine),
        *_chain(engine, told, known_heads),
        *(finding for chained in CHAINED for finding in _rows(engine, chained, told)),
        *_decisions(engine, told),
        *_orders(engine, told),
    )


def guard(table: str, verb: str) -> str:
    """The trigger that keeps ``verb`` (UPDATE or DELETE) off a table."""
    return (
        f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} BEGIN"
        f" SELECT RAISE(ABORT, '{table} is append-only'); END"
    )


def _guards(engine: Engine) -> Iterator[Finding]:
    present = {" ".join(sql.split()) for sql in engine.triggers().values()}
    for table in APPEND_ONLY:
        for verb in ("UPDATE", "DELETE"):
            if guard(table, verb) not in present:
                yield Finding(table, "", f"the trigger that refuses {verb} is gone or was changed")


def _chain(engine: Engine, told: _Told, known_heads: Collection[str]) -> Iterator[Finding]:
    """Walk the audit trail once: check each link and take down what it tells."""
    previous_seq, previous_hash = 0, GENESIS
    missing_heads = set(known_heads) - {GENESIS}
    for row in engine.each("SELECT * FROM audit ORDER BY seq"):
        name = f"row {row['seq']}"
        if row["seq"] != previous_seq + 1:
            yield Finding("audit", name, f"rows {previous_seq + 1} to {row['seq'] - 1} before it are gone")
        elif row["prev_hash"] != previous_hash:
            yield Finding("audit", name, "does not follow from the row before it")
        if hash_of(row) != row["hash"]:
            yield Finding("audit", name, f"was changed ({row['kind']} {row['subject']})")
        missing_heads.discard(row["hash"])
        try:
            yield from _take_down(row, told)
        except (ValueError, KeyError):  # only a row that was changed can say what cannot be read
            yield Finding("audit", name, "cannot be understood")
        previous_seq, previous_hash = row["seq"], row["hash"]
    for head in sorted(missing_heads):
        yield Finding("audit", "", f"the chain does not hold the logged head {head}: it was cut off or rewritten")


def _take_down(row: Row, told: _Told) -> Iterator[Finding]:
    account, subject = row["account_key"], row["subject"]
    match row["kind"]:
        case Kind.INTENT_WRITTEN:
            told.states[account, subject] = OrderState.PLANNED
        case Kind.ORDER_MOVED:
            detail = json.loads(row["detail"])
            before, after = OrderState(detail["from"]), OrderState(detail["to"])
            if told.states.get((account, subject)) is not before or not may_move(before, after):
                yield Finding("audit", f"row {row['seq']}", f"{subject} cannot have gone from {before} to {after}")
            told.states[account, subject] = after
        case Kind.DECIDED:
            span = json.loads(row["detail"])
            told.batches.append((span["first"], span["last"], row["digest"]))
        case kind if row["digest"]:
            told.digests[kind, account, subject] = (row["digest"], row["seq"])


def _rows(engine: Engine, chained: Chained, told: _Told) -> Iterator[Finding]:
    """Each row against the digest that the trail has of it, and each digest against its row."""
    table = chained.table
    for row in engine.each(f"SELECT * FROM {table} ORDER BY seq"):
        subject = str(row[chained.key])
        digest, audit_seq = told.digests.pop((chained.kind, row["account_key"], subject), ("", 0))
        if not digest:
            yield Finding(table, subject, "was put in from outside: the audit trail does not know it")
        elif digest_of(row) != digest:
            yield Finding(table, subject, _difference(engine, row, audit_seq))
    for kind, _, subject in [key for key in told.digests if key[0] == chained.kind]:
        yield Finding(table, subject, f"is gone; the audit trail has it as {kind}")


def _difference(engine: Engine, row: Row, audit_seq: int) -> str:
    entry = engine.one("SELECT detail FROM audit WHERE seq = :seq", {"seq": audit_seq})
    booked = json.loads(entry["detail"]) if entry else {}
    changes = [f"{name} is {row[name]}, was {was}" for name, was in booked.items() if row.get(name) != was]
    return f"was changed: {', '.join(changes) or 'it does not match its digest'}"


def _decisions(engine: Engine, told: _Told) -> Iterator[Finding]:
    expected = 1
    for first, last, digest in told.batches:
        if first > expected:
            yield from _slipped_in(engine, expected, first - 1)
        rows = engine.all(
            "SELECT * FROM decisions WHERE seq >= :first AND seq <= :last ORDER BY seq", {"first": first, "last": last}
        )
        if digest_of_all(rows) != digest:
            yield Finding("decisions", f"rows {first} to {last}", "were changed, or some are gone")
        expected = last + 1
    yield from _slipped_in(engine, expected, None)


def _slipped_in(engine: Engine, first: int, last: int | None) -> Iterator[Finding]:
    rows = engine.all(
        "SELECT seq FROM decisions WHERE seq >= :first AND seq <= COALESCE(:last, seq) ORDER BY seq",
        {"first": first, "last": last},
    )
    for row in rows:
        yield Finding("decisions", f"row {row['seq']}", "was put in from outside: the audit trail does not know it")


def _orders(engine: Engine, told: _Told) -> Iterator[Finding]:
    for row in engine.each("SELECT account_key, client_order_id, state FROM orders ORDER BY seq"):
        state = told.states.pop((row["account_key"], row["client_order_id"]), None)
        if state is None:
            yield Finding("orders", row["client_order_id"], "was put in from outside: the audit trail does not know it")
        elif state != row["state"]:
            yield Finding("orders", row["client_order_id"], f"is {row['state']}; the audit trail has it {state}")
    for _, client_order_id in told.states:
        yield Finding("orders", client_order_id, "is gone")

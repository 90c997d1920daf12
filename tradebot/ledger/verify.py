"""Proving that history was not touched: the chain, the digests in it, the guards, and the file itself.

What the trail contradicts already is not checked further; where it contradicts nothing, the tables are held against
each other (recompute.py).
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from tradebot.core.model.account import CASH
from tradebot.core.model.breaks import BreakKind
from tradebot.core.model.orders import OrderState, Side, may_move
from tradebot.core.model.values import CENT, ZERO, canonical
from tradebot.core.results.audit_events import AuditKind
from tradebot.ledger.audit import CHAINED, GENESIS, ChainedTable, digest_of, digest_of_all, hash_of
from tradebot.ledger.database import Database
from tradebot.ledger.engine import Engine, Row, Value
from tradebot.ledger.findings import Finding
from tradebot.ledger.recompute import check_tables

#: An account, and what something is called in it.
Key = tuple[str, str]
_CASH_BREAK = f"{BreakKind.CASH} {CASH}"
#: The tables whose rows can be neither changed nor deleted.
APPEND_ONLY = (*(chained.table for chained in CHAINED), "decisions", "audit")


@dataclass(slots=True)
class _Told:
    """What the audit trail tells about the other tables."""

    digests: dict[tuple[str, str, str], tuple[str, int]] = field(default_factory=dict)
    batches: list[tuple[int, int, str]] = field(default_factory=list)
    orders: dict[Key, list[str]] = field(default_factory=dict)  # what was written of each, as JSON, in order
    states: dict[Key, OrderState] = field(default_factory=dict)
    holdings: dict[Key, str] = field(default_factory=dict)
    halts: list[tuple[str, dict[str, Value]]] = field(default_factory=list)  # latched and not cleared, by account
    peaks: dict[str, str] = field(default_factory=dict)  # by account
    cash: dict[str, Decimal] = field(default_factory=dict)  # by account, what was booked so far comes to
    cash_breaks: set[str] = field(default_factory=set)
    strange_cash: list[Finding] = field(default_factory=list)
    awaited: set[Key] = field(default_factory=set)  # orders that moved since the account was last looked at


def verify_ledger(database: Database, known_heads: Collection[str] = ()) -> tuple[Finding, ...]:
    """Everything that is wrong with a ledger, the first bad row of each table first; empty when it is sound.

    ``known_heads`` are chain heads that were logged outside the database: one that the chain no longer holds shows
    that its end was cut off or rewritten.
    """
    engine = database.engine
    damage = tuple(Finding("file", "", line) for line in engine.damage())
    if damage:  # nothing that is read from a damaged file can be trusted
        return damage
    told = _Told()
    contradicted = (
        *(
            Finding(row["table"], f"row {row['rowid']}", "refers to a row that is not there")
            for row in engine.dangling()
        ),
        *_guards(engine),
        *_chain(engine, told, known_heads),
        *(finding for chained in CHAINED for finding in _rows(engine, chained, told)),
        *_decisions(engine, told),
        *_orders(engine, told),
        *_holdings(engine, told),
        *_halts(engine, told),
        *_peaks(engine, told),
    )
    return contradicted or (*check_tables(engine, told.awaited), *told.strange_cash)


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
    key = (account, subject)
    match row["kind"]:
        case AuditKind.INTENT_WRITTEN | AuditKind.INTENT_REWRITTEN:
            told.states[key] = OrderState.PLANNED
            told.orders.setdefault(key, []).append(row["detail"])
        case AuditKind.ORDER_MOVED:
            detail = json.loads(row["detail"])
            before, after = OrderState(detail["from"]), OrderState(detail["to"])
            if told.states.get(key) is not before or not may_move(before, after):
                yield Finding("audit", f"row {row['seq']}", f"{subject} cannot have gone from {before} to {after}")
            told.states[key] = after
            told.orders.setdefault(key, []).append(row["detail"])
            told.awaited.add(key)
        case AuditKind.HOLDING_CHANGED:
            told.holdings[key] = row["detail"]
        case AuditKind.HOLDING_ENDED:
            told.holdings.pop(key, None)
        case AuditKind.HALT_LATCHED:
            told.halts.append((account, _halt_in(row)))
        case AuditKind.HALT_CLEARED:
            cleared = _halt_in(row)
            told.halts = [each for each in told.halts if each[0] != account or not _agree(each[1], cleared)]
        case AuditKind.PEAK_MOVED | AuditKind.PEAK_REBASED:
            told.peaks[account] = json.loads(row["detail"])["to"]
        case AuditKind.BREAK_OPENED if subject == _CASH_BREAK:
            told.cash_breaks.add(account)
        case AuditKind.BREAK_CLOSED if subject == _CASH_BREAK:
            told.cash_breaks.discard(account)
        case AuditKind.DECIDED:
            span = json.loads(row["detail"])
            told.batches.append((span["first"], span["last"], row["digest"]))
        case kind if row["digest"]:
            told.digests[kind, account, subject] = (row["digest"], row["seq"])
            _add_up(row, told)


def _add_up(row: Row, told: _Told) -> None:
    """Follow the cash from booking to booking, and hold each point of equity against it."""
    account, detail = row["account_key"], json.loads(row["detail"])
    if row["kind"] == AuditKind.EQUITY_RECORDED:
        told.awaited = {key for key in told.awaited if key[0] != account}
        here = told.cash.get(account)
        if here is None or account in told.cash_breaks or abs(here - Decimal(detail["cash"])) <= CENT:
            return
        what = f"cash is {detail['cash']}, and everything booked until then comes to {canonical(here)}"
        told.strange_cash.append(Finding("equity", row["subject"], what))
    elif moved := _cash_moved(row["kind"], detail):
        told.cash[account] = told.cash.get(account, ZERO) + moved


def _cash_moved(kind: str, detail: Mapping[str, str]) -> Decimal:
    if kind == AuditKind.FILL_BOOKED:
        cost = Decimal(detail["quantity"]) * Decimal(detail["price"])
        return -Side(detail["side"]).sign * cost - Decimal(detail["fee"])
    return Decimal(detail["amount"]) if kind in (AuditKind.CASH_BOOKED, AuditKind.ADJUSTMENT_BOOKED) else ZERO


def _rows(engine: Engine, chained: ChainedTable, told: _Told) -> Iterator[Finding]:
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
    for row in engine.each("SELECT * FROM orders ORDER BY seq"):
        written = told.orders.pop((row["account_key"], row["client_order_id"]), None)
        if written is None:
            yield Finding("orders", row["client_order_id"], "was put in from outside: the audit trail does not know it")
        else:
            yield from _changes("orders", row["client_order_id"], row, _as_written(written))
    for _, client_order_id in told.orders:
        yield Finding("orders", client_order_id, "is gone")


def _as_written(details: Sequence[str]) -> dict[str, Value]:
    """An intent's columns, as they were written down and moved since. One written anew was sent as often as before."""
    columns: dict[str, Value] = {}
    for number, text in enumerate(details):
        detail = json.loads(text)
        if "to" in detail:
            columns["state"] = detail.pop("to")
            del detail["from"]
        elif number:
            del detail["sends"]
        columns |= detail
    return columns


def _holdings(engine: Engine, told: _Told) -> Iterator[Finding]:
    for row in engine.each("SELECT * FROM holdings ORDER BY account_key, strategy, symbol"):
        name = f"{row['strategy']} {row['symbol']}"
        written = told.holdings.pop((row["account_key"], name), None)
        if written is None:
            yield Finding("holdings", name, "was put in from outside: the audit trail does not know it")
        else:
            yield from _changes("holdings", name, row, json.loads(written))
    for _, name in told.holdings:
        yield Finding("holdings", name, "is gone")


def _halt_in(row: Row) -> dict[str, Value]:
    """The columns of the halt that an audit row is about."""
    detail: dict[str, Value] = json.loads(row["detail"])
    return {name: value for name, value in detail.items() if name not in ("source", "cleared_reason")}


def _agree(latched: Mapping[str, Value], other: Row) -> bool:
    return all(other.get(name) == value for name, value in latched.items())


def _halts(engine: Engine, told: _Told) -> Iterator[Finding]:
    """The latched halts against those that the trail has latched and not cleared."""
    missing = list(told.halts)
    for row in engine.each("SELECT * FROM halts WHERE cleared_at IS NULL ORDER BY halt_id"):
        found = next((each for each in missing if each[0] == row["account_key"] and _agree(each[1], row)), None)
        if found is None:
            yield Finding("halts", row["rule"], "is latched, and the audit trail does not have it so")
        else:
            missing.remove(found)
    for _, halt in missing:
        yield Finding("halts", str(halt["rule"]), "was latched and never cleared, and is gone or was changed")


def _peaks(engine: Engine, told: _Told) -> Iterator[Finding]:
    for row in engine.each("SELECT account_key, peak_equity FROM accounts ORDER BY account_key"):
        peak = told.peaks.get(row["account_key"])
        if row["peak_equity"] != peak:
            what = f"the equity peak is {row['peak_equity']}; the audit trail has it {peak}"
            yield Finding("accounts", row["account_key"], what)


def _changes(table: str, name: str, row: Row, written: Mapping[str, Value]) -> Iterator[Finding]:
    changes = [
        f"{column} is {row[column]}; the audit trail has it {was}"
        for column, was in written.items()
        if row[column] != was
    ]
    if changes:
        yield Finding(table, name, ", ".join(changes))

"""Verification that the history is unchanged: the file, the triggers, the hash chain, and the digests in it.

The tables are compared with the audit trail first. Only where they agree are they compared with each other
(recompute.py).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from tradebot.core.model.account import CASH
from tradebot.core.model.breaks import BreakKind
from tradebot.core.model.orders import OrderState, Side, may_move
from tradebot.core.model.values import CENT, ZERO, canonical
from tradebot.core.results.audit_events import AuditKind
from tradebot.ledger.audit import CHAINED, GENESIS, ChainedTable, Head, digest_of, digest_of_all, hash_of
from tradebot.ledger.database import Database
from tradebot.ledger.engine import Engine, Row, Value
from tradebot.ledger.findings import Finding
from tradebot.ledger.kept_heads import noted_heads
from tradebot.ledger.openings import check_openings
from tradebot.ledger.recompute import check_tables

#: An account key and the name of a row within the account.
Key = tuple[str, str]
_CASH_BREAK = f"{BreakKind.CASH} {CASH}"
#: The tables whose triggers refuse UPDATE and DELETE.
APPEND_ONLY = (*(chained.table for chained in CHAINED), "decisions", "audit")


@dataclass(slots=True)
class _TrailState:
    """The state of the other tables by the audit trail. Each row of the trail is applied to it in turn."""

    #: Digest and number of the audit row by (kind, account, row) of an append-only table.
    digests: dict[tuple[str, str, str], tuple[str, int]] = field(default_factory=dict)
    batches: list[tuple[int, int, str]] = field(default_factory=list)  # first and last decision, digest of the batch
    orders: dict[Key, list[str]] = field(default_factory=dict)  # details of an order's audit rows, in order
    states: dict[Key, OrderState] = field(default_factory=dict)  # of orders
    holdings: dict[Key, str] = field(default_factory=dict)  # columns as JSON
    halts: list[tuple[str, dict[str, Value]]] = field(default_factory=list)  # account and columns of latched ones
    bare: dict[Key, list[dict[str, Value]]] = field(default_factory=dict)  # columns of the bare periods of a holding
    peaks: dict[str, str] = field(default_factory=dict)  # equity peak by account
    cash: dict[str, Decimal] = field(default_factory=dict)  # sum of the bookings so far by account, USD
    cash_breaks: set[str] = field(default_factory=set)  # accounts with an open break of cash
    cash_findings: list[Finding] = field(default_factory=list)
    moved_orders: set[Key] = field(default_factory=set)  # that moved since their account's newest equity point


def verify_ledger(
    database: Database,
    known_heads: Collection[Head] = (),
    *,
    heads_outside: Callable[[], Collection[Head]] | None = None,
) -> tuple[Finding, ...]:
    """The faults of a ledger as of one moment, by table and row; empty for a sound ledger. Others may write meanwhile.

    known_heads: heads that the chain must have, because somebody was told of them.
    heads_outside: reads the heads stored outside the database. One that the chain lacks shows that the end of the chain
    was cut off or rewritten; one that the ledger knows to be there and is not was removed. None for a copy of a ledger.
    """
    # A job stores a head after it committed the row, and notes that after it stored it: so what is outside before the
    # snapshot is in it, and what the snapshot knows to be outside is there after it was taken.
    known = {*known_heads, *(heads_outside() if heads_outside else ())}
    engine = database.engine
    with engine.snapshot():
        damage = tuple(Finding("file", "", line) for line in engine.damage())
        if damage:  # the rows of a damaged file are not reliable
            return damage
        trail = _TrailState()
        gone = _missing_heads(engine, heads_outside()) if heads_outside else ()
        return (*gone, *_compare(engine, trail, known))


def _missing_heads(engine: Engine, outside: Collection[Head]) -> Iterator[Finding]:
    missing = noted_heads(engine).missing(outside)
    if missing:
        rows = (
            f"row {missing[0][0]}" if len(missing) == 1 else f"{len(missing)}, rows {missing[0][0]} to {missing[-1][0]}"
        )
        yield Finding("heads", "", f"chain heads that were stored outside the ledger are gone: {rows}")


def _compare(engine: Engine, trail: _TrailState, known: Collection[Head]) -> tuple[Finding, ...]:
    contradicted = (
        *(
            Finding(row["table"], f"row {row['rowid']}", "refers to a row that is not there")
            for row in engine.dangling()
        ),
        *_triggers(engine),
        *_chain(engine, trail, known),
        *(finding for chained in CHAINED for finding in _rows(engine, chained, trail)),
        *_decisions(engine, trail),
        *_orders(engine, trail),
        *_holdings(engine, trail),
        *_halts(engine, trail),
        *_bare_periods(engine, trail),
        *_peaks(engine, trail),
    )
    return contradicted or (
        *check_tables(engine, trail.moved_orders),
        *check_openings(engine),
        *trail.cash_findings,
    )


def trigger_sql(table: str, verb: str) -> str:
    """The SQL of the trigger that refuses ``verb`` (UPDATE or DELETE) on a table."""
    return (
        f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} BEGIN"
        f" SELECT RAISE(ABORT, '{table} is append-only'); END"
    )


def _triggers(engine: Engine) -> Iterator[Finding]:
    present = {" ".join(sql.split()) for sql in engine.triggers().values()}
    for table in APPEND_ONLY:
        for verb in ("UPDATE", "DELETE"):
            if trigger_sql(table, verb) not in present:
                yield Finding(table, "", f"the trigger that refuses {verb} is gone or was changed")


def _chain(engine: Engine, trail: _TrailState, known: Collection[Head]) -> Iterator[Finding]:
    """Check each link of the chain, and apply each row to ``trail``."""
    previous_seq, previous_hash = 0, GENESIS
    lacking = set(known)
    for row in engine.each("SELECT * FROM audit ORDER BY seq"):
        name = f"row {row['seq']}"
        if row["seq"] != previous_seq + 1:
            yield Finding("audit", name, f"rows {previous_seq + 1} to {row['seq'] - 1} before it are gone")
        elif row["prev_hash"] != previous_hash:
            yield Finding("audit", name, "does not follow from the row before it")
        if hash_of(row) != row["hash"]:
            yield Finding("audit", name, f"was changed ({row['kind']} {row['subject']})")
        lacking.discard((row["seq"], row["hash"]))
        try:
            yield from _apply(row, trail)
        except (ValueError, KeyError):  # only a changed row is unreadable
            yield Finding("audit", name, "cannot be understood")
        previous_seq, previous_hash = row["seq"], row["hash"]
    for seq, head in sorted(lacking):
        yield Finding("audit", "", f"the chain does not hold the known head {seq}:{head}: it was cut off or rewritten")


def _apply(row: Row, trail: _TrailState) -> Iterator[Finding]:
    account, subject = row["account_key"], row["subject"]
    key = (account, subject)
    match row["kind"]:
        case AuditKind.INTENT_WRITTEN | AuditKind.INTENT_REWRITTEN:
            trail.states[key] = OrderState.PLANNED
            trail.orders.setdefault(key, []).append(row["detail"])
        case AuditKind.ORDER_MOVED:
            detail = json.loads(row["detail"])
            before, after = OrderState(detail["from"]), OrderState(detail["to"])
            if trail.states.get(key) is not before or not may_move(before, after):
                yield Finding("audit", f"row {row['seq']}", f"{subject} cannot have gone from {before} to {after}")
            trail.states[key] = after
            trail.orders.setdefault(key, []).append(row["detail"])
            trail.moved_orders.add(key)
        case AuditKind.HOLDING_CHANGED:
            trail.holdings[key] = row["detail"]
        case AuditKind.HOLDING_ENDED:
            trail.holdings.pop(key, None)
        case AuditKind.HALT_LATCHED:
            trail.halts.append((account, _halt_in(row)))
        case AuditKind.HALT_CHANGED:
            _change_halts(trail, account, subject, json.loads(row["detail"]))
        case AuditKind.HALT_CLEARED:
            cleared = _halt_in(row)
            trail.halts = [each for each in trail.halts if each[0] != account or not _matches(each[1], cleared)]
        case AuditKind.BARE_BEGAN:
            trail.bare.setdefault(key, []).append(json.loads(row["detail"]))
        case AuditKind.BARE_ENDED:
            trail.bare[key][-1] = json.loads(row["detail"])
        case AuditKind.PEAK_MOVED | AuditKind.PEAK_REBASED:
            trail.peaks[account] = json.loads(row["detail"])["to"]
        case AuditKind.DIFFERENCE_SEEN | AuditKind.BREAK_OPENED if subject == _CASH_BREAK:
            trail.cash_breaks.add(account)
        case AuditKind.DIFFERENCE_GONE | AuditKind.BREAK_CLOSED if subject == _CASH_BREAK:
            trail.cash_breaks.discard(account)
        case AuditKind.DECIDED:
            span = json.loads(row["detail"])
            trail.batches.append((span["first"], span["last"], row["digest"]))
        case kind if row["digest"]:
            trail.digests[kind, account, subject] = (row["digest"], row["seq"])
            _follow_cash(row, trail)


def _follow_cash(row: Row, trail: _TrailState) -> None:
    """Add up the bookings of cash, and compare the sum with each equity point."""
    account, detail = row["account_key"], json.loads(row["detail"])
    if row["kind"] == AuditKind.EQUITY_RECORDED:
        trail.moved_orders = {key for key in trail.moved_orders if key[0] != account}
        here = trail.cash.get(account)
        if here is None or account in trail.cash_breaks or abs(here - Decimal(detail["cash"])) <= CENT:
            return
        what = f"cash is {detail['cash']}, and everything booked until then comes to {canonical(here)}"
        trail.cash_findings.append(Finding("equity", row["subject"], what))
    elif moved := _cash_change(row["kind"], detail):
        trail.cash[account] = trail.cash.get(account, ZERO) + moved


def _cash_change(kind: str, detail: Mapping[str, str]) -> Decimal:
    if kind == AuditKind.FILL_BOOKED:
        cost = Decimal(detail["quantity"]) * Decimal(detail["price"])
        return -Side(detail["side"]).sign * cost - Decimal(detail["fee"])
    return Decimal(detail["amount"]) if kind in (AuditKind.CASH_BOOKED, AuditKind.ADJUSTMENT_BOOKED) else ZERO


def _rows(engine: Engine, chained: ChainedTable, trail: _TrailState) -> Iterator[Finding]:
    """Compare each row with its digest in the trail, and find digests without a row."""
    table = chained.table
    for row in engine.each(f"SELECT * FROM {table} ORDER BY seq"):
        subject = str(row[chained.key])
        digest, audit_seq = trail.digests.pop((chained.kind, row["account_key"], subject), ("", 0))
        if not digest:
            yield Finding(table, subject, "was put in from outside: the audit trail does not know it")
        elif digest_of(row) != digest:
            yield Finding(table, subject, _difference(engine, row, audit_seq))
    for kind, _, subject in [key for key in trail.digests if key[0] == chained.kind]:
        yield Finding(table, subject, f"is gone; the audit trail has it as {kind}")


def _difference(engine: Engine, row: Row, audit_seq: int) -> str:
    entry = engine.one("SELECT detail FROM audit WHERE seq = :seq", {"seq": audit_seq})
    booked = json.loads(entry["detail"]) if entry else {}
    changes = [f"{name} is {row[name]}, was {was}" for name, was in booked.items() if row.get(name) != was]
    return f"was changed: {', '.join(changes) or 'it does not match its digest'}"


def _decisions(engine: Engine, trail: _TrailState) -> Iterator[Finding]:
    expected = 1
    for first, last, digest in trail.batches:
        if first > expected:
            yield from _inserted(engine, expected, first - 1)
        rows = engine.all(
            "SELECT * FROM decisions WHERE seq >= :first AND seq <= :last ORDER BY seq", {"first": first, "last": last}
        )
        if digest_of_all(rows) != digest:
            yield Finding("decisions", f"rows {first} to {last}", "were changed, or some are gone")
        expected = last + 1
    yield from _inserted(engine, expected, None)


def _inserted(engine: Engine, first: int, last: int | None) -> Iterator[Finding]:
    rows = engine.all(
        "SELECT seq FROM decisions WHERE seq >= :first AND seq <= COALESCE(:last, seq) ORDER BY seq",
        {"first": first, "last": last},
    )
    for row in rows:
        yield Finding("decisions", f"row {row['seq']}", "was put in from outside: the audit trail does not know it")


def _orders(engine: Engine, trail: _TrailState) -> Iterator[Finding]:
    for row in engine.each("SELECT * FROM orders ORDER BY seq"):
        written = trail.orders.pop((row["account_key"], row["client_order_id"]), None)
        if written is None:
            yield Finding("orders", row["client_order_id"], "was put in from outside: the audit trail does not know it")
        else:
            yield from _changes("orders", row["client_order_id"], row, _expected_columns(written))
    for _, client_order_id in trail.orders:
        yield Finding("orders", client_order_id, "is gone")


def _expected_columns(details: Sequence[str]) -> dict[str, Value]:
    """The columns of an order after its audit rows. A replaced intent keeps its number of submissions."""
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


def _holdings(engine: Engine, trail: _TrailState) -> Iterator[Finding]:
    for row in engine.each("SELECT * FROM holdings ORDER BY account_key, strategy, symbol"):
        name = f"{row['strategy']} {row['symbol']}"
        written = trail.holdings.pop((row["account_key"], name), None)
        if written is None:
            yield Finding("holdings", name, "was put in from outside: the audit trail does not know it")
        else:
            yield from _changes("holdings", name, row, json.loads(written))
    for _, name in trail.holdings:
        yield Finding("holdings", name, "is gone")


def _halt_in(row: Row) -> dict[str, Value]:
    """The columns of the halt in an audit row."""
    detail: dict[str, Value] = json.loads(row["detail"])
    return {name: value for name, value in detail.items() if name not in ("source", "cleared_reason")}


def _change_halts(trail: _TrailState, account: str, rule: str, detail: Mapping[str, Value]) -> None:
    """Change the latched halts of a rule as an audit row says; columns that a halt was latched without stay out."""
    for key, halt in trail.halts:
        if (key, halt["rule"], halt["since"]) == (account, rule, detail["since"]):
            halt.update({name: value for name, value in detail.items() if name in halt})


def _matches(latched: Mapping[str, Value], other: Row) -> bool:
    return all(other.get(name) == value for name, value in latched.items())


def _halts(engine: Engine, trail: _TrailState) -> Iterator[Finding]:
    """Compare the latched halts with those of the trail."""
    missing = list(trail.halts)
    for row in engine.each("SELECT * FROM halts WHERE cleared_at IS NULL ORDER BY halt_id"):
        match = next((each for each in missing if each[0] == row["account_key"] and _matches(each[1], row)), None)
        if match is None:
            yield Finding("halts", row["rule"], "is latched, and the audit trail does not have it so")
        else:
            missing.remove(match)
    for _, halt in missing:
        yield Finding("halts", str(halt["rule"]), "was latched and never cleared, and is gone or was changed")


def _bare_periods(engine: Engine, trail: _TrailState) -> Iterator[Finding]:
    for row in engine.each("SELECT * FROM bare_periods ORDER BY period_id"):
        name = f"{row['strategy']} {row['symbol']}"
        written = trail.bare.get((row["account_key"], name))
        if written:
            yield from _changes("bare_periods", name, row, written.pop(0))
        else:
            yield Finding("bare_periods", name, "was put in from outside: the audit trail does not know it")
    for _, name in (key for key, left in trail.bare.items() if left):
        yield Finding("bare_periods", name, "is gone")


def _peaks(engine: Engine, trail: _TrailState) -> Iterator[Finding]:
    for row in engine.each("SELECT account_key, peak_equity FROM accounts ORDER BY account_key"):
        peak = trail.peaks.get(row["account_key"])
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

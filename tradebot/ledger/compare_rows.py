"""Comparison of the tables with the state that the audit trail gives them: rows changed, put in or gone."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence

from tradebot.ledger.audit import CHAINED, ChainedTable, digest_of, digest_of_all, digest_of_values, sorted_names
from tradebot.ledger.covered import Covered
from tradebot.ledger.engine import Engine, Row, Value
from tradebot.ledger.findings import Finding
from tradebot.ledger.row_keys import owners
from tradebot.ledger.told_columns import holding_subject, whole_holding
from tradebot.ledger.trail_state import ChangingRows, TrailState, matches, parsed

_FROM_OUTSIDE = "was put in from outside: the audit trail does not know it"


def compare_rows(engine: Engine, trail: TrailState, covered: Covered) -> Iterator[Finding]:
    """The contradictions between the audit trail and the rows of the other tables."""
    own = owners(engine)
    for chained in CHAINED:
        yield from _digested(engine, chained, trail, covered, own)
    yield from _decisions(engine, trail, covered, own)
    yield from _orders(engine, trail, covered)
    yield from _holdings(engine, trail, covered)
    for rows in trail.changing.values():
        yield from _changing(engine, rows, covered, own)
    yield from _old_halts(engine, trail, covered)
    yield from _bare_periods(engine, trail, covered)
    yield from _peaks(engine, trail, covered)


def _digested(
    engine: Engine, chained: ChainedTable, trail: TrailState, covered: Covered, own: Mapping[str, str]
) -> Iterator[Finding]:
    """Compare each row with its digest in the trail, and find digests without a row."""
    table = chained.table
    digests = trail.digests.pop(chained.kind, {})
    if not (columns := engine.columns(table)):
        yield Finding(table, "", "the table is gone")
        return
    names, begins = sorted_names(columns)
    account, key = names.index("account_key"), names.index(chained.key)
    select = f"SELECT {', '.join(names)} FROM {table} WHERE account_key"
    for values in covered.tuples(engine, select, "account_key, seq"):
        subject = str(values[key])
        digest, audit_seq = digests.pop((values[account], subject), ("", 0))
        if not digest:
            yield Finding(table, subject, _FROM_OUTSIDE)
        elif digest_of_values(begins, values, own[values[account]]) != digest:
            row = dict(zip(names, values, strict=True))
            yield Finding(table, subject, _difference(engine, row, audit_seq))
    for _, subject in digests:
        yield Finding(table, subject, f"is gone; the audit trail has it as {chained.kind}")


def _difference(engine: Engine, row: Row, audit_seq: int) -> str:
    entry = engine.one(
        "SELECT detail FROM audit WHERE account_key = :account_key AND seq = :seq",
        {"account_key": row["account_key"], "seq": audit_seq},
    )
    booked = json.loads(entry["detail"]) if entry else {}
    booked.pop("account_key", None)  # the account's own, which the row does not have
    changes = [f"{name} is {row.get(name)}, was {was}" for name, was in booked.items() if row.get(name) != was]
    return f"was changed: {', '.join(changes) or 'it does not match its digest'}"


def _decisions(engine: Engine, trail: TrailState, covered: Covered, own: Mapping[str, str]) -> Iterator[Finding]:
    for key in covered.keys:
        yield from _decisions_of(engine, key, trail.batches.get(key, ()), own[key])


def _decisions_of(
    engine: Engine, account: str, batches: Sequence[tuple[int, int, str]], own_key: str
) -> Iterator[Finding]:
    expected = 1
    for first, last, digest in batches:
        if first > expected:
            yield from _inserted(engine, account, expected, first - 1)
        rows = engine.all(
            "SELECT * FROM decisions WHERE account_key = :account AND seq >= :first AND seq <= :last ORDER BY seq",
            {"account": account, "first": first, "last": last},
        )
        if digest_of_all(rows, own_key) != digest:
            yield Finding("decisions", f"rows {first} to {last}", "were changed, or some are gone")
        expected = last + 1
    yield from _inserted(engine, account, expected, None)


def _inserted(engine: Engine, account: str, first: int, last: int | None) -> Iterator[Finding]:
    rows = engine.all(
        "SELECT seq FROM decisions WHERE account_key = :account AND seq >= :first AND seq <= COALESCE(:last, seq)"
        " ORDER BY seq",
        {"account": account, "first": first, "last": last},
    )
    for row in rows:
        yield Finding("decisions", f"row {row['seq']}", _FROM_OUTSIDE)


def _orders(engine: Engine, trail: TrailState, covered: Covered) -> Iterator[Finding]:
    for row in covered.each(engine, "SELECT * FROM orders WHERE account_key", "account_key, seq"):
        name = row["client_order_id"]
        written = trail.orders.pop((row["account_key"], name), None)
        if written is None:
            yield Finding("orders", name, _FROM_OUTSIDE)
        else:
            yield from _changes("orders", name, row, written)
    for _, name in trail.orders:
        yield Finding("orders", name, "is gone")


def _holdings(engine: Engine, trail: TrailState, covered: Covered) -> Iterator[Finding]:
    for row in covered.each(engine, "SELECT * FROM holdings WHERE account_key", "account_key, strategy, symbol"):
        name = holding_subject(row)
        written = trail.holdings.pop((row["account_key"], name), None)
        if written is None:
            yield Finding("holdings", name, _FROM_OUTSIDE)
        else:
            yield from _changes("holdings", name, row, whole_holding(name, parsed(written)))
    for _, name in trail.holdings:
        yield Finding("holdings", name, "is gone")


def _changing(engine: Engine, rows: ChangingRows, covered: Covered, own: Mapping[str, str]) -> Iterator[Finding]:
    """Compare each row with its newest state. Of the rows without a digest the trail has at least the number."""
    table, key = rows.table.table, rows.table.key
    old, left = 0, set(rows.states) | set(rows.old)
    for row in covered.each(engine, f"SELECT * FROM {table} WHERE account_key", f"account_key, {key}"):
        name, number = f"{key} {row[key]}", (row["account_key"], row[key])
        left.discard(number)
        if number in rows.states:
            digest, columns = rows.states[number]
            state = rows.table.state_of(row)
            if digest_of(state, own[row["account_key"]]) != digest:
                yield Finding(table, name, _changed_state(rows, row, columns))
            continue
        old += 1
        if number in rows.old:
            yield from _changes(table, name, row, rows.old[number])
        elif rows.old or not rows.old_count:
            yield Finding(table, name, _FROM_OUTSIDE)
            old -= 1
    for _, gone in sorted(left):
        yield Finding(table, f"{key} {gone}", "is gone")
    if not rows.old and old != rows.old_count:
        what = f"{old} rows of earlier versions are there, and the audit trail has {rows.old_count}"
        yield Finding(table, "", what)


def _changed_state(rows: ChangingRows, row: Row, columns: Mapping[str, Value]) -> str:
    changes = [
        f"{name} is {value}; the audit trail has it {columns.get(name)}"
        for name, value in row.items()
        if name not in (*rows.table.outside, "account_key")
        and (rows.table.told is None or name in columns)
        and value != columns.get(name)
    ]
    return ", ".join(changes) or "it does not match its digest"


def _old_halts(engine: Engine, trail: TrailState, covered: Covered) -> Iterator[Finding]:
    """Compare the latched halts of earlier versions with those of the trail."""
    missing, digested = list(trail.old_halts), trail.changing["halts"].states
    latched = "SELECT * FROM halts WHERE cleared_at IS NULL AND account_key"
    for row in covered.each(engine, latched, "account_key, halt_id"):
        if (row["account_key"], row["halt_id"]) in digested:
            continue
        match = next((each for each in missing if each[0] == row["account_key"] and matches(each[1], row)), None)
        if match is None:
            yield Finding("halts", row["rule"], "is latched, and the audit trail does not have it so")
        else:
            missing.remove(match)
    for _, halt in missing:
        yield Finding("halts", str(halt["rule"]), "was latched and never cleared, and is gone or was changed")


def _bare_periods(engine: Engine, trail: TrailState, covered: Covered) -> Iterator[Finding]:
    for row in covered.each(engine, "SELECT * FROM bare_periods WHERE account_key", "account_key, period_id"):
        name = f"{row['strategy']} {row['symbol']}"
        written = trail.bare.get((row["account_key"], name))
        if written:
            yield from _changes("bare_periods", name, row, written.pop(0))
        else:
            yield Finding("bare_periods", name, _FROM_OUTSIDE)
    for _, name in (key for key, left in trail.bare.items() if left):
        yield Finding("bare_periods", name, "is gone")


def _peaks(engine: Engine, trail: TrailState, covered: Covered) -> Iterator[Finding]:
    peaks = "SELECT account_key, history, peak_equity FROM accounts WHERE account_key"
    for row in covered.each(engine, peaks, "account_key"):
        peak = trail.peaks.get(row["account_key"])
        if row["peak_equity"] != peak:
            what = f"the equity peak is {row['peak_equity']}; the audit trail has it {peak}"
            yield Finding("accounts", row["history"], what)


def _changes(table: str, name: str, row: Row, written: Mapping[str, Value]) -> Iterator[Finding]:
    if written.items() <= row.items():
        return
    changes = [
        f"{column} is {row[column]}; the audit trail has it {was}"
        for column, was in written.items()
        if row[column] != was and column != "account_key"  # the account's own, which the row does not have
    ]
    if changes:
        yield Finding(table, name, ", ".join(changes))

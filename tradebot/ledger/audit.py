"""The audit trail: one row for each write, hashed together with the hash of the row before it of the same account.

A row of an append-only table leaves its digest in the trail, and a row that changes one of each of its states, so that
verify.py finds changed, deleted and inserted rows. Of the tables that grow fastest the trail repeats few columns beside
the digest, and no row repeats the hash of the row before it, as those of earlier versions do: the bytes of a fill were
mostly these. Whoever can rewrite the whole file can rewrite the whole chain: its
head is therefore stored outside as well, and told with alerts and heartbeats.

Until schema 6 all accounts of a ledger shared one chain. Where they were several, each account's own chain begins at
the end of the common one (the table ``chain_starts``).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property, lru_cache
from hashlib import sha256

from tradebot.core.model.texts import encodable
from tradebot.core.results.audit_events import AuditKind
from tradebot.ledger.codec import canonical_json, quoted, stamp
from tradebot.ledger.engine import Engine, Row, Value
from tradebot.ledger.numbers import insert_numbered
from tradebot.ledger.packed_hashes import packed, unpacked
from tradebot.ledger.row_keys import histories

#: Number and hash of an audit row. The hash covers the account, so it tells the account's rows apart from all others.
Head = tuple[int, str]
#: The hash before the first row's.
GENESIS = "0" * 64


@dataclass(frozen=True, slots=True)
class ChainedTable:
    """An append-only table whose rows are digested one by one."""

    table: str
    key: str  # the column that identifies a row within its account
    kind: AuditKind  # of the audit rows that carry the digests
    #: The columns that stand in the trail as well, for whoever reads it alone; None: all. The digest covers every one.
    told: tuple[str, ...] | None = None


FILLS = ChainedTable("fills", "fill_id", AuditKind.FILL_BOOKED, ("symbol", "side", "quantity", "price", "at"))
CASH_EVENTS = ChainedTable("cash_events", "event_id", AuditKind.CASH_BOOKED)
SPLITS = ChainedTable("corporate_actions", "event_id", AuditKind.SPLIT_BOOKED)
REORGANISATIONS = ChainedTable("reorganisations", "event_id", AuditKind.REORGANISATION_BOOKED)
ADJUSTMENTS = ChainedTable("adjustments", "adjustment_id", AuditKind.ADJUSTMENT_BOOKED)
LOT_CLOSURES = ChainedTable("trades", "trade_id", AuditKind.TRADE_CLOSED, ("pnl",))
EQUITY = ChainedTable("equity", "seq", AuditKind.EQUITY_RECORDED, ("equity", "cash", "unprotected"))
CLOSES = ChainedTable("closes", "session", AuditKind.CLOSE_RECORDED, ("equity", "cash"))
MISSED = ChainedTable("missed", "turn", AuditKind.JOB_MISSED)
ALERTS = ChainedTable("alerts", "seq", AuditKind.ALERT_RAISED, ("level", "title"))
STRATEGY_SESSIONS = ChainedTable("strategy_sessions", "seq", AuditKind.STRATEGY_SPOKE)
STRATEGY_VERSIONS = ChainedTable("strategy_versions", "seq", AuditKind.STRATEGY_CHANGED)
LIMITS_USED = ChainedTable("limits_used", "seq", AuditKind.LIMITS_USED, ())
SIGNALS = ChainedTable("signals", "seq", AuditKind.SIGNALS_GIVEN)
DECISION_SETTINGS = ChainedTable("decision_settings", "seq", AuditKind.SETTINGS_USED, ("digest",))
DECISION_INPUTS = ChainedTable("decision_inputs", "seq", AuditKind.INPUTS_USED, ("session",))
OPENINGS = ChainedTable("openings", "seq", AuditKind.ACCOUNT_OPENED)
#: The later generations of an account, see generations.py.
GENERATIONS = ChainedTable("generations", "seq", AuditKind.GENERATION_BEGAN)
#: Where an account lives, see moves.py.
MOVES = ChainedTable("moves", "seq", AuditKind.ACCOUNT_MOVED)
#: The tables of changes to cash and positions. Their rows share one numbering within an account.
ACTIVITIES = (FILLS, CASH_EVENTS, SPLITS, REORGANISATIONS, ADJUSTMENTS)
CHAINED = (
    *ACTIVITIES,
    LOT_CLOSURES,
    EQUITY,
    CLOSES,
    ALERTS,
    MISSED,
    STRATEGY_SESSIONS,
    STRATEGY_VERSIONS,
    SIGNALS,
    DECISION_SETTINGS,
    DECISION_INPUTS,
    LIMITS_USED,
    OPENINGS,
    GENERATIONS,
    MOVES,
)


@dataclass(frozen=True, slots=True)
class ChangingTable:
    """A table whose rows change. Each state of a row is digested, in the transaction that makes it."""

    table: str
    key: str  # the column that identifies a row
    outside: frozenset[str] = frozenset()  # of wall-clock time, process or home: two replays differ in them
    told: tuple[str, ...] | None = None  # the columns that stand in the trail as well; None: all

    def state_of(self, row: Mapping[str, Value]) -> dict[str, Value]:
        """The columns of a row that are digested. NULL ones are left out: a later version may add nullable columns."""
        return {name: value for name, value in row.items() if value is not None and name not in self.outside}


RUNS = ChangingTable(
    "runs", "run_id", frozenset({"started_wall", "ended_wall", "pid", "home_id"}), ("job", "status", "exit_code")
)
HALTS = ChangingTable("halts", "halt_id")
BREAKS = ChangingTable("breaks", "break_id")
CHANGING = (RUNS, HALTS, BREAKS)
#: In the detail of an audit row about a break: the break is new. Its kind does not tell.
NEW = "new"


def digest_of(row: Mapping[str, Value], account: str) -> str:
    """SHA-256 over the canonical JSON of a row as hex, with the account's own key in the place of the row's.

    NULL columns are left out: a later version may add columns.
    """
    names, begins = sorted_names(tuple(row))
    return digest_of_values(begins, [row[name] for name in names], account)


def digest_of_values(begins: Iterable[str], values: Iterable[Value], account: str) -> str:
    """The digest of a row whose values stand in the order of ``sorted_names``."""
    parts = [
        begin + (quoted(account if begin is _ACCOUNT else value) if isinstance(value, str) else str(value))
        for begin, value in zip(begins, values, strict=True)
        if value is not None
    ]
    return sha256(f"{{{','.join(parts)}}}".encode()).hexdigest()


def digest_of_all(rows: Iterable[Mapping[str, Value]], account: str) -> str:
    """SHA-256 over the digests of rows, in order, as hex."""
    return sha256(canonical_json([digest_of(row, account) for row in rows]).encode()).hexdigest()


#: How the account's key begins in the JSON of a row.
_ACCOUNT = '"account_key":'
#: The columns that the hash of an audit row is made from, in order, all hashes in hex.
HASHED = ("seq", "at", "account_key", "kind", "subject", "detail", "digest", "prev_hash")


def hash_of_columns(
    seq: int, at: str, account: str, kind: str, subject: str, detail: str, digest: str, previous: str
) -> str:
    """SHA-256 over the canonical JSON of the columns ``HASHED`` of an audit row as hex. ``account``: its own key."""
    names = f"{quoted(at)},{quoted(account)},{quoted(kind)},{quoted(subject)}"
    return sha256(f"[{seq},{names},{quoted(detail)},{quoted(digest)},{quoted(previous)}]".encode()).hexdigest()


@lru_cache
def sorted_names(columns: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The names of columns in order, and with each its beginning in JSON."""
    names = tuple(sorted(columns))
    return names, tuple(_ACCOUNT if name == "account_key" else f"{quoted(name)}:" for name in names)


def chain_starts(engine: Engine) -> dict[str, Head]:
    """Where the chain of each account leaves the common chain of all; only of accounts that had rows in one."""
    rows = engine.all("SELECT account_key, seq, hash FROM chain_starts")
    return {row["account_key"]: (row["seq"], row["hash"]) for row in rows}


def head(engine: Engine, row_key: str) -> Head:
    """The number and the hash of the newest audit row of a history; 0 and GENESIS where it has none.

    Before its first row of its own that is the row of the common chain that its chain begins at.
    """
    return max(_newest_row(engine, row_key), chain_start(engine, row_key))


def chain_start(engine: Engine, row_key: str) -> Head:
    """Where the chain of a history begins: at the end of the common chain, or at 0 and GENESIS."""
    select = "SELECT seq, hash FROM chain_starts WHERE account_key = :account_key"
    row = engine.one(select, {"account_key": row_key})
    return (row["seq"], row["hash"]) if row else (0, GENESIS)


def _newest_row(engine: Engine, row_key: str) -> Head:
    newest = "SELECT seq, hash FROM audit WHERE account_key = :account_key ORDER BY seq DESC LIMIT 1"
    row = engine.one(newest, {"account_key": row_key})
    return (row["seq"], unpacked(row["hash"])) if row else (0, GENESIS)


def heads(engine: Engine) -> dict[str, Head]:
    """The head of each history that has any, by the key of its rows."""
    newest = {key: head(engine, key) for key in sorted(histories(engine))}
    return {key: each for key, each in newest.items() if each[0]}


def has_row(engine: Engine, row: Head) -> bool:
    """Whether any history has the audit row with this number and hash."""
    found = engine.one(
        "SELECT 1 AS found FROM accounts JOIN audit ON audit.account_key = accounts.account_key"
        " WHERE audit.seq = :seq AND audit.hash = :hash",
        {"seq": row[0], "hash": packed(row[1])},
    )
    return found is not None


class AuditTrail:
    """The audit trail as one account writes it. Rows are appended in the transaction of the write that they record.

    account_key: of the rows of the account's history.
    account: its own key.
    """

    def __init__(self, engine: Engine, account_key: str, account: str) -> None:
        self._engine = engine
        self.account_key = account_key
        self.account = account

    @cached_property
    def _start(self) -> Head:
        return chain_start(self._engine, self.account_key)

    def append(self, kind: str, subject: str, at: datetime, detail: Mapping[str, object], digest: str = "") -> None:
        """Add one row to the chain."""
        self._engine.lock_account(self.account_key)
        last, previous = max(_newest_row(self._engine, self.account_key), self._start)
        texts = (stamp(at), self.account, kind, encodable(subject), canonical_json(detail), digest, previous)
        hashed = hash_of_columns(last + 1, *texts)
        row: dict[str, Value] = dict(zip(HASHED, (last + 1, *texts), strict=True))
        stored = {"account_key": self.account_key, "digest": packed(digest), "prev_hash": "", "hash": packed(hashed)}
        self._engine.insert("audit", {**row, **stored})

    def append_state(
        self, table: ChangingTable, row: Row, kind: str, subject: str, at: datetime, detail: Mapping[str, object]
    ) -> None:
        """Add one row to the chain with the new state of a row that changes."""
        state = table.state_of(row)
        self.append(kind, subject, at, {**_told(state, table.told), **detail}, digest_of(state, self.account))

    def record(self, chained: ChainedTable, columns: Mapping[str, Value], at: datetime) -> bool:
        """Insert a row into an append-only table and its digest into the chain; False if the row exists already."""
        row = {"account_key": self.account_key, **columns}
        inserted = insert_numbered(self._engine, chained.table, row, "ON CONFLICT DO NOTHING RETURNING seq")
        if inserted is None:
            return False
        row["seq"] = inserted["seq"]
        self.append(chained.kind, str(row[chained.key]), at, _told(row, chained.told), digest_of(row, self.account))
        return True


def _told(row: Mapping[str, Value], names: Iterable[str] | None) -> dict[str, Value]:
    """The columns of a row that its audit row repeats, without NULL ones and the account, which each audit row has."""
    chosen = row.keys() - {"account_key"} if names is None else names
    return {name: row[name] for name in chosen if row.get(name) is not None}

"""The bars and corporate actions of the exchange, copied once from their source into its own file.

Later commands read the few rows that they need, and never the source. Sessions that the account has passed are fixed: a
source with a different past is refused, and a source that has only more sessions is copied.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from decimal import Decimal
from math import prod

from tradebot.brokers.paper.row_codec import Row, decoder
from tradebot.core.model.account import ENDS_FOR_CASH, ActionKind, CorporateAction, DayBar
from tradebot.core.model.values import ONE, canonical
from tradebot.errors import ConfigError, Problem
from tradebot.ports import PriceSource

PRICE_SCHEMA = (
    "CREATE TABLE price_source (id INTEGER PRIMARY KEY CHECK (id = 1), fingerprint TEXT NOT NULL) STRICT",
    """CREATE TABLE bars (
        session TEXT NOT NULL, symbol TEXT NOT NULL,
        open TEXT NOT NULL, high TEXT NOT NULL, low TEXT NOT NULL, close TEXT NOT NULL, volume INTEGER NOT NULL,
        PRIMARY KEY (session, symbol)) STRICT, WITHOUT ROWID""",
    """CREATE TABLE actions (
        ex_date TEXT NOT NULL, symbol TEXT NOT NULL, kind TEXT NOT NULL, value TEXT NOT NULL,
        PRIMARY KEY (ex_date, symbol, kind)) STRICT, WITHOUT ROWID""",
    "CREATE INDEX actions_by_symbol ON actions (symbol, ex_date)",
    "CREATE TABLE sessions (session TEXT PRIMARY KEY) STRICT, WITHOUT ROWID",
    """CREATE TABLE symbols (
        symbol TEXT PRIMARY KEY, first_session TEXT NOT NULL, last_session TEXT NOT NULL) STRICT, WITHOUT ROWID""",
)
_BAR = "session, symbol, open, high, low, close, volume"
_ACTION = "ex_date, symbol, kind, value"
_TRADED_BEFORE = """
    SELECT b.session, b.symbol, b.open, b.high, b.low, b.close, b.volume
    FROM symbols y CROSS JOIN sessions s CROSS JOIN bars b
    WHERE y.symbol = :symbol AND s.session BETWEEN y.first_session AND min(y.last_session, :day_before)
      AND b.session = s.session AND b.symbol = y.symbol AND b.volume > 0
    ORDER BY s.session DESC LIMIT 1"""


class Prices:
    """The price tables of one exchange file. Methods that write need a transaction around them."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._sql = connection

    # --- the source ----------------------------------------------------------------------------

    def fingerprint(self) -> str | None:
        """The fingerprint of the source that was copied last; None before the first copy."""
        row = self._sql.execute("SELECT fingerprint FROM price_source").fetchone()
        return None if row is None else str(row[0])

    def load(self, source: PriceSource) -> None:
        """Copy a source in place of the present one. Raises ConfigError if it has no bars or is not sound."""
        fingerprint = source.fingerprint()
        self._sql.execute("DELETE FROM bars")
        self._sql.execute("DELETE FROM actions")
        self._insert("bars", source.bars())
        self._insert_actions("actions", source.actions())
        self._finish(fingerprint)

    def extend(self, source: PriceSource, until: date) -> None:
        """Copy a changed source. Raises ConfigError if its bars or actions up to ``until`` differ from the present."""
        fingerprint = source.fingerprint()
        self._sql.execute("CREATE TEMP TABLE new_bars AS SELECT * FROM bars WHERE false")
        self._sql.execute("CREATE TEMP TABLE new_actions AS SELECT * FROM actions WHERE false")
        self._insert("new_bars", source.bars())
        self._insert_actions("new_actions", source.actions())
        self._refuse_different_past("bars", "session", _BAR, until)
        self._refuse_different_past("actions", "ex_date", _ACTION, until)
        for table, day in (("bars", "session"), ("actions", "ex_date")):
            self._sql.execute(f"DELETE FROM {table} WHERE {day} > ?", (until.isoformat(),))
            self._sql.execute(f"INSERT INTO {table} SELECT * FROM new_{table} WHERE {day} > ?", (until.isoformat(),))
            self._sql.execute(f"DROP TABLE new_{table}")
        self._finish(fingerprint)

    def add_actions(self, actions: Iterable[CorporateAction]) -> None:
        """Insert actions."""
        self._insert_actions("actions", actions)

    def _insert(self, table: str, bars: Iterable[DayBar]) -> None:
        self._sql.executemany(f"INSERT INTO {table} ({_BAR}) VALUES (?, ?, ?, ?, ?, ?, ?)", _rows(bars))

    def _insert_actions(self, table: str, actions: Iterable[CorporateAction]) -> None:
        rows = ((action.ex_date.isoformat(), action.symbol, action.kind, canonical(action.value)) for action in actions)
        self._sql.executemany(f"INSERT INTO {table} ({_ACTION}) VALUES (?, ?, ?, ?)", rows)

    def _refuse_different_past(self, table: str, day: str, columns: str, until: date) -> None:
        past = f"SELECT {columns} FROM {{}} WHERE {day} <= :until"
        old, new = past.format(table), past.format(f"new_{table}")
        difference = self._sql.execute(
            f"SELECT min({day}), symbol FROM (SELECT * FROM ({old} EXCEPT {new}) UNION ALL "
            f"SELECT * FROM ({new} EXCEPT {old}))",
            {"until": until.isoformat()},
        ).fetchone()
        later = f"give the action an ex-date after {until}, " if table == "actions" else ""
        if difference[0] is not None:
            raise ConfigError(
                [
                    Problem(
                        "PAPER_DATA",
                        f"the {table} of {difference[1]} on {difference[0]} are not those that the embedded exchange, "
                        f"now at {until}, has traded on",
                        f"Put the earlier file back, {later}or run `tradebot paper reset` to begin a new account on "
                        "this one.",
                    )
                ]
            )

    def _finish(self, fingerprint: str) -> None:
        """Derive the tables of sessions and symbols, and record which source was copied."""
        self._sql.execute("DELETE FROM sessions")
        self._sql.execute("INSERT INTO sessions SELECT DISTINCT session FROM bars")
        self._sql.execute("DELETE FROM symbols")
        self._sql.execute("INSERT INTO symbols SELECT symbol, min(session), max(session) FROM bars GROUP BY symbol")
        self._sql.execute("DELETE FROM price_source")
        self._sql.execute("INSERT INTO price_source VALUES (1, ?)", (fingerprint,))
        if self.last_session() is None:
            raise ConfigError([Problem("PAPER_DATA", "it holds no bars", "Point it at a file with daily bars.")])

    # --- sessions ------------------------------------------------------------------------------

    def first_session(self) -> date | None:
        """The first session of the data; None without any."""
        return self._session("SELECT min(session) FROM sessions")

    def last_session(self) -> date | None:
        """The last session of the data; None without any."""
        return self._session("SELECT max(session) FROM sessions")

    def session_after_warmup(self, count: int) -> date | None:
        """The first session with ``count`` sessions before it; None if there are not that many."""
        query = "SELECT session FROM sessions ORDER BY session LIMIT 1 OFFSET ?"
        row = self._sql.execute(f"SELECT ({query})", (count,)).fetchone()
        return None if row[0] is None else date.fromisoformat(row[0])

    def is_session(self, day: date) -> bool:
        """Whether the data has a session on this date."""
        return self._session("SELECT max(session) FROM sessions WHERE session = ?", day) is not None

    def session_after(self, day: date) -> date | None:
        """The first session after ``day``; None after the last."""
        return self._session("SELECT min(session) FROM sessions WHERE session > ?", day)

    def session_before(self, day: date) -> date | None:
        """The last session before ``day``; None before the first."""
        return self._session("SELECT max(session) FROM sessions WHERE session < ?", day)

    def sessions_after(self, day: date) -> int:
        """The number of sessions after ``day``."""
        row = self._sql.execute("SELECT count(*) FROM sessions WHERE session > ?", (day.isoformat(),)).fetchone()
        return int(row[0])

    def _session(self, query: str, *days: date) -> date | None:
        row = self._sql.execute(query, [day.isoformat() for day in days]).fetchone()
        return None if row[0] is None else date.fromisoformat(row[0])

    # --- bars ------------------------------------------------------------------------------------

    def symbols(self, on: date) -> tuple[str, ...]:
        """The symbols with a bar on ``on``, in order."""
        rows = self._sql.execute("SELECT symbol FROM bars WHERE session = ? ORDER BY symbol", (on.isoformat(),))
        return tuple(symbol for (symbol,) in rows)

    def listed_since(self, symbol: str) -> date | None:
        """The first session with a bar of the symbol; None for an unknown symbol."""
        row = self._sql.execute("SELECT first_session FROM symbols WHERE symbol = ?", (symbol,)).fetchone()
        return None if row is None else date.fromisoformat(row[0])

    def bar(self, symbol: str, session: date) -> DayBar | None:
        """The symbol's bar of a session, or None."""
        row = self._sql.execute(
            f"SELECT {_BAR} FROM bars WHERE session = ? AND symbol = ?", (session.isoformat(), symbol)
        ).fetchone()
        return None if row is None else _bar(row)

    def traded_before(self, symbol: str, session: date) -> DayBar | None:
        """The symbol's newest bar before ``session`` in which it traded, or None.

        The table is ordered by session, so that the bars of a session are read together. The query goes back session by
        session from the symbol's last one, and so ends at once for a symbol that trades.
        """
        day_before = (session - timedelta(days=1)).isoformat()
        row = self._sql.execute(_TRADED_BEFORE, {"symbol": symbol, "day_before": day_before}).fetchone()
        return None if row is None else _bar(row)

    # --- corporate actions -----------------------------------------------------------------------

    def actions_between(self, after: date, upto: date) -> tuple[CorporateAction, ...]:
        """Actions with an ex-date later than ``after`` and no later than ``upto``, by date, then symbol."""
        rows = self._sql.execute(
            f"SELECT {_ACTION} FROM actions WHERE ex_date > ? AND ex_date <= ? ORDER BY ex_date, symbol, kind",
            (after.isoformat(), upto.isoformat()),
        )
        return tuple(_action(row) for row in rows)

    def ends_between(self, symbol: str, after: date, upto: date) -> bool:
        """Whether an action ends the symbol with an ex-date later than ``after`` and no later than ``upto``."""
        actions = self.actions_between(after, upto)
        return any(action.symbol == symbol and action.kind in ENDS_FOR_CASH for action in actions)

    def split_ratio(self, symbol: str, after: date, upto: date) -> Decimal:
        """New shares for one old share over all splits with an ex-date after ``after`` and no later than ``upto``."""
        rows = self._sql.execute(
            f"SELECT {_ACTION} FROM actions WHERE symbol = ? AND kind = 'split' AND ex_date > ? AND ex_date <= ?",
            (symbol, after.isoformat(), upto.isoformat()),
        )
        return prod((_action(row).value for row in rows), start=ONE)


def _rows(bars: Iterable[DayBar]) -> Iterator[tuple[str, str, str, str, str, str, int]]:
    for bar in bars:
        yield (
            bar.session.isoformat(),
            bar.symbol,
            canonical(bar.open),
            canonical(bar.high),
            canonical(bar.low),
            canonical(bar.close),
            bar.volume,
        )


@decoder("bars")
def _bar(row: Row) -> DayBar:
    session, symbol, opening, high, low, close, volume = row
    return DayBar(
        symbol, date.fromisoformat(session), Decimal(opening), Decimal(high), Decimal(low), Decimal(close), volume
    )


@decoder("actions")
def _action(row: Row) -> CorporateAction:
    ex_date, symbol, kind, value = row
    return CorporateAction(symbol, date.fromisoformat(ex_date), ActionKind(kind), Decimal(value))

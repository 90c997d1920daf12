"""What PostgreSQL's errors mean to somebody who runs tradebot: what is wrong, and what to do."""

from __future__ import annotations

import re
from dataclasses import dataclass

import psycopg

from tradebot.errors import LedgerBusy, LedgerError
from tradebot.settings.ledger_location import LedgerServer
from tradebot.settings.redaction import Redactor


@dataclass(frozen=True, slots=True)
class _Meaning:
    """What is wrong with the ledger, and the remedy."""

    what: str
    remedy: str
    busy: bool = False  # another process has what is needed, and will let go of it


_AGAIN = "Nothing of this step was stored. Run the command again."
_SERVER = "Look at the server and its log, then run the command again."
_BACKUP = "Restore the server's newest backup, or `tradebot backup`'s."
_MISSING = "lacks its tables, or a part of them"
_INIT = "Run `tradebot init-db` with DATABASE_ADMIN_URL, the address of a user who may make them."
_LOST = _Meaning("was cut off: the server ended the connection, or the network did", f"{_AGAIN} {_SERVER}")
_BUSY = _Meaning("is busy: another process holds what this one needs", _AGAIN, busy=True)
_FULL = _Meaning("cannot grow: the server's disk is full", "Make room there, then run the command again.")
_DAMAGED = _Meaning("is damaged", _BACKUP)
_CROWDED = _Meaning(
    "cannot be reached: the server takes no more connections",
    "End some of them, or raise max_connections, then run the command again.",
)
_STARTING = _Meaning("cannot be reached: the server starts or stops just now", "Run the command again in a minute.")

#: Meanings by SQLSTATE, or by its class, the first two characters
#: (https://www.postgresql.org/docs/current/errcodes-appendix.html).
_MEANINGS: dict[str, _Meaning] = {
    "08": _LOST,
    "22": _Meaning("refused a value", "Nothing of this step was stored."),
    "23": _Meaning("refused a row", "Nothing of this step was stored."),
    "25006": _Meaning(
        "cannot be written: the server is a read-only copy, or this user may only read",
        "Name the server that takes writes in DATABASE_URL, then run the command again.",
    ),
    "25P03": _Meaning("ended the step: it was held open for too long, as after a pause of this machine", _AGAIN),
    "28": _Meaning(
        "cannot be opened: the server refuses this user or its password",
        "Check user and password in DATABASE_URL (or PGPASSFILE), and the server's pg_hba.conf.",
    ),
    "3D000": _Meaning("is missing: the server has no database of this name", "Make it with `createdb`. " + _INIT),
    "3F": _Meaning(_MISSING, _INIT),
    "40": _BUSY,
    "42501": _Meaning(
        "refuses this user what is needed", "Run `tradebot init-db` with DATABASE_ADMIN_URL: it grants every right."
    ),
    "42P01": _Meaning(_MISSING, _INIT),
    "53100": _FULL,
    "53200": _Meaning("cannot work: the server is out of memory", _SERVER),
    "53300": _CROWDED,
    "55P03": _BUSY,
    "57014": _Meaning("took too long to answer a statement", f"{_AGAIN} {_SERVER}"),
    "57P": _LOST,
    "57P03": _STARTING,
    "58": _Meaning("cannot be read or written: the server's disk reports an error", f"Check the disk. {_BACKUP}"),
    "XX": _DAMAGED,
}
#: The server gives no code when it refuses a connection, so that its words tell, where they are English.
_REFUSALS: tuple[tuple[str, _Meaning], ...] = (
    (r"password authentication failed|no password supplied|pg_hba\.conf|role .* does not exist", _MEANINGS["28"]),
    (r"role .* is not permitted to log in|certificate authentication failed", _MEANINGS["28"]),
    (r"database .* does not exist", _MEANINGS["3D000"]),
    (r"too many (clients|connections)|connection slots are reserved", _CROWDED),
    (r"database system is (starting|shutting)|in recovery mode|not yet accepting", _STARTING),
    (
        r"certificate verify failed|server certificate|root certificate|does not support SSL",
        _Meaning(
            "cannot be reached: the server did not prove who it is",
            "Check sslmode and sslrootcert in DATABASE_URL, and the name in the server's certificate.",
        ),
    ),
    (
        r"timeout expired|timed out",
        _Meaning("cannot be reached: it did not answer in time", f"Check host, port and the network. {_SERVER}"),
    ),
    (r"terminating connection|closed the connection|connection is (closed|lost)|could not receive data", _LOST),
)
_UNREACHABLE = _Meaning("cannot be reached", f"Check host, port and database in DATABASE_URL. {_SERVER}")
_OTHERWISE = _Meaning("answered with an error", _SERVER)


def is_mistake(error: psycopg.Error) -> bool:
    """Whether a statement of ours is wrong, which is a bug and no trouble of the ledger's."""
    state = error.sqlstate or ""
    if isinstance(error, psycopg.ProgrammingError) and not state:  # psycopg itself refused the statement
        return True
    return state.startswith("42") and state not in _MEANINGS


def is_lost_connection(error: psycopg.Error) -> bool:
    """Whether the connection is gone, so that nobody knows from it what the server did last."""
    return isinstance(error, psycopg.OperationalError) and _meaning_of(error, connecting=False) is _LOST


def ledger_error(server: LedgerServer, error: psycopg.Error, *, connecting: bool = False) -> LedgerError:
    """The LedgerError for an error of the server, LedgerBusy where another process is in the way."""
    meaning = _meaning_of(error, connecting=connecting)
    kind = LedgerBusy if meaning.busy else LedgerError
    return kind(f"The ledger {server} {meaning.what} ({_text_of(error)}). {meaning.remedy}")


def unreadable_address(server: LedgerServer, error: psycopg.Error) -> LedgerError:
    """The LedgerError for an address that libpq cannot read."""
    return LedgerError(
        f"The ledger {server} has an address that cannot be read ({_text_of(error)}). Mend DATABASE_URL."
    )


def _meaning_of(error: psycopg.Error, *, connecting: bool) -> _Meaning:
    state = error.sqlstate or ""
    for length in (5, 3, 2):
        if found := _MEANINGS.get(state[:length]):
            return found
    if not state:
        text = str(error)
        for pattern, meaning in _REFUSALS:
            if re.search(pattern, text, re.IGNORECASE):
                return meaning
        return _UNREACHABLE if connecting else _LOST if isinstance(error, psycopg.OperationalError) else _OTHERWISE
    return _OTHERWISE


def _text_of(error: psycopg.Error) -> str:
    """What the server said, in a line, without a password."""
    return Redactor()(" ".join(str(error).split())) or type(error).__name__

"""Where a ledger lies: in a file of SQLite, or in a database of a PostgreSQL server."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tradebot.settings.secret_fields import SecretText


@dataclass(frozen=True, slots=True)
class LedgerServer:
    """A ledger in a PostgreSQL database. As text it is its address without password and parameters."""

    url: SecretText  # postgresql://..., as libpq takes it
    address: str  # what of it may be shown
    host: str = ""  # a name or an address; a folder, or nothing, is a socket
    user: str = ""  # nothing: the one that libpq takes from the environment
    password: SecretText | None = None
    sslmode: str = ""
    weak_tls: bool = False  # whether another machine need not prove who it is

    def __str__(self) -> str:
        return self.address


#: A path is the file of a SQLite ledger.
LedgerLocation = Path | LedgerServer

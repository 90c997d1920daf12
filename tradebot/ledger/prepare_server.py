"""Prepares a database on a server as its administrator: the tables, a writer without DDL, and a reader."""

from __future__ import annotations

from contextlib import closing

from tradebot.ledger.database import open_database
from tradebot.settings.ledger_location import LedgerServer


def prepare_server(admin: LedgerServer, ledger: LedgerServer) -> None:
    """Make or migrate the tables as ``admin``, and the roles: the user of ``ledger`` writes, tradebot_reader looks.

    Raises LedgerError.
    """
    with closing(open_database(admin, create=True)) as database:
        from tradebot.ledger.postgres_engine import PostgresEngine  # psycopg is an extra, and slow to import

        assert isinstance(database.engine, PostgresEngine), "it is on a server"
        database.engine.grant(ledger.user, ledger.password.reveal() if ledger.password else "")

"""Copies the file of an embedded exchange, so that a look works on the copy and never changes the file itself."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from tradebot.brokers.paper.store import BUSY_SECONDS
from tradebot.errors import BrokerUnavailable
from tradebot.home.regular_files import NotRegularFile, check_database


def copy_exchange(path: Path, copy: Path) -> None:
    """Copy the file as of one moment, while other processes write to it. Raises BrokerUnavailable."""
    try:
        check_database(path)
        uri = f"{path.absolute().as_uri()}?mode=rw"  # a read-only connection would leave files beside it
        with closing(sqlite3.connect(uri, uri=True, timeout=BUSY_SECONDS)) as source:
            source.execute("PRAGMA query_only = ON")
            with closing(sqlite3.connect(copy.absolute().as_uri(), uri=True)) as target:
                source.backup(target)
    except (sqlite3.Error, NotRegularFile) as error:
        what = f"the embedded exchange's file {path} cannot be read: {error}."
        raise BrokerUnavailable(f"{what} Put a copy of it back, or run `tradebot paper reset`.") from error

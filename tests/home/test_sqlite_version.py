"""The oldest SQLite that a home's databases open with."""

from __future__ import annotations

import sqlite3

import pytest

from tradebot.errors import LedgerError
from tradebot.home import sqlite_version


@pytest.mark.parametrize("found", [(3, 37, 0), (3, 40, 1), (4, 0, 0), sqlite3.sqlite_version_info])
def test_a_version_with_strict_tables_does(found: tuple[int, ...]) -> None:
    sqlite_version.refuse_old(found)


@pytest.mark.parametrize("found", [(3, 36, 0), (3, 7, 17), (2, 99, 99)])
def test_an_older_one_is_refused_with_both_versions(found: tuple[int, ...]) -> None:
    with pytest.raises(LedgerError) as refused:
        sqlite_version.refuse_old(found)
    assert f"SQLite {'.'.join(map(str, found))}, and 3.37.0 or newer is needed" in str(refused.value)

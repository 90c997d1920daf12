"""Tests that leak on purpose, run by test_canary.py; pytest does not collect this file by itself."""

from __future__ import annotations

import gzip
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import pytest

from tests.fakes.canary import CANARY, search, secrets


def test_into_a_file(tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "robot.log").write_text(f"the key is {CANARY}-alpaca_api_key\n")


def test_into_a_packed_file(tmp_path: Path) -> None:
    (tmp_path / "robot.log.gz").write_bytes(gzip.compress(f"the key is {CANARY}".encode()))


def test_into_a_table(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "ledger.db", isolation_level=None)) as connection:
        connection.execute("CREATE TABLE alerts (message TEXT)")
        connection.execute("INSERT INTO alerts VALUES (?)", (f"no channel took {CANARY}",))


def test_into_a_name(tmp_path: Path) -> None:
    (tmp_path / f"{CANARY}.txt").touch()


def test_into_an_alert(tmp_path: Path) -> None:
    import urllib.request

    address = secrets(tmp_path)["HEARTBEAT_URL"]
    with urllib.request.urlopen(address, data=f"the key is {CANARY}".encode(), timeout=5) as answer:
        assert answer.status == 200


def test_into_the_output_of_a_command() -> None:
    search(f"fine\nthe key is {CANARY}\n", "the output of status")


def test_into_what_is_printed() -> None:
    sys.stdout.write(f"the key is {CANARY}\n")


def test_into_a_traceback() -> None:
    raise ValueError(f"the key is {CANARY}")


def test_into_a_folder_that_tests_share(tmp_path_factory: pytest.TempPathFactory) -> None:
    (tmp_path_factory.mktemp("shared") / "robot.log").write_text(CANARY)


def test_nothing_but_into_the_file_that_holds_settings(tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / ".env").write_text(f"ALPACA_API_KEY={CANARY}\n")
    assert "ALPACA_API_KEY" not in secrets(tmp_path)
    assert "EMAIL_PASSWORD" in secrets(tmp_path)

"""The program on a PostgreSQL ledger: made by its administrator, and with the rows that a file would have."""

from __future__ import annotations

import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from tests.fakes.postgres import PostgresServer
from tests.long_form import long
from tradebot.ledger.database import open_database
from tradebot.ledger.verify import verify_ledger
from tradebot.settings.server_url import read_server

ROOT = Path(__file__).parents[3]


def run(*command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *command], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=3600, check=False
    )


def test_init_db_makes_tables_and_roles_and_a_writer_without_ddl_trades(
    postgres: PostgresServer, tmp_path: Path
) -> None:
    name = postgres.database()
    at = {"HOME": str(tmp_path), "PATH": "", "TRADEBOT_STATE_DIR": str(tmp_path / "state")}
    at["DATABASE_URL"] = f"postgresql://trader_of_a_story:w0rd-2345@127.0.0.1:{postgres.port}/{name}"
    home = ("--home", str(tmp_path / "home"))
    refused = run("-m", "tradebot", "init-db", *home, **at)
    assert refused.returncode == 10
    admin = {"DATABASE_ADMIN_URL": postgres.url(name)}
    for _ in range(2):
        made = run("scripts/init_database.py", *home, **at, **admin)
        assert made.returncode == 0, made.stderr
    (role,) = postgres.execute("SELECT rolcanlogin FROM pg_roles WHERE rolname = 'trader_of_a_story'")
    assert role == (True,)
    traded = run("-m", "tradebot", "run-daily", *home, **at)
    assert traded.returncode == 0, traded.stderr
    assert "w0rd" not in "".join(each.stdout + each.stderr for each in (refused, made, traded))
    with closing(open_database(read_server(postgres.url(name)), create=False)) as database:
        assert verify_ledger(database) == ()
        assert database.engine.all("SELECT 1 AS found FROM fills LIMIT 1")


@pytest.mark.parametrize("last", ["2007-01-09", long("2009-12-31")])
def test_a_replay_writes_the_same_rows_and_heads_on_both(postgres: PostgresServer, tmp_path: Path, last: str) -> None:
    at = {"HOME": str(tmp_path), "PATH": "", "TMPDIR": str(tmp_path)}
    compared = run("scripts/check_replay_engines.py", postgres.url(postgres.database()), "2007-01-03", last, **at)
    assert compared.returncode == 0, compared.stdout + compared.stderr
    assert "rows are equal" in compared.stdout

"""Servers that cannot or must not be used, and how a session is set."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from tests.fakes.postgres import PostgresServer, _free_port
from tradebot.errors import ExitCode, LedgerError
from tradebot.ledger.open_engine import open_engine
from tradebot.settings.ledger_location import LedgerServer
from tradebot.settings.server_url import read_server


def refusal(server: LedgerServer, seconds: float = 0.5) -> str:
    with pytest.raises(LedgerError) as caught:
        open_engine(server, busy_seconds=seconds).close()
    assert caught.value.exit_code is ExitCode.LEDGER
    assert "w0rd" not in str(caught.value)
    return str(caught.value)


def test_a_session_is_set_whatever_the_role_or_the_address_says(postgres: PostgresServer) -> None:
    name = postgres.database()
    postgres.execute(f"ALTER DATABASE {name} SET statement_timeout = 0")
    server = read_server(postgres.url(name, parameters="?options=-csynchronous_commit%3Doff"))
    for durable, expected in ((True, "on"), (False, "off")):
        with closing(open_engine(server, durable=durable)) as engine:
            shown = [engine.all(f"SHOW {each}")[0] for each in ("synchronous_commit", "lock_timeout")]
            assert shown == [{"synchronous_commit": expected}, {"lock_timeout": "5s"}]
            assert engine.all("SHOW statement_timeout") == [{"statement_timeout": "1min"}]


def test_what_is_wrong_with_a_server_is_told_with_what_to_do(postgres: PostgresServer) -> None:
    assert "createdb" in refusal(read_server(postgres.url("nowhere")))
    port = _free_port()
    unreachable = refusal(read_server(f"postgresql://me:w0rd-2345@127.0.0.1:{port}/ledger"))
    assert "cannot be reached" in unreachable and "Check host" in unreachable
    assert "refuses this user" in refusal(read_server(postgres.url("postgres", user="nobody_here")))
    with closing(socket.create_server(("127.0.0.1", 0))) as silent:
        started = time.monotonic()
        told = refusal(read_server(f"postgresql://me@127.0.0.1:{silent.getsockname()[1]}/ledger"))
        assert "did not answer in time" in told
        assert time.monotonic() - started < 10
    postgres.execute("CREATE DATABASE latin ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0")
    assert "texts are in SQL_ASCII" in refusal(read_server(postgres.url("latin")))


def test_too_many_connections(postgres: PostgresServer) -> None:
    name = postgres.database()
    postgres.execute("CREATE ROLE crowded LOGIN CONNECTION LIMIT 1")
    server = read_server(postgres.url(name, user="crowded"))
    with closing(open_engine(server)):
        assert "no more connections" in refusal(server)


def test_another_machine_is_refused_before_it_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    far = read_server("postgresql://me:w0rd-2345@db.example.com/ledger?sslmode=require")
    assert "another machine (db.example.com)" in refusal(far)
    monkeypatch.setenv("PGHOST", "192.0.2.7")
    assert "another machine (192.0.2.7)" in refusal(read_server("postgresql:///ledger"))
    monkeypatch.setenv("PGHOST", "127.0.0.1")
    monkeypatch.setenv("PGPORT", str(_free_port()))
    assert "cannot be reached" in refusal(read_server("postgresql:///ledger"))
    assert "cannot be reached" in refusal(replace(far, url=read_server("postgresql://127.0.0.1/ledger").url))


@contextmanager
def pooler(postgres: PostgresServer, folder: Path, mode: str) -> Iterator[int]:
    """A PgBouncer in front of the server; gives its port."""
    program = shutil.which("pgbouncer") or "/usr/sbin/pgbouncer"
    if not Path(program).exists():
        pytest.skip("PgBouncer is not installed")
    port = _free_port()
    users = folder / "users"
    users.write_text('"postgres" ""\n')
    settings = folder / "pgbouncer.ini"
    settings.write_text(
        f"[databases]\n* = host=127.0.0.1 port={postgres.port}\n[pgbouncer]\nlisten_addr=127.0.0.1\n"
        f"listen_port={port}\nunix_socket_dir=\nauth_type=trust\nauth_file={users}\npool_mode={mode}\n"
        f"logfile={folder / 'log'}\n"
    )
    command = [program, "-q", str(settings)]
    if os.geteuid() == 0:
        for each in (folder, users, settings):
            shutil.chown(each, "postgres", "postgres")
        command = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", *command]
    process = subprocess.Popen(command)
    try:
        for _ in range(100):
            with closing(socket.socket()) as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        yield port
    finally:
        process.terminate()
        process.wait()


def test_a_pooler_is_refused_in_transaction_mode_alone(postgres: PostgresServer) -> None:
    name = postgres.database()
    for mode in ("transaction", "session"):
        folder = postgres.folder / f"pool-{mode}"
        folder.mkdir()
        with pooler(postgres, folder, mode) as port:
            server = read_server(f"postgresql://postgres@127.0.0.1:{port}/{name}")
            if mode == "transaction":
                assert "pooler in transaction mode" in refusal(server)
            else:
                open_engine(server).close()

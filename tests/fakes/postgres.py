"""A real PostgreSQL server of the tests' own: started once a run, with a fresh database for each test that asks.

It is Debian's (/usr/lib/postgresql) or the one on PATH. Without any, tests that need it are skipped, and fail where
POSTGRES_REQUIRED is set. Started by root it runs as the user postgres, because a server refuses to run as root.
It ends with the process that started it, however that one ends.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING

import pytest

from tradebot.settings.server_url import read_server

if TYPE_CHECKING:
    from tradebot.settings.ledger_location import LedgerServer

#: Nothing of a test survives a power cut, and need not.
_OPTIONS = "-c fsync=off -c full_page_writes=off -c synchronous_commit=off -c max_connections=50 -c autovacuum=off"
_FOUND: dict[str, str] = {}
#: Databases that tests have used are used again so many times; rows that were deleted stay in their files.
_USES = 40
#: What a database is, without the rows of its tables.
_CATALOG = """
SELECT md5(string_agg(each, ' ' ORDER BY each)) FROM (
    SELECT c::text AS each FROM pg_class AS c WHERE oid >= 16384
    UNION ALL SELECT a::text FROM pg_attribute AS a WHERE attrelid >= 16384
    UNION ALL SELECT p::text FROM pg_proc AS p WHERE oid >= 16384
    UNION ALL SELECT t::text FROM pg_trigger AS t
    UNION ALL SELECT c::text FROM pg_constraint AS c WHERE oid >= 16384
    UNION ALL SELECT n::text FROM pg_namespace AS n WHERE nspname !~ '^pg_(toast_)?temp_'
    UNION ALL SELECT s::text FROM pg_db_role_setting AS s
    UNION ALL SELECT concat(datallowconn, datconnlimit, datacl) FROM pg_database WHERE datname = current_database()
) AS parts"""
_TABLES = "SELECT c.oid::regclass::text FROM pg_class AS c WHERE relkind = 'r' AND oid >= 16384"
_SEQUENCES = "SELECT c.oid::regclass::text FROM pg_class AS c WHERE relkind = 'S' AND oid >= 16384"
_OTHERS = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = %s"


@dataclass
class _Copy:
    """A copy of a database that tests use one after the other, and how to make it again what it was at first."""

    name: str
    catalog: object
    wipe: str
    rows: dict[str, bytes]  # of each table that has any, as COPY writes them
    uses: int = 0


@dataclass
class PostgresServer:
    """A server, and the databases that tests were given."""

    folder: Path
    programs: Path
    port: int
    log: Path
    names: Iterator[int] = field(default_factory=count)
    spare: defaultdict[str, list[_Copy]] = field(default_factory=lambda: defaultdict(list))  # by template

    def start(self) -> None:
        """Start it, and wait until it answers."""
        options = f"-p {self.port} -k {self.folder} -c listen_addresses=127.0.0.1 {_OPTIONS}"
        self._run("pg_ctl", "-D", str(self.folder / "data"), "-l", str(self.log), "-w", "-o", options, "start")

    def stop(self) -> None:
        """Stop it at once, as a machine does that is switched off."""
        self._run("pg_ctl", *self._stop)

    @property
    def stop_command(self) -> list[str]:
        """The command that stops it at once."""
        return self._command("pg_ctl", *self._stop)

    @property
    def _stop(self) -> tuple[str, ...]:
        return ("-D", str(self.folder / "data"), "-m", "immediate", "-w", "stop")

    def url(self, database: str, *, user: str = "postgres", parameters: str = "") -> str:
        """The address of a database, by the loopback."""
        return f"postgresql://{user}@127.0.0.1:{self.port}/{database}{parameters}"

    def execute(self, sql: str, database: str = "postgres") -> list[tuple[object, ...]]:
        """Run a statement as the administrator."""
        import psycopg

        with closing(psycopg.connect(self.url(database), autocommit=True)) as connection:
            cursor = connection.execute(sql.encode())
            return cursor.fetchall() if cursor.description else []

    def database(self, template: str = "template0") -> str:
        """The name of a new database, a copy of ``template``."""
        name = f"test_{os.getpid()}_{next(self.names)}"
        self.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        return name

    @contextmanager
    def copy_of(self, template: str = "template0") -> Iterator[LedgerServer]:
        """The ledger in a copy of a database, which is gone at the end, whoever is connected to it.

        To make one and drop it takes longer than most tests: a copy of the tests' own is wiped and used again.
        """
        if template == "template0":
            name = self.database(template)
            yield read_server(self.url(name))
            self._drop(name)
            return
        copy = self.spare[template].pop() if self.spare[template] else self._copy(template)
        yield read_server(self.url(copy.name))
        if copy.uses < _USES and self._wiped(copy):
            self.spare[template].append(copy)
        else:
            self._drop(copy.name)

    def _drop(self, name: str) -> None:
        self.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def _copy(self, template: str) -> _Copy:
        name = self.database(template)
        tables = [str(table) for (table,) in self.execute(_TABLES, name)]
        counters = [
            (sequence, *self.execute(f"SELECT last_value, is_called FROM {sequence}", name)[0])
            for (sequence,) in self.execute(_SEQUENCES, name)
        ]
        wipe = [
            "SET session_replication_role = replica",  # no trigger objects
            *(f"DELETE FROM {table}" for table in tables),
            *(f"SELECT setval('{sequence}', {value}, {called})" for sequence, value, called in counters),
        ]
        import psycopg

        rows = {}
        with closing(psycopg.connect(self.url(name))) as connection:
            for table in tables:
                with connection.cursor().copy(f"COPY {table} TO STDOUT".encode()) as out:
                    rows[table] = b"".join(map(bytes, out))
        ((catalog,),) = self.execute(_CATALOG, name)
        return _Copy(name, catalog, "; ".join(wipe), {table: found for table, found in rows.items() if found})

    def _wiped(self, copy: _Copy) -> bool:
        """Whether a copy is what it was at first: a test that changed more than rows has used it up."""
        import psycopg

        copy.uses += 1
        with closing(psycopg.connect(self.url("postgres"), autocommit=True)) as connection:
            connection.execute(_OTHERS, (copy.name,))
        try:
            connection = psycopg.connect(self.url(copy.name))
        except psycopg.OperationalError:  # the test dropped it, or lets nobody in
            return False
        with closing(connection):
            if connection.execute(_CATALOG.encode()).fetchall() != [(copy.catalog,)]:
                return False
            connection.execute(copy.wipe.encode())
            for table, rows in copy.rows.items():
                with connection.cursor().copy(f"COPY {table} FROM STDIN".encode()) as into:
                    into.write(rows)
            connection.commit()
        return True

    def _command(self, program: str, *arguments: str) -> list[str]:
        as_user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"] if os.geteuid() == 0 else []
        return [*as_user, str(self.programs / program), *arguments]

    def _run(self, program: str, *arguments: str) -> None:
        command = self._command(program, *arguments)
        done = subprocess.run(command, capture_output=True, text=True, cwd=self.folder, check=False)
        assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"

    def make(self) -> None:
        """Make the files of the server."""
        self._run("initdb", "-D", str(self.folder / "data"), "-A", "trust", "-U", "postgres", "-E", "UTF8", "-N")


def _programs() -> Path | None:
    """The folder of a server's programs, the newest first."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda each: -int(each.parts[-3]))
    on_path = shutil.which("initdb")
    return found[0].parent if found else Path(on_path).resolve().parent if on_path else None


def _free_port() -> int:
    import socket

    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _missing() -> str:
    """Why there can be no server here; "" if there can."""
    from importlib.util import find_spec

    if find_spec("psycopg") is None:
        return "psycopg is not installed"
    return "" if _programs() else "no PostgreSQL server is installed"


@contextmanager
def ended_with_this_process(folder: Path, stop: Sequence[str]) -> Iterator[None]:
    """Run the command ``stop`` and remove the folder after the block, or when this process dies, even suddenly.

    A process of its own waits for the end of its input, which this one alone keeps open.
    """
    waits = 'cat >/dev/null; cd /; "$@" >/dev/null 2>&1; rm -rf "$0"'
    command = ["sh", "-c", waits, str(folder), *stop]
    with subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True) as warden:
        assert warden.stdin is not None, "it is a pipe"
        os.register_at_fork(after_in_child=warden.stdin.close)
        yield


@contextmanager
def running_server() -> Iterator[PostgresServer]:
    """A new server, which is gone after the block. There has to be one on this machine."""
    programs = _programs()
    assert programs is not None, "no PostgreSQL server is installed"
    folder = Path(mkdtemp(prefix="tradebot-postgres-", dir="/tmp"))  # a socket's path is short
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres", "postgres")
    server = PostgresServer(folder, programs, _free_port(), folder / "log")
    with ended_with_this_process(folder, server.stop_command):
        server.make()
        server.start()
        yield server


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """The server of this test process."""
    if why := _missing():
        assert "POSTGRES_REQUIRED" not in os.environ, why
        pytest.skip(why)
    with running_server() as server:
        _FOUND["server"] = f"PostgreSQL: {server.execute('SHOW server_version')[0][0]} in {server.programs}"
        yield server


@pytest.fixture(scope="session")
def postgres_template(postgres: PostgresServer) -> str:
    """The name of a database with an empty ledger, which tests copy."""
    from tradebot.ledger.database import open_database

    name = postgres.database()
    open_database(read_server(postgres.url(name)), create=True, durable=False).close()
    return name


@pytest.fixture
def empty_postgres_ledger(postgres: PostgresServer, postgres_template: str) -> Iterator[LedgerServer]:
    """An empty ledger on the server, gone after the test."""
    with postgres.copy_of(postgres_template) as server:
        yield server


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say which server was found."""
    if found := _FOUND.get("server"):
        terminalreporter.write_line(found)

"""The cost of the ledger by engine and history: run-daily, its commits, and the bytes of a fill.

python scripts/bench/ledger.py [--fills 1000 10000 100000] [--runs 3] [--server postgresql://postgres@localhost/postgres]

--server: where databases may be made; each ledger is copied into one of its own. Without it only files are measured.
The floor is the import of pandas and talib in the same run. A job must not grow with the history, on either engine.
"""

from __future__ import annotations

import argparse
import re
import sqlite3
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from scripts.bench.measure import Figure, Run, once, prepare, show, show_growth, tradebot

FILE, SERVER = "SQLite", "PostgreSQL"
#: Counts the commits of a command, and prints them after its last line.
_COUNTING = """
import sys
from tradebot.__main__ import main
from tradebot.ledger.{module} import {engine}

before, made = {engine}.{method}, []
def counted(self, *given):
    if not given or given[0] == "COMMIT":
        made.append(1)
    return before(self, *given)
{engine}.{method} = counted
sys.argv[0] = "tradebot"
try:
    code = main(sys.argv[1:])
finally:
    print("\\ncommits", len(made))
"""
_WHERE = {FILE: ("sqlite_engine", "SqliteEngine", "execute"), SERVER: ("postgres_engine", "PostgresEngine", "_commit")}


@dataclass(frozen=True, slots=True)
class Measured:
    """A home with its ledger."""

    engine: str
    fills: int
    home: Path
    env: Mapping[str, str]

    @property
    def name(self) -> str:
        """What the tables call it."""
        return f"{self.engine}, {self.fills} fills"


def main() -> None:
    """Measure, and print the tables and the ratios."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--fills", type=int, nargs="+", default=[1_000, 10_000, 100_000])
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--server", default="")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, _databases(arguments.server, arguments.fills) as databases:
        homes = [home for size in arguments.fills for home in _made(Path(folder), size, databases.get(size, ""))]
        floors: list[Run] = []
        runs: dict[str, list[Run]] = {home.name: [] for home in homes}
        for _ in range(arguments.runs):
            floors.append(once([sys.executable, "-c", "import pandas, talib"]))
            for home in homes:
                prepare(tradebot("paper", "next", "--home", str(home.home)), home.env)
                runs[home.name].append(once(tradebot("run-daily", "--home", str(home.home)), home.env))
        commits = {home.name: _commits(home) for home in homes}
    figures = {name: Figure.of(f"run-daily, {name}", measured) for name, measured in runs.items()}
    show([Figure.of("import pandas, talib (the floor)", floors), *figures.values()])
    for name, count in commits.items():
        print(f"{name}: {count} commits a run")
    for small, large in pairwise(arguments.fills):
        for engine in dict.fromkeys(home.engine for home in homes):
            print(f"{engine}, {large} fills: ", end="")
            show_growth(
                "fills", large / small, figures[f"{engine}, {small} fills"], figures[f"{engine}, {large} fills"]
            )
    if databases:
        both = [figures[f"{engine}, {arguments.fills[-1]} fills"] for engine in (FILE, SERVER)]
        print(f"{SERVER} to {FILE}: {both[1].seconds / both[0].seconds:.2f}x the seconds")


def _made(folder: Path, fills: int, url: str) -> Iterator[Measured]:
    """The homes with so many fills, with what a fill costs in each ledger told."""
    env = {"TRADEBOT_STATE_DIR": str(folder / "user")}
    for engine in (FILE, SERVER) if url else (FILE,):
        home = folder / f"{engine}{fills}"
        prepare([sys.executable, "scripts/bench/large_ledger.py", str(home), str(fills)], env)
        sizes = _bytes_in_file(home / "trading_robot.db")
        if engine == SERVER:
            prepare(tradebot("ledger", "copy", "--to", url, "--yes", "--home", str(home)), env)
            (home / ".env").write_text(f"DATABASE_URL={url}\n", encoding="utf-8")
            sizes = _bytes_on_server(url)
        measured = Measured(engine, fills, home, env)
        _tell(measured.name, fills, sizes)
        yield measured


def _tell(name: str, fills: int, sizes: Counter[tuple[str, str]]) -> None:
    """Print the bytes of a fill, and where they go. The key is the table and what of it: its rows or an index."""
    print(f"{name}: {sizes.total() / fills:.0f} bytes a fill")
    tables: Counter[str] = Counter()
    for (table, _), size in sizes.items():
        tables[table] += size
    for table, size in tables.most_common(6):
        parts = sorted(((part, of) for (each, part), of in sizes.items() if each == table), key=lambda pair: -pair[1])
        told = ", ".join(f"{part} {of / fills:.0f}" for part, of in parts if of >= fills)
        print(f"  {table} {size / fills:.0f}: {told}")


def _bytes_in_file(path: Path) -> Counter[tuple[str, str]]:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        rows = connection.execute(
            "SELECT COALESCE(tbl_name, dbstat.name), dbstat.name, SUM(pgsize)"
            " FROM dbstat LEFT JOIN sqlite_master ON sqlite_master.name = dbstat.name GROUP BY dbstat.name"
        )
        return Counter({(table, "rows" if name == table else name): size for table, name, size in rows})


def _bytes_on_server(url: str) -> Counter[tuple[str, str]]:
    import psycopg

    with closing(psycopg.connect(url)) as connection:
        rows = connection.execute(
            "SELECT tables.relname, CASE WHEN parts.oid = tables.oid THEN 'rows' ELSE parts.relname END,"
            " pg_relation_size(parts.oid) FROM pg_class AS tables"
            " LEFT JOIN pg_index ON indrelid = tables.oid"
            " JOIN pg_class AS parts ON parts.oid IN (tables.oid, indexrelid)"
            " WHERE tables.relkind = 'r' AND tables.relnamespace = 'public'::regnamespace GROUP BY 1, 2, 3"
        ).fetchall()
    return Counter({(table, part): size for table, part, size in rows})


def _commits(home: Measured) -> int:
    """The commits of one more run-daily."""
    prepare(tradebot("paper", "next", "--home", str(home.home)), home.env)
    module, engine, method = _WHERE[home.engine]
    program = _COUNTING.format(module=module, engine=engine, method=method)
    said = prepare([sys.executable, "-c", program, "run-daily", "--home", str(home.home)], home.env)
    return int(said.split()[-1])


@contextmanager
def _databases(server: str, fills: list[int]) -> Iterator[dict[int, str]]:
    """The URL of an empty database for each size, dropped at the end."""
    if not server:
        yield {}
        return
    import psycopg

    with closing(psycopg.connect(server, autocommit=True)) as connection:
        names = {size: f"tradebot_bench_{size}" for size in fills}
        for name in names.values():
            connection.execute(f"CREATE DATABASE {name}".encode())
        try:
            yield {size: re.sub(r"(?<=[^/]/)[^/?]+(?=\?|$)", name, server) for size, name in names.items()}
        finally:
            for name in names.values():
                connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


if __name__ == "__main__":
    main()

"""Replay 2007 to 2009 and compare the ledger's tables, to the cent, with tests/fixtures/replay_2007_2009.

python scripts/check_replay_golden.py                         three years; exit code 0 if all is the same, else 1
python scripts/check_replay_golden.py --home HOME             the same for a home that was replayed already
python scripts/check_replay_golden.py --home HOME --renew     make the tables of this home the fixture

The script uses the command line and the ledger's tables only. The fixture holds tables as CSV, sorted, and their
hashes; an intended change of behaviour shows as a diff.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import hashlib
import io
import os
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from difflib import unified_diff
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "tests" / "fixtures" / "replay_2007_2009"
HASHES = "SHA256SUMS"
FIRST, LAST = "2007-01-03", "2009-12-31"
#: The most lines of a table's diff that are printed.
SHOWN = 20


@dataclass(frozen=True, slots=True)
class Table:
    """A table of the ledger and what is compared of it."""

    name: str
    columns: str  # compared columns, the session first
    which: str = ""  # SQL condition on the rows

    @property
    def file(self) -> Path:
        """The fixture of the table."""
        return FOLDER / f"{self.name}.csv.gz"


TABLES = (
    Table(
        "fills",
        "session number fill_id client_order_id parent_client_order_id strategy symbol side quantity price fee at"
        " reverses",
    ),
    Table(
        "trades",
        "exit_session trade_id strategy symbol side quantity entry_price exit_price fees pnl entry_session opened_at"
        " closed_at exit_reason reverses",
    ),
    Table(
        "equity",
        "session at equity cash long_value short_value last_equity unprotected",
        "WHERE seq IN (SELECT max(seq) FROM equity GROUP BY account_key, session)",
    ),
    Table("cash_events", "session number event_id kind symbol amount at note strategy"),
    Table(
        "orders",  # as decided: the outcomes are in the fills
        "session client_order_id strategy symbol purpose attempt side quantity type time_in_force limit_price"
        " stop_price take_profit stop_loss planned_price reason policy",
    ),
    Table(
        "decisions",
        "session strategy symbol purpose outcome code message value limit_value client_order_id as_of",
    ),
)


def replay(home: Path, *span: str) -> None:
    """Replay sessions in a new home, without the user's environment. Raises CalledProcessError if the replay fails."""
    inherited = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT", "TMPDIR") if name in os.environ}
    user = home.parent / "user"
    own = {"HOME": str(user), "TRADEBOT_STATE_DIR": str(user / "state"), "PYTHONPATH": str(ROOT)}
    user.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "tradebot", "replay", "--home", str(home), "--from", FIRST, *span]
    subprocess.run(command, cwd=user, env={**inherited, **own}, check=True, stdout=subprocess.PIPE)


def replayed(ledger: Path) -> dict[str, str]:
    """The tables of a ledger as sorted CSV."""
    with closing(sqlite3.connect(f"{ledger.resolve().as_uri()}?mode=ro", uri=True)) as connection:
        return {table.name: _written(table, connection) for table in TABLES}


def kept() -> dict[str, str]:
    """The tables of the fixture."""
    return {table.name: gzip.decompress(table.file.read_bytes()).decode() for table in TABLES}


def differences(before: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    """The lines of a diff of each table; none where all tables are the same."""
    diff: list[str] = []
    for name, text in before.items():
        labels = (f"{name} before", f"{name} now")
        lines = list(unified_diff(text.splitlines(), now[name].splitlines(), *labels, lineterm="", n=0))
        diff += lines[:SHOWN]
        diff += [f"... and {len(lines) - SHOWN} lines more of {name}"] if len(lines) > SHOWN else []
    return diff


def hashes(tables: Mapping[str, str]) -> str:
    """The SHA-256 of every table, one a line."""
    return "".join(f"{hashlib.sha256(text.encode()).hexdigest()}  {name}.csv\n" for name, text in tables.items())


def renew(tables: Mapping[str, str]) -> None:
    """Make these tables the fixture."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for table in TABLES:
        table.file.write_bytes(gzip.compress(tables[table.name].encode(), mtime=0))
    (FOLDER / HASHES).write_text(hashes(tables), encoding="ascii")


def _written(table: Table, connection: sqlite3.Connection) -> str:
    columns = table.columns.split()
    rows = connection.execute(f"SELECT {', '.join(columns)} FROM {table.name} {table.which}")
    text = io.StringIO()
    lines = csv.writer(text, lineterminator="\n")
    lines.writerow(columns)
    lines.writerows(sorted(tuple("" if value is None else str(value) for value in row) for row in rows))
    return text.getvalue()


def main(arguments: Sequence[str] | None = None) -> int:
    """Compare, print the differences, and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--home", type=Path, help="a home that was replayed already")
    parser.add_argument("--renew", action="store_true", help="make the tables the fixture, instead of comparing")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        home: Path = options.home or Path(folder, "home")
        if options.home is None:
            replay(home, "--to", LAST)
        now = replayed(home / "trading_robot.db")
    if options.renew:
        renew(now)
    before = kept()
    lines = differences(before, now)
    if hashes(before) != (FOLDER / HASHES).read_text(encoding="ascii"):
        lines.append(f"what is kept in {FOLDER} is not what {HASHES} says")
    print("\n".join(lines) or f"all the same: {', '.join(f'{name} {_size(now[name])}' for name in now)}")
    return 1 if lines else 0


def _size(text: str) -> int:
    return text.count("\n") - 1


if __name__ == "__main__":
    sys.exit(main())

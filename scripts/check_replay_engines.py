"""Replay the same sessions into a file and into a PostgreSQL database, and compare every row and the chain heads.

Usage: python scripts/check_replay_engines.py postgresql://USER@HOST/DATABASE [FIRST LAST]

The database is empty. FIRST and LAST are sessions, 2007-01-03 and 2009-12-31 unless they are given. It ends with 1 at
the first row that differs, the columns with wall time and names of homes left out.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from itertools import zip_longest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tradebot.ledger.database import open_database  # noqa: E402 - the path comes first
from tradebot.ledger.dump import dump_lines  # noqa: E402
from tradebot.settings.ledger_location import LedgerLocation  # noqa: E402
from tradebot.settings.server_url import read_server  # noqa: E402


def main() -> int:
    """Replay into both and compare."""
    url, *span = sys.argv[1:]
    first, last = span or ("2007-01-03", "2009-12-31")
    with tempfile.TemporaryDirectory(prefix="tradebot-engines-") as folder:
        file, server = Path(folder) / "ledger.db", read_server(url)
        for location, address in ((file, f"sqlite:///{file}"), (server, url)):
            started = time.monotonic()
            _replay(Path(folder) / type(location).__name__, address, first, last)
            print(f"{location}: {time.monotonic() - started:.0f} s", flush=True)
        rows = 0
        for rows, (here, there) in enumerate(zip_longest(dump_lines(file), dump_lines(server)), 1):
            if here != there:
                print(f"row {rows} differs:\n{here}\n{there}")
                return 1
        heads = [_heads(file), _heads(server)]
        print(f"{rows} rows are equal; heads: {heads[0]}, {'equal' if heads[0] == heads[1] else heads[1]}")
        return int(heads[0] != heads[1])


def _replay(home: Path, address: str, first: str, last: str) -> None:
    command = ["-m", "tradebot", "replay", "--home", str(home), "--from", first, "--to", last, "--on-halt", "resume"]
    own = {"DATABASE_URL": address, "TRADEBOT_STATE_DIR": str(home / "user"), "PYTHONPATH": str(ROOT)}
    environment = {**os.environ, **own}
    done = subprocess.run([sys.executable, *command], env=environment, capture_output=True, text=True, check=False)
    if done.returncode not in (0, 4):
        sys.exit(f"the replay ended with {done.returncode}: {done.stderr}")


def _heads(location: LedgerLocation) -> dict[str, tuple[int, str]]:
    with closing(open_database(location, create=False)) as database:
        return database.heads()


if __name__ == "__main__":
    sys.exit(main())

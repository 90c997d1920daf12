"""The cost of `ledger copy` of a large ledger to a place and back, and the bytes a fill on both.

python scripts/bench/ledger_copy.py [--fills 100000] [--to postgresql://...]

--to: an empty database; without it the ledger goes into another file. The floor is `verify` of the same ledger, which
reads every row once: a copy writes each, reads it twice to compare it, and verifies it.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from scripts.bench.measure import Figure, Run, once, show, tradebot
from tradebot.ledger.database import open_database


def main() -> None:
    """Measure, and print the table and the bytes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--fills", type=int, default=100_000)
    parser.add_argument("--to", default="sqlite:///there.db")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home, env = Path(folder, "home"), {"TRADEBOT_STATE_DIR": f"{folder}/user"}
        once([sys.executable, "scripts/bench/large_ledger.py", str(home), str(arguments.fills)], env)
        verified = _run(home, env, "verify")
        there = _run(home, env, "ledger", "copy", "--to", arguments.to, "--yes")
        back = _run(home, {**env, "DATABASE_URL": arguments.to}, "ledger", "copy", "--to", "sqlite:///back.db", "--yes")
        again = _run(home, {**env, "DATABASE_URL": "sqlite:///back.db"}, "verify")
        runs = {"verify": verified, f"ledger copy to {arguments.to.partition(':')[0]}": there}
        runs |= {"ledger copy back": back, "verify of the ledger that came back": again}
        show([Figure.of(name, [run]) for name, run in runs.items()])
        first, last = home / "trading_robot.db", home / "back.db"
        size = last.stat().st_size / arguments.fills
        print(f"equal heads: {_has_heads(first, last)}; {size:.0f} bytes a fill in a file")


def _run(home: Path, env: Mapping[str, str], *command: str) -> Run:
    run = once(tradebot(*command, "--home", str(home)), env)
    if run.exit_code:
        sys.exit(f"{' '.join(command)} ended with {run.exit_code}")
    return run


def _has_heads(source: Path, copy: Path) -> bool:
    """Whether the source, which has a row more since it was closed, has the heads of the copy."""
    with closing(open_database(source, create=False)) as closed, closing(open_database(copy, create=False)) as back:
        return all(closed.has_row(head) for head in back.heads().values())


if __name__ == "__main__":
    main()

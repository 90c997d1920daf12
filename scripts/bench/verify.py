"""`verify` over a ledger of many fills, against a floor: read the same rows with sqlite3 and hash each with hashlib.

python scripts/bench/verify.py [FILLS]        100,000 by default; the ledger is made first, which takes some minutes

Both are measured in this process, in turn. Processor seconds are those of all its threads and of the process that it
starts (which Windows does not report); the clock's are smaller where two processors are free.
"""

from __future__ import annotations

import os
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from scripts.bench.measure import prepare
from tradebot.ledger.audit import CHAINED
from tradebot.ledger.database import open_database
from tradebot.ledger.verify import verify_ledger

RUNS = 3
TABLES = ("audit", "orders", "decisions", *(chained.table for chained in CHAINED))


def hash_rows(path: Path) -> None:
    """Read every row that `verify` reads, and hash it as it is."""
    with closing(sqlite3.connect(path)) as ledger:
        for table in TABLES:
            for row in ledger.execute(f"SELECT * FROM {table}"):
                sha256(repr(row).encode()).hexdigest()


def verify(path: Path) -> None:
    """Verify the ledger, which is sound."""
    with closing(open_database(path, create=False)) as database:
        findings = verify_ledger(database)
    assert findings == (), findings


def measured(work: Callable[[Path], None], path: Path) -> tuple[float, float]:
    """Seconds of the clock and of the processor that ``work`` takes."""
    clock, cpu = time.perf_counter(), sum(os.times()[:4])
    work(path)
    return time.perf_counter() - clock, sum(os.times()[:4]) - cpu


def main() -> None:
    """Make the ledger, and print the figures."""
    fills = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        script = Path(__file__).with_name("large_ledger.py")
        prepare([sys.executable, str(script), str(home), str(fills)], {"TRADEBOT_STATE_DIR": f"{folder}/state"})
        show(home / "trading_robot.db")


def show(ledger: Path) -> None:
    """Measure both in turn, and print medians and ratios."""
    runs = [(measured(hash_rows, ledger), measured(verify, ledger)) for _ in range(RUNS)]
    with closing(sqlite3.connect(ledger)) as connection:
        sizes = {table: connection.execute(f"SELECT COUNT(*) FROM {table}").fetchone()[0] for table in TABLES}
    print(f"{sizes['fills']} fills, {sizes['audit']} rows of the audit trail, {sum(sizes.values())} rows in all")
    print(f"{'what':<24} {'seconds':>8} {'cpu':>8}")
    (floor, floor_cpu), (took, cpu) = (tuple(map(median, zip(*each, strict=True))) for each in zip(*runs, strict=True))
    print(f"{'read and hash each row':<24} {floor:>8.2f} {floor_cpu:>8.2f}")
    print(f"{'verify':<24} {took:>8.2f} {cpu:>8.2f}")
    print(f"{'ratio':<24} {took / floor:>7.2f}x {cpu / floor_cpu:>7.2f}x")


if __name__ == "__main__":
    main()

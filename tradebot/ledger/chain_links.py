"""The links of the hash chain, checked in a process of their own where there are many."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from tradebot.ledger.audit import GENESIS, hash_of_columns
from tradebot.ledger.engine import Engine
from tradebot.ledger.findings import Finding

#: Rows of the trail from which a second process is used: to hash so many takes several times as long as its start.
MANY_ROWS = 50_000
_TRAIL = (
    "SELECT seq, at, account_key, kind, subject, detail, digest, prev_hash, hash FROM audit"
    " WHERE seq <= :last ORDER BY seq"
)
_PROGRAM = "import sys; sys.path[:] = {path!r}; from tradebot.ledger.chain_links import main; main()"


@contextmanager
def checking_links(engine: Engine, last: int) -> Iterator[Callable[[], list[Finding]]]:
    """Check the links up to row ``last`` meanwhile; gives a function that waits for the findings, in order of the rows.

    Rows up to there do not change while others write.

    The process is killed where the findings are not waited for. Where none can be started, the caller does the work.
    """
    process = _start(engine.path, last) if last >= MANY_ROWS else None
    try:
        yield lambda: _findings(process, engine, last)
    finally:
        if process is not None:
            with process:
                process.kill()


def check_links(engine: Engine, last: int) -> Iterator[Finding]:
    """Check the number, the predecessor and the hash of each row up to ``last``."""
    before, previous = 0, GENESIS
    for seq, at, account, kind, subject, detail, digest, prev_hash, hashed in engine.tuples(_TRAIL, last=last):
        if seq != before + 1:
            yield Finding("audit", f"row {seq}", f"rows {before + 1} to {seq - 1} before it are gone")
        elif prev_hash != previous:
            yield Finding("audit", f"row {seq}", "does not follow from the row before it")
        if hash_of_columns(seq, at, account, kind, subject, detail, digest, prev_hash) != hashed:
            yield Finding("audit", f"row {seq}", f"was changed ({kind} {subject})")
        before, previous = seq, hashed


def main() -> None:
    """Print the findings for the file and row of the command line, as JSON."""
    path, last = sys.argv[1:]
    with closing(Engine(Path(path))) as engine, engine.snapshot():
        found = [(finding.table, finding.row, finding.message) for finding in check_links(engine, int(last))]
    sys.stdout.write(json.dumps(found))


def _start(path: Path, last: int) -> subprocess.Popen[bytes] | None:
    program = _PROGRAM.format(path=sys.path)
    with suppress(OSError):
        return subprocess.Popen(
            [sys.executable, "-I", "-c", program, str(path), str(last)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
    return None


def _findings(process: subprocess.Popen[bytes] | None, engine: Engine, last: int) -> list[Finding]:
    if process is not None:
        out, _ = process.communicate()
        if process.returncode == 0:
            return [Finding(*parts) for parts in json.loads(out)]
    return list(check_links(engine, last))

"""Commands run as the processes that people and cron start."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.fakes import canary

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one JSON object that standard output holds."""
        return json.loads(self.out)


def environment(state: Path, more: Mapping[str, str] | None = None) -> dict[str, str]:
    """A process environment without anything of the user who runs the tests, with secrets that nobody may see again."""
    inherited = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT", "HOME", "TMPDIR") if name in os.environ}
    paths = {"PYTHONPATH": str(ROOT), "TRADEBOT_STATE_DIR": str(state)}
    return {**canary.secrets(state.parent), **inherited, **paths, "COLUMNS": "100", **(more or {})}


def tradebot(
    *arguments: str | Path,
    state: Path,
    cwd: Path,
    environ: Mapping[str, str] | None = None,
    stdin: str | None = None,
    timeout: float = 120,
) -> Ended:
    """Run ``tradebot`` with these arguments to its end; ``state`` is the user's own folder."""
    finished = subprocess.run(
        [sys.executable, "-m", "tradebot", *map(str, arguments)],
        cwd=cwd,
        env=environment(state, environ),
        input=stdin,
        stdin=subprocess.DEVNULL if stdin is None else None,
        capture_output=True,
        text=True,
        timeout=timeout,
    )
    canary.search(finished.stdout + finished.stderr, f"the output of {' '.join(map(str, arguments))}")
    return Ended(finished.returncode, finished.stdout, finished.stderr)

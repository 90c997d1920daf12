"""Commands run as the processes that people and cron start.

On Linux they are forked from a process that has imported everything once (``tests.fakes.forking``).
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.fakes import canary, json_schemas
from tests.fakes.forked import Forked

ROOT = Path(__file__).parents[2]
Process = subprocess.Popen[str] | Forked


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one JSON object that standard output holds, held against the schema of docs/schemas."""
        value = json.loads(self.out)
        json_schemas.check(value)
        return value


def environment(state: Path, more: Mapping[str, str] | None = None) -> dict[str, str]:
    """A process environment without anything of the user who runs the tests, with secrets that nobody may see again."""
    inherited = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT", "HOME", "TMPDIR") if name in os.environ}
    paths = {"PYTHONPATH": str(ROOT), "TRADEBOT_STATE_DIR": str(state)}
    return {**canary.secrets(state.parent), **inherited, **paths, "COLUMNS": "100", **(more or {})}


def start(
    module: str,
    *arguments: str | Path,
    cwd: Path,
    env: Mapping[str, str],
    stdin: str = "",
    interpreter: bool = False,
) -> Process:
    """Begin ``python -m MODULE ARGUMENTS``; with ``interpreter``, or off Linux, in an interpreter of its own."""
    typed = [str(argument) for argument in arguments]
    own = any(name.startswith("PYTHON") and value != str(ROOT) for name, value in env.items())
    with tempfile.TemporaryFile("w+") as keyboard:
        keyboard.write(stdin)
        keyboard.seek(0)
        if sys.platform == "linux" and not own and not interpreter:
            return Forked(module, typed, cwd, env, keyboard.fileno())
        command = [sys.executable, "-m", module, *typed]
        pipe = subprocess.PIPE
        return subprocess.Popen(command, cwd=cwd, env=env, stdin=keyboard, stdout=pipe, stderr=pipe, text=True)


def tradebot(
    *arguments: str | Path,
    state: Path,
    cwd: Path,
    environ: Mapping[str, str] | None = None,
    stdin: str = "",
    timeout: float = 120,
) -> Ended:
    """Run ``tradebot`` with these arguments to its end; ``state`` is the user's own folder."""
    process = start("tradebot", *arguments, cwd=cwd, env=environment(state, environ), stdin=stdin)
    out, err = process.communicate(timeout=timeout)
    canary.search(out + err, f"the output of {' '.join(map(str, arguments))}")
    return Ended(process.returncode, out, err)

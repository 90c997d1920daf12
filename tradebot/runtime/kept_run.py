"""Runs a command and keeps its exit code: ``python -m tradebot.runtime.kept_run FOLDER COMMAND ARGUMENTS...``.

FOLDER has the files of the run (``tradebot.home.command_runs``). The command is this very process, as ``python -m
tradebot`` would run it: its pid, its signals and its exit code are the command's own.
"""

from __future__ import annotations

import os
import runpy
import sys
from pathlib import Path

from tradebot.home import command_runs


def main() -> int:
    """Run the command of the process's own command line. Returns its exit code."""
    folder = Path(sys.argv[1])
    if os.name == "nt":
        command_runs.hold(folder)  # elsewhere the starter passed the held lock on
    sys.argv[:] = ["tradebot", *sys.argv[2:]]
    code = _run()
    try:
        command_runs.write_exit_code(folder, code)
    except OSError as error:
        print(f"tradebot: the exit code {code} cannot be kept: {error.strerror or error}", file=sys.stderr)  # noqa: T201
    return code


def _run() -> int:
    try:
        runpy.run_module("tradebot", run_name="__main__")
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    return 0


if __name__ == "__main__":
    sys.exit(main())

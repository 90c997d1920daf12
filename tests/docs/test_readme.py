"""The README shows what the commands really print, and the exit codes that they really end with."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from tradebot.errors import PRECEDENCE, ExitCode

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_first_command_prints_what_the_readme_shows(tmp_path: Path) -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "tradebot", "run-daily", "--home", str(tmp_path / "demo")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        env={**os.environ, "TRADEBOT_STATE_DIR": str(tmp_path / "user")},
    )
    assert ran.returncode == 0, ran.stderr
    shown = re.search(r"```text\n(  home .*?)```", README, re.DOTALL)
    assert shown is not None
    assert ran.stdout.replace(str(tmp_path), "...") == shown[1]


def test_the_table_of_exit_codes_is_that_of_the_code() -> None:
    rows = re.findall(r"^\| (\d+) \| (\w+) \| (.+) \|$", README, re.MULTILINE)
    assert rows == [(str(int(code)), code.name.lower(), code.meaning) for code in ExitCode]
    order = re.search(r"the first of ([\d, ]+);", README)
    assert order is not None
    assert order[1] == ", ".join(str(int(code)) for code in PRECEDENCE)

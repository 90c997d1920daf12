"""The README shows what the commands really print, and the exit codes that they really end with."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from tradebot import cli
from tradebot.errors import PRECEDENCE, ExitCode

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which the first command was run, and what it printed as ``printed``."""
    folder = tmp_path_factory.mktemp("readme")
    (folder / "printed").write_text(_tradebot(folder, "run-daily"), encoding="utf-8")
    return folder


def _tradebot(folder: Path, *arguments: str) -> str:
    ran = subprocess.run(
        [sys.executable, "-m", "tradebot", *arguments, "--home", str(folder / "demo")],
        cwd=ROOT, capture_output=True, text=True, env={**os.environ, "TRADEBOT_STATE_DIR": str(folder / "user")},
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def test_the_first_command_prints_what_the_readme_shows(demo: Path) -> None:
    shown = re.search(r"```text\n(  home .*?)```", README, re.DOTALL)
    assert shown is not None
    printed = (demo / "printed").read_text(encoding="utf-8").replace(str(demo), "...")
    assert re.sub(r"PAPER-[A-Z2-7]{8}", "PAPER-7KQ2M4XA", printed) == shown[1]


#: A question of the table of the day, and what the answer says on the first day.
ANSWERS = {
    "what was bought and sold": "bought",
    "what was not bought": "tsla_improved_strategy: SYMBOL_OWNED",
    "if every stop is hit": "is lost from here",
    "what slippage and fees cost": "Slippage and cost, USD traded",
}


@pytest.mark.parametrize("question", ANSWERS)
def test_the_questions_of_a_day_are_answered_by_what_the_readme_says(question: str, demo: Path) -> None:
    (commands,) = re.findall(rf"^\| [^|]*{question}[^|]* \| ([^|]+) \|$", README, re.MULTILINE)
    if commands.startswith("the same two"):
        (commands,) = re.findall(r"^\| what was bought and sold[^|]* \| ([^|]+) \|$", README, re.MULTILINE)
    said = " ".join(_tradebot(demo, *typed.split()) for typed in re.findall(r"`tradebot ([^`]+)`", commands))
    assert ANSWERS[question] in " ".join(said.split())


def test_every_command_line_of_the_readme_is_one() -> None:
    for typed in re.findall(r"`tradebot ([a-z][^`]*)`", README.replace("\n", " ")):
        words = shlex.split(typed.partition(" >>")[0])
        command: Any = get_command(cli.app)
        while (inner := getattr(command, "commands", None)) and words[0] in inner:
            command = inner[words.pop(0)]
        command.make_context(typed, words)  # raises typer's error of a wrong command line


def test_the_table_of_exit_codes_is_that_of_the_code() -> None:
    rows = re.findall(r"^\| (\d+) \| (\w+) \| (.+) \|$", README, re.MULTILINE)
    assert rows == [(str(int(code)), code.name.lower(), code.meaning) for code in ExitCode]
    order = re.search(r"the first of ([\d, ]+);", README)
    assert order is not None
    assert order[1] == ", ".join(str(int(code)) for code in PRECEDENCE)

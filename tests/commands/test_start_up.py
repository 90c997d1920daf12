"""What a command does not import: that keeps it quick to start. Each is a process of its own."""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.commands.conftest import Run
from tests.fakes.cli import ROOT, environment, tradebot

Loads = Callable[..., set[str]]

#: Modules of the statistics and of tables, each 0.1 to 2 seconds of processor time.
TABLES = {"pandas", "numpy", "scipy", "pyarrow", "empyrical", "talib", "sqlite_utils"}
SLOW = {*TABLES, "apprise", "requests", "holidays", "pydantic", "jinja2"}


@pytest.fixture(scope="session")
def traded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home after its first session."""
    folder = tmp_path_factory.mktemp("traded")
    assert tradebot("run-daily", "--home", folder / "home", state=folder / "state", cwd=folder).code == 0
    return folder / "home"


@pytest.fixture
def loads(traded: Path, tmp_path: Path) -> Loads:
    """Runs a command in a copy of the home that has traded, and gives the names of the modules that it loaded."""
    home = shutil.copytree(traded, tmp_path / "home")

    def modules_of(*arguments: str, code: int = 0) -> set[str]:
        typed = [*arguments, "--home", str(home)]
        program = (
            "import contextlib, io, sys; from tradebot import cli\n"
            f"with contextlib.redirect_stdout(io.StringIO()): code = cli.run({typed!r})\n"
            "print(code, sorted(sys.modules))"
        )
        ended = subprocess.run(
            [sys.executable, "-c", program],
            cwd=ROOT,
            env=environment(tmp_path / "state"),
            capture_output=True,
            text=True,
            check=True,
        )
        ended_with, _, modules = ended.stdout.partition(" ")
        assert int(ended_with) == code, ended.stderr
        return set(ast.literal_eval(modules))

    return modules_of


def test_help_loads_nothing_heavy(loads: Loads) -> None:
    heavy = {*SLOW, "rich", "sqlite3", "tradebot.runtime", "tradebot.settings"}
    assert sorted(loads("--help") & heavy) == []


@pytest.mark.parametrize(
    "arguments",
    [
        ["report", "--period", "all"],
        ["report", "--json"],
        ["explain", "AAPL"],
        ["explain", "NOPE"],
        ["trades"],
        ["fills", "--open"],
        ["positions"],
        ["orders"],
        ["reconcile"],
        ["status"],
        ["halt", "--reason", "why"],
    ],
    ids=" ".join,
)
def test_a_command_that_needs_no_bar_loads_nothing_slow(loads: Loads, arguments: list[str]) -> None:
    assert sorted(loads(*arguments) & SLOW) == []


def test_resume_loads_nothing_slow(run: Run, loads: Loads, tmp_path: Path) -> None:
    run("halt", "--reason", "why", "--home", tmp_path / "home")
    assert sorted(loads("resume", "--reason", "seen", "--yes") & SLOW) == []


def test_a_replay_needs_bars_and_no_statistics_package(loads: Loads) -> None:
    loaded = loads("replay", "--sessions", "1")
    assert "pandas" in loaded
    assert sorted(loaded & {"scipy", "empyrical"}) == []


def test_the_engine_of_templates_is_loaded_where_html_is_written_alone(loads: Loads, tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    loaded = loads("report", "--html", str(page))
    assert "jinja2" in loaded
    assert sorted(loaded & TABLES) == []
    assert page.read_text(encoding="utf-8").endswith("</html>")

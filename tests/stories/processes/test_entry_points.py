"""The ways into a command: two entry points, options in any place, a home named in three ways, and help."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.main import get_command

from tests.fakes.homes import account_id
from tests.long_form import every
from tests.stories.processes.conftest import Machine
from tradebot import cli
from tradebot.errors import ExitCode


def _commands() -> Iterator[tuple[str, ...]]:
    """Every command that there is, those of groups included."""
    app = get_command(cli.app)
    for name, command in app.commands.items():  # type: ignore[attr-defined]  # an app of several commands is a group
        inner = getattr(command, "commands", ())
        yield from ((name, each) for each in inner) if inner else ((name,),)


def test_the_help_of_a_command_makes_no_home(machine: Machine) -> None:
    for command in _commands():
        ended = machine(*command, "--help")
        assert (ended.code, ended.err) == (0, ""), command
        assert f"Usage: tradebot {' '.join(command)} " in ended.out
        assert not machine.home.exists(), command


#: What commands are given besides their name, where they need anything, and the code that they end with if not 0.
ARGUMENTS: dict[tuple[str, ...], tuple[str, ...]] = {
    ("adopt",): ("AAPL", "--strategy", "rsi2_mean_reversion", "--stop", "1", "--reason", "a test"),
    ("auth", "forget"): ("--yes",),
    ("completion",): ("bash",),
    ("data", "check"): ("no.csv",),
    ("data", "import"): ("no.csv", "--out", "bars.csv"),
    ("explain",): ("AAPL",),
    ("export",): ("--ledger", "ledger.jsonl"),
    ("halt",): ("--reason", "a test"),
    ("ledger", "copy"): ("--to", "sqlite:///copied.db", "--yes"),
    ("paper", "reset"): ("--yes",),
    ("rebuild",): ("--yes",),
    ("replay",): ("--sessions", "1"),
    ("restore",): ("no.db", "--yes"),
    ("resume",): ("--reason", "a test", "--yes"),
    ("take-over",): ("--reason", "a test"),
    ("schedule", "install"): ("--dir", "crontab.d"),
    ("schedule", "remove"): ("--dir", "crontab.d", "--yes"),
    ("schedule", "verify"): ("--dir", "crontab.d"),
    ("serve",): ("--tokens",),  # without it, it ends with the user
    ("strategies", "check"): ("rsi2_mean_reversion",),
}
#: Commands that have something to do in the next session alone.
JOBS = {("run-daily",), ("check-exits",), ("reconcile",), ("diff",), ("report",), ("preflight",)}
CODES = {
    ("accounts",): ExitCode.INCOMPLETE,  # the home is a copy, which is in no list of homes
    ("auth", "robinhood"): ExitCode.USAGE,  # nobody is there to answer
    ("auth", "status"): ExitCode.BLOCKED,  # no session is stored
    ("adopt",): ExitCode.USAGE,  # nothing is foreign here
    ("data", "check"): ExitCode.CONFIG,  # there is no such file
    ("data", "import"): ExitCode.CONFIG,
    ("init",): ExitCode.USAGE,  # nobody is there to answer
    ("restore",): ExitCode.LEDGER,
    ("schedule", "verify"): ExitCode.DEGRADED,
    ("sweep",): ExitCode.USAGE,  # no value of a parameter is given
}


@pytest.mark.parametrize("words", every(2, *map(" ".join, _commands())))
def test_every_command_works_in_an_interpreter_of_its_own(words: str, traded: Machine) -> None:
    """Elsewhere they are forked from one that has imported everything, where a missing import does not show."""
    command = tuple(words.split())
    if command in JOBS:
        assert traded("paper", "next").code == 0  # something to do
    traded.interpreter = True
    ended = traded(*command, *ARGUMENTS.get(command, ()), "--json")
    assert (ended.code, ended.json["job"]) == (CODES.get(command, 0), " ".join(command)), ended.err


def test_both_entry_points_are_the_same(machine: Machine) -> None:
    script = Path(sys.executable).with_name("tradebot")
    if not script.exists():
        pytest.skip("tradebot is not installed beside this interpreter")
    for arguments in (["--help"], ["config", "check", "--json"], ["nonsense"], ["status"]):
        started = subprocess.run(
            [script, *arguments], cwd=machine.folder, env=machine.environment(), capture_output=True, text=True
        )
        same = machine(*arguments)
        assert (started.returncode, started.stdout, started.stderr) == (same.code, same.out, same.err)


def test_global_options_mean_the_same_before_and_after_a_command(traded: Machine) -> None:
    elsewhere = str(traded.folder / "elsewhere")  # what TRADEBOT_HOME names, which --home overrules
    for arguments in (
        ("--home", traded.home, "--json", "status"),
        ("status", "--home", traded.home, "--json"),
        ("--json", "status", "--home", traded.home),
        ("--home", elsewhere, "status", "--json", "--home", traded.home),
    ):
        ended = traded(*arguments, TRADEBOT_HOME=elsewhere)
        assert ended.code == 0, ended.err
        assert ended.json["home"] == str(traded.home)
        assert len(ended.json["positions"]) == 3
    assert not Path(elsewhere).exists()
    assert traded("-vv", "status").err.count(" INFO ") == traded("status", "-v", "-v").err.count(" INFO ")


def test_a_home_is_the_current_folder_unless_it_is_named(machine: Machine) -> None:
    here = machine("init-db", "--json", TRADEBOT_HOME="")
    assert here.json["home"] == str(machine.folder)
    relative = machine("init-db", "--json", "--home", "a/../b", TRADEBOT_HOME="")
    assert relative.json["home"] == str(machine.folder / "b")
    user = machine("init-db", "--json", TRADEBOT_HOME="~/trading")
    assert user.json["home"] == str(machine.folder / "user" / "trading")


def test_another_file_of_settings_is_read_instead_of_the_homes(machine: Machine) -> None:
    machine.env("LOG_DIR=homes")
    other = machine.folder / "other.env"
    other.write_text("LOG_DIR=others\n")

    def log_dir(*arguments: str | Path, **environ: str) -> str:
        settings = machine(*arguments, "--json", **environ).json["settings"]
        return next(str(setting["value"]) for setting in settings if setting["name"] == "LOG_DIR")

    assert log_dir("config", "show") == "homes"
    assert log_dir("--env-file", other, "config", "show") == "others"
    assert log_dir("config", "show", "--env-file", other) == "others"
    assert log_dir("config", "show", "--env-file", other, LOG_DIR="environments") == "environments"


def test_people_are_told_where_a_command_acts_before_anything_else(traded: Machine) -> None:
    for command in ("preflight", "run-daily", "check-exits", "reconcile", "report", "status", "emergency-stop"):
        first = traded(command).out.split("\n\n")[0]
        assert [line.split(maxsplit=1) for line in first.splitlines()] == [
            ["home", str(traded.home)],
            ["broker", "paper, paper mode"],
            ["account", account_id(traded.home)],
        ], command

"""The command line as people type it: help, options in any place, mistakes."""

from __future__ import annotations

import itertools
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from tests.commands.conftest import Run
from tests.fakes.cli import environment
from tradebot import __version__, cli
from tradebot.errors import PRECEDENCE, ExitCode


def _leaf(path: tuple[str, ...]) -> Any:
    """The command of a path."""
    command: Any = get_command(cli.app)
    for name in path:
        command = command.commands[name]
    return command


def _command_paths() -> list[tuple[str, ...]]:
    """Every command of the app, groups' commands included."""
    app = get_command(cli.app)
    paths: list[tuple[str, ...]] = []
    for name, command in app.commands.items():  # type: ignore[attr-defined]
        inner = getattr(command, "commands", {})
        paths += [(name, each) for each in inner] or [(name,)]
    return paths


COMMANDS = _command_paths()


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_the_help_of_every_command_says_what_it_does_writes_and_ends_with(path: tuple[str, ...]) -> None:
    ended = CliRunner().invoke(cli.app, [*path, "--help"])
    assert (ended.exit_code, ended.stderr) == (0, "")
    assert "Writes: " in ended.stdout
    for option in ("--home", "--env-file", "--json", "--verbose"):
        assert option in ended.stdout
    codes = re.search(r"^  Exit codes: ([\d ]+) \(tradebot help exit-codes\)$", ended.stdout, re.MULTILINE)
    assert codes is not None
    assert {0, 1, 2, 3, 130, 143} <= set(map(int, codes[1].split())) <= {int(code) for code in ExitCode}
    assert CliRunner().invoke(cli.app, ["help", *path]).stdout == ended.stdout


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_the_examples_of_every_command_are_command_lines_of_its_own(path: tuple[str, ...]) -> None:
    shown = CliRunner().invoke(cli.app, [*path, "--help"]).stdout.partition("\n  Examples:\n")[2].partition("\n\n")[0]
    assert shown, "it has none"
    for line in shown.splitlines():
        assert len(line) <= 80
        program, *typed = itertools.takewhile(lambda word: word not in (">", ">>"), shlex.split(line, comments=True))
        assert (program, tuple(typed[: len(path)])) == ("tradebot", path)
        _leaf(path).make_context(path[-1], typed[len(path) :])  # raises where it is a wrong one


def test_help_tells_what_the_exit_codes_mean(run: Run) -> None:
    ended = run("help", "exit-codes")
    assert ended.code == 0
    for code in ExitCode:
        assert re.search(rf"^ +{int(code)}  {code.name.lower()} +{re.escape(code.meaning)}$", ended.out, re.MULTILINE)
    told = run("help", "exit-codes", "--json").json
    assert [(each["code"], each["name"], each["meaning"]) for each in told["codes"]] == [
        (int(code), code.name.lower(), code.meaning) for code in ExitCode
    ]
    assert told["precedence"] == list(PRECEDENCE)


def test_help_of_nothing_is_the_list_of_commands_and_of_what_is_not_there_a_usage_error(run: Run) -> None:
    assert run("help").out == run("--help").out
    assert run("help", "paper").out == run("paper", "--help").out
    for words in (("nonsense",), ("paper", "nonsense"), ("report", "nonsense")):
        ended = run("help", *words)
        assert (ended.code, ended.out) == (2, "")
        assert f"no command {' '.join(words)!r}" in ended.err


def test_help_lists_every_command_with_a_whole_sentence(run: Run) -> None:
    ended = run("--help", environ={"COLUMNS": "60"})
    assert ended.code == 0
    assert "..." not in ended.out.partition("Commands:")[2]
    for path in COMMANDS:
        assert path[0] in ended.out


@pytest.mark.parametrize("group", sorted({path[0] for path in COMMANDS if len(path) > 1}))
def test_the_help_of_a_group_lists_its_commands_with_whole_sentences(group: str, run: Run) -> None:
    ended = run(group, "--help", environ={"COLUMNS": "60"})
    assert "..." not in ended.out.partition("Commands:")[2]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ("run-dialy", "No such command"),
        ("run-daily --force", "No such option"),
        ("run-daily now", "unexpected extra argument"),
        ("report --period decade", "--period"),
        ("report --period year --from 2007-01-03", "--period does not go with --from and --to"),
        ("report --previous --to 2007-01-03", "--previous does not go with --from and --to"),
        ("report --period all --previous", "nothing is before all"),
        ("report --from 2008-01-02 --to 2007-01-03", "--from is after --to"),
        ("report --review week --period month", "--review says the period itself"),
        ("report --scheduled --previous", "--scheduled goes with a period that holds the newest session"),
        ("report --html a.html --quantstats a.html", "--html and --quantstats name the same file"),
        ("explain", "SYMBOL"),
        ("explain A+B", "is not a symbol"),
        ("explain AAPL --from 2008-01-02 --to 2007-01-03", "--from is after --to"),
        ("explain AAPL --from yesterday", "--from"),
        ("trades --from 2007-13-01", "'--from': '2007-13-01' is no date that there is: write it like 2007-01-31."),
        ("incident --since x", "write it like 2007-01-31"),
        ("report --period decade", "'--period': 'decade' is not one of"),
        ("replay", "either --sessions N or --to DATE"),
        ("replay --sessions 0", "--sessions"),
        ("replay --sessions 3 --to 2008-01-02", "either --sessions N or --to DATE"),
        ("diff 2007-01-03 --from 2007-01-03", "SESSION, and --from with --to, exclude each other"),
        ("diff --to 2007-01-03", "say with --from where it begins"),
        ("diff 2007-01-03 --scheduled", "--scheduled compares the newest session"),
        ("resume", "--reason"),
        ("resume --reason seen --symbol AAPL --strategy trend", "either --strategy or --symbol"),
        ("halt --symbol AAPL", "--reason"),
        ("halt --reason=", "--reason is empty"),
        ("resume --reason=", "--reason is empty"),
        ("strategies check", "NAME"),
    ],
)
def test_a_mistake_is_a_usage_error_in_one_message(arguments: str, words: str) -> None:
    ended = CliRunner().invoke(cli.app, arguments.split())
    assert ended.exit_code == 2
    assert words in ended.stderr
    assert ended.stdout == ""


def test_no_arguments_and_mistakes_end_the_process_with_2(run: Run) -> None:
    for arguments in ((), ("paper",), ("run-daily", "--force"), ("replay",)):
        ended = run(*arguments)
        assert ended.code == 2, arguments
        assert ended.out + ended.err
        assert "Traceback" not in ended.err


def test_the_version_is_shown(run: Run) -> None:
    assert run("--version").out == f"tradebot {__version__}\n"


def test_global_options_may_stand_anywhere(run: Run, tmp_path: Path) -> None:
    homes = {name: tmp_path / name for name in ("before", "after")}
    for name, home in homes.items():
        home.mkdir()
        (home / ".env").write_text(f"LOG_DIR={name}\n")
    before, after = homes["before"], homes["after"]
    for arguments, home in (
        (("--home", before, "--json", "config", "show"), before),
        (("config", "--home", before, "--json", "show"), before),
        (("config", "show", "--home", before, "--json"), before),
        (("--json", "config", "--home", before, "show", "--home", after), after),
        (("--home", before, "--json", "config", "show", "--env-file", after / ".env"), before),
    ):
        said = run(*arguments).json
        assert said["home"] == str(home)
        shown = {setting["name"]: setting["value"] for setting in said["settings"]}
        assert shown["LOG_DIR"] == Path(arguments[-1]).parent.name if "--env-file" in arguments else home.name


def test_verbose_speaks_on_standard_error(run: Run, home: Path) -> None:
    quiet, loud = (run(*verbose, "preflight", "--home", home, "--json") for verbose in ((), ("-v",)))
    assert quiet.err == ""
    assert " INFO " in loud.err
    assert loud.json["job"] == "preflight"


def test_a_reader_who_leaves_early_is_no_error(tmp_path: Path) -> None:
    if os.name == "nt":
        pytest.skip("a shell's pipe")
    command = f"{sys.executable} -m tradebot config show | head -n 1; exit ${{PIPESTATUS[0]}}"
    finished = subprocess.run(
        ["bash", "-c", command], cwd=tmp_path, env=environment(tmp_path / "state"), capture_output=True, text=True
    )
    assert (finished.returncode, finished.stderr) == (0, "")


def test_output_that_cannot_be_written_is_told_and_changes_no_code(tmp_path: Path) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("no /dev/full here")
    with Path("/dev/full").open("w") as full:
        finished = subprocess.run(
            [sys.executable, "-m", "tradebot", "config", "check"],
            cwd=tmp_path, env=environment(tmp_path / "state"), stdout=full, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
    assert finished.returncode == 0
    assert "standard output cannot be written" in finished.stderr


def test_a_narrow_encoding_does_not_break_a_command(run: Run, tmp_path: Path) -> None:
    home = tmp_path / "café"
    home.mkdir()
    ended = run("config", "check", "--home", home, environ={"PYTHONIOENCODING": "ascii"})
    assert ended.code == 0
    assert "caf\\xe9" in ended.out

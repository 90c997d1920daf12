"""What TAB offers, in the shells that are there, and that it runs, sends, locks and writes nothing."""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from tests.commands.conftest import Run
from tests.fakes.cli import ROOT, environment
from tests.fakes.homes import account_id
from tests.fakes.terminal import TAB, program
from tradebot import cli
from tradebot.home import registry

Offered = Callable[..., list[str]]
#: Notes what a process does to the world, and prints it behind what is offered.
_WATCHED = """
import os, sys
noted = set()
def note(event, arguments):
    if event == "open" and isinstance(arguments[2], int) and arguments[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
        noted.add(f"open {arguments[0]}")
    elif event.partition(".")[0] in ("socket", "fcntl", "subprocess") or event in ("os.fork", "os.mkdir", "os.remove"):
        noted.add(event)
sys.addaudithook(note)
from tradebot import cli
code = cli.run([])
print(sorted(noted))
print(sorted(sys.modules))
"""


@pytest.fixture
def offered(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Offered:
    """The candidates for the last word of a command line, typed in a home that has traded nothing."""

    def press_tab(*words: str, at: Path = home, **environ: str) -> list[str]:
        with monkeypatch.context() as patch:
            for name, text in {**_asked(words), "TRADEBOT_STATE_DIR": str(tmp_path / "state"), **environ}.items():
                patch.setenv(name, text)
            patch.chdir(at)
            assert cli.run([]) == 0
        out, err = capsys.readouterr()
        assert err == ""
        return out.split()

    return press_tab


def _asked(words: tuple[str, ...]) -> dict[str, str]:
    typed = ["tradebot", *words]
    return {"_TRADEBOT_COMPLETE": "complete_bash", "COMP_WORDS": "\n".join(typed), "COMP_CWORD": str(len(typed) - 1)}


def test_commands_options_and_choices(offered: Offered) -> None:
    assert {"run-daily", "init", "completion", "paper"} <= {*offered("")}
    assert offered("sta") == ["status"]
    assert offered("paper", "") == ["next", "status", "reset"]
    assert "--reason" in offered("halt", "--r")
    assert offered("schedule", "print", "--for", "s") == ["systemd"]
    assert offered("completion", "p") == ["powershell"]


def test_help_offers_commands_and_its_other_topic(offered: Offered) -> None:
    assert {"report", "paper", "exit-codes"} <= {*offered("help", "")}
    assert offered("help", "paper", "n") == ["next"]
    assert offered("help", "report", "") == []


@pytest.mark.parametrize(
    "words",
    [("explain",), ("halt", "--symbol"), ("resume", "--symbol"), ("reconcile", "--accept"), ("adopt",)],
    ids=" ".join,
)
def test_symbols_are_those_of_the_strategies(words: tuple[str, ...], offered: Offered) -> None:
    assert offered(*words, "") == ["AAPL", "GOOG", "IBM", "MSFT"]
    assert offered(*words, "g") == ["goog"]


def test_symbols_are_those_of_the_settings_and_the_ledger_too(offered: Offered, home: Path, run: Run) -> None:
    assert run("run-daily", "--home", home).code == 0
    (home / ".env").write_text("STRATEGIES=no_such_strategy\nSYMBOLS=XOM\n")
    assert offered("explain", "") == ["AAPL", "GOOG", "MSFT", "XOM"]


def test_strategies_are_those_of_the_home_and_the_shipped_ones(offered: Offered, home: Path) -> None:
    own = home / "strategies" / "of_my_own"
    own.mkdir(parents=True)
    (own / "manifest.toml").write_text("not even TOML")
    (own / "strategy.py").write_text("raise SystemExit('it ran')")
    for words in (("halt", "--strategy"), ("resume", "--strategy"), ("adopt", "--strategy"), ("strategies", "check")):
        assert {"of_my_own", "rsi2_mean_reversion"} <= {*offered(*words, "")}


def test_homes_are_those_that_were_made(offered: Offered, home: Path, tmp_path: Path) -> None:
    registry.add(tmp_path / "state", home)
    assert offered("status", "--home", "") == [str(home)]
    assert offered("--home", str(tmp_path)[:5]) == [str(home)]
    assert offered("--home", "./") == []  # the shell offers folders


def test_a_home_that_is_typed_already_is_the_one_that_is_read(offered: Offered, home: Path, tmp_path: Path) -> None:
    (home / ".env").write_text("SYMBOLS=XOM\nSTRATEGIES=no_such_strategy\n")
    for words in (("--home", str(home), "explain"), ("explain", "--home", str(home))):
        assert offered(*words, "", at=tmp_path) == ["XOM"]


@pytest.mark.parametrize(
    "content", ["MAX_POSITIONS=none\nSYMBOLS=IBM", "no setting at all\n", "DATABASE_URL=sqlite:////dev/null\n"]
)
def test_what_is_wrong_in_a_home_is_no_matter_of_a_prompt(content: str, offered: Offered, home: Path) -> None:
    (home / ".env").write_text(content)
    assert "IBM" in offered("explain", "")


#: Names of tokens, which a file keeps that no prompt reads, and of the homes that one is for.
_OF_TOKENS = {"new_token", "revoke_token", "home_name"}


def test_every_symbol_strategy_and_home_is_completed() -> None:
    """A new command gets it by the names of its parameters."""
    app: Any = get_command(cli.app)
    groups = [command for command in app.commands.values() if hasattr(command, "commands")]
    commands = [command for group in (app, *groups) for command in group.commands.values()]
    missing = [
        f"{command.name} {parameter.name}"
        for command in commands
        for parameter in command.params
        if parameter.metavar in ("SYMBOL", "NAME") or parameter.name in ("symbol", "strategy", "home")
        if parameter._custom_shell_complete is None and parameter.name not in _OF_TOKENS
    ]
    assert missing == []


def test_a_tab_runs_sends_locks_and_writes_nothing(home: Path, tmp_path: Path) -> None:
    strategy = home / "strategies" / "of_my_own"
    shutil.copytree(ROOT / "strategies" / "rsi2_mean_reversion", strategy)
    (strategy / "manifest.toml").write_text(
        (strategy / "manifest.toml").read_text().replace("rsi2_mean_reversion", "of_my_own")
    )
    (strategy / "strategy.py").write_text("import pathlib; pathlib.Path('ran').touch()")
    (home / ".env").write_text("BROKER=alpaca\nALPACA_API_KEY=a\nALPACA_SECRET_KEY=b\nSTRATEGIES=of_my_own\n")
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    env = {**environment(tmp_path / "state"), "TRADEBOT_HOME": str(home), "PYTHONDONTWRITEBYTECODE": "1"}
    for words in (("explain", ""), ("halt", "--strategy", ""), ("status", "--home", "")):
        ended = subprocess.run(
            [sys.executable, "-c", _WATCHED],
            cwd=home, env={**env, **_asked(words)}, capture_output=True, text=True, check=True,
        )  # fmt: skip
        *_, noted, modules = ended.stdout.splitlines()
        assert (ended.stderr, ast.literal_eval(noted)) == ("", [])
        slow = {"pandas", "numpy", "rich", "requests", "holidays", "pydantic", "tradebot.runtime", "tradebot.jobs"}
        assert sorted(slow & {*ast.literal_eval(modules)}) == []
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == before


SHELLS = {
    "bash": (("bash", "--norc", "--noprofile", "-i"), 'eval "$(tradebot completion bash)"'),
    "zsh": (("zsh", "-f", "-i"), 'eval "$(tradebot completion zsh)"'),
    "fish": (("fish", "--no-config", "--interactive"), "tradebot completion fish | source"),
}


@pytest.mark.parametrize("shell", SHELLS)
def test_a_real_shell_completes(shell: str, home: Path, tmp_path: Path) -> None:
    if os.name == "nt" or shutil.which(shell) is None:
        pytest.skip(f"no {shell} here")
    spaced = shutil.move(home, tmp_path / "my home")
    registry.add(tmp_path / "state", Path(spaced))
    bin_folder = tmp_path / "bin"
    bin_folder.mkdir()
    (bin_folder / "tradebot").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m tradebot "$@"\n')
    (bin_folder / "tradebot").chmod(0o755)
    inherited = environment(tmp_path / "state")
    env = {**inherited, "PATH": f"{bin_folder}{os.pathsep}{inherited['PATH']}", "HOME": str(tmp_path), "PS1": "$ "}
    command, install = SHELLS[shell]
    with program(*command, cwd=tmp_path, env=env) as terminal:
        terminal.press(f"{install}; echo rea''dy\n")
        terminal.until("ready\n")
        terminal.press(f"tradebot status --home {tmp_path}/m{TAB}")
        terminal.press("\n")
        terminal.until(account_id(Path(spaced)))  # the home with a blank in its name was found, and quoted
        terminal.press(f"echo tradebot explain --ho{TAB}\n")
        terminal.until("explain --ho")


def test_the_script_of_each_shell_is_printed(run: Run) -> None:
    for shell in ("bash", "zsh", "fish", "powershell"):
        ended = run("completion", shell)
        assert (ended.code, "_TRADEBOT_COMPLETE" in ended.out) == (0, True)
        assert run("completion", shell, "--json").json["script"] == ended.out
    assert run("completion", "tcsh").code == 2

"""The manual page has every command, option and example, and groff renders it without a warning."""

from __future__ import annotations

import re
import shutil
import subprocess
from typing import Any

import pytest
import typer
from typer.main import get_command
from typer.testing import CliRunner

from tradebot import cli
from tradebot.errors import ExitCode


def printed(*arguments: str) -> str:
    ended = CliRunner().invoke(cli.app, ["help", *arguments], prog_name="tradebot")
    assert (ended.exit_code, ended.stderr) == (0, "")
    return ended.stdout


def rendered(page: str) -> str:
    """The page as `man` shows it, on lines of any length. Skips without groff."""
    if shutil.which("groff") is None:
        pytest.skip("no groff here")
    wide = f".ll 10000n\n{page}"
    ended = subprocess.run(
        ["groff", "-man", "-Tutf8", "-P-cbou", "-ww", "-rLL=10000n"],
        input=wide,
        capture_output=True,
        text=True,
        check=True,
    )
    assert ended.stderr == ""
    return ended.stdout


def commands() -> dict[str, Any]:
    """Every command by the words that call it."""
    app: Any = get_command(cli.app)
    found: dict[str, Any] = {}
    for name, command in app.commands.items():
        inner = getattr(command, "commands", {})
        found |= {f"{name} {each}": inner[each] for each in inner} or {name: command}
    return found


def test_groff_renders_every_command_with_its_options_and_examples() -> None:
    page = rendered(printed("--man"))
    for name, command in commands().items():
        section = page.partition(f"\n   {name}\n")[2]
        assert section, name
        shared = ("home", "env_file", "json", "verbose")
        for parameter in (each for each in command.params if each.param_type_name == "option"):
            assert parameter.opts[0] in (page if parameter.name in shared else section)
        for line in command.help.partition("Examples:\n")[2].splitlines():
            assert line.strip() in section, name
    for code in ExitCode:
        assert re.search(rf"^ +{int(code)} +{code.name.lower()}: {re.escape(code.meaning)}$", page, re.MULTILINE)


def test_what_troff_would_read_as_its_own_is_shown_as_it_is() -> None:
    awkward = "tradebot x --a 'b' \"c\" ~/d ^e \\f `g`"
    app = typer.Typer(rich_markup_mode=None)
    app.command(help=f"Do it.\n\n.so begins a line.\n\n'br as well.\n\n\b\nExamples:\n  {awkward}")(lambda: None)
    app.callback(help="What it is.\n\nAll of it.")(lambda: None)
    from tradebot.commands.man_page import man_page

    page = rendered(man_page(get_command(app).make_context("tradebot", [], resilient_parsing=True)))
    for text in (awkward, ".so begins a line.", "'br as well.", "what it is"):
        assert text in page


def test_it_is_about_all_commands() -> None:
    ended = CliRunner().invoke(cli.app, ["help", "report", "--man"])
    assert (ended.exit_code, "name none" in ended.stderr) == (2, True)

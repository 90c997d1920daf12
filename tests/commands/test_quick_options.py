"""Commands that read their options without pydantic read what Typer reads, and refuse what Typer refuses."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal

import pytest
import typer
from typer.core import TyperCommand, TyperGroup
from typer.testing import CliRunner, Result

from tradebot.commands.quick_options import QuickCommand, QuickGroup

LINES = [
    [],
    ["here"],
    ["here", "--home", "somewhere"],
    ["here", "--home", ""],
    ["here", "--reason", ""],
    ["here", "--reason", "two words"],
    ["here", "-vv"],
    ["here", "--json"],
    ["here", "--period", "month"],
    ["here", "--period", "year"],
    ["here", "--count", "3"],
    ["here", "--count", "0"],
    ["here", "--count", "three"],
    ["here", "--from", "2007-01-03"],
    ["here", "--from", "tomorrow"],
    ["here", "--name", "one", "--name", "two"],
    ["here", "--nonsense"],
    ["here", "--version"],
    ["here", "--help"],
    ["here", "there"],
]


def version(wanted: bool) -> None:
    if wanted:
        typer.echo("1.0")
        raise typer.Exit


def app(command: type[TyperCommand], group: type[TyperGroup]) -> typer.Typer:
    made = typer.Typer(cls=group, rich_markup_mode=None, pretty_exceptions_enable=False, add_completion=False)

    @made.callback()
    def begin(home: Annotated[Path | None, typer.Option("--home")] = None) -> None:
        typer.echo(repr(home))

    @made.command(cls=command)
    def work(
        file: Annotated[Path, typer.Argument()],
        home: Annotated[Path | None, typer.Option("--home")] = None,
        reason: Annotated[str | None, typer.Option("--reason")] = None,
        verbose: Annotated[int, typer.Option("-v", count=True)] = 0,
        json: Annotated[bool, typer.Option("--json")] = False,
        period: Annotated[Literal["day", "month"], typer.Option("--period")] = "day",
        count: Annotated[int | None, typer.Option("--count", min=1)] = None,
        first: Annotated[datetime | None, typer.Option("--from", formats=["%Y-%m-%d"])] = None,
        names: Annotated[list[str] | None, typer.Option("--name")] = None,
        shown: Annotated[bool, typer.Option("--version", callback=version, is_eager=True)] = False,
    ) -> None:
        typer.echo(repr((file, home, reason, verbose, json, period, count, first, names, shown)))

    return made


def ended(typed: list[str], command: type[TyperCommand], group: type[TyperGroup]) -> tuple[int, str, str]:
    result: Result = CliRunner().invoke(app(command, group), typed)
    return result.exit_code, result.stdout, result.stderr


@pytest.mark.parametrize("line", LINES, ids=" ".join)
def test_a_command_line_is_read_as_typer_reads_it(line: list[str]) -> None:
    for typed in (["work", *line], ["--home", "before", "work", *line]):
        code, out, said = ended(typed, QuickCommand, QuickGroup)
        code_of_typer, out_of_typer, said_by_typer = ended(typed, TyperCommand, TyperGroup)
        assert (code, out) == (code_of_typer, out_of_typer)
        if "Value error, " in said_by_typer:  # pydantic's words: ours are plain
            assert said.splitlines()[:-1] == said_by_typer.splitlines()[:-1]
            assert "Value error" not in said
            assert "%" not in said
        else:
            assert said == said_by_typer


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="everything can be read here")
def test_a_path_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o000)
    code, _, said = ended(["work", str(closed)], QuickCommand, QuickGroup)
    assert (code, said) == ended(["work", str(closed)], TyperCommand, TyperGroup)[::2]
    assert code == 2

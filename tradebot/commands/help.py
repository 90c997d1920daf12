"""tradebot help"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from tradebot.commands import decorator
from tradebot.errors import PRECEDENCE, ExitCode, UsageError

if TYPE_CHECKING:
    from tradebot.settings import GlobalOptions

#: The topic beside the commands.
EXIT_CODES = "exit-codes"


@decorator.command(
    "help",
    writes="nothing.",
    examples=(
        "tradebot help report",
        "tradebot help paper next",
        "tradebot help exit-codes",
        "tradebot help --man > ~/.local/share/man/man1/tradebot.1",
    ),
)
def command(
    options: GlobalOptions,
    context: typer.Context,
    topic: Annotated[
        list[str] | None, typer.Argument(metavar="COMMAND|exit-codes", help="By default the list of commands.")
    ] = None,
    man: Annotated[bool, typer.Option("--man", help="Print all of it as a manual page, for man(1).")] = False,
) -> ExitCode:
    """Show the help of a command, or what the exit codes mean."""
    from tradebot.commands import render

    words = topic or []
    if man and words:
        raise UsageError("--man is about all commands: name none.")
    if words == [EXIT_CODES]:
        return _exit_codes(options)
    text = _man_page(context.find_root()) if man else _help_of(context.find_root(), words)
    if options.json:
        return render.show_result(options, "help", (), topic=" ".join(words), text=text)
    typer.echo(text)
    return ExitCode.OK


def _help_of(context: Any, words: list[str]) -> str:
    """The help of the command that the words name, as ``--help`` shows it. Raises UsageError where there is none."""
    for number, word in enumerate(words, 1):
        command = getattr(context.command, "commands", {}).get(word)
        if command is None:
            raise UsageError(f"There is no command {' '.join(words[:number])!r}. `tradebot help` lists them.")
        context = command.make_context(word, [], parent=context, resilient_parsing=True)
    return str(context.get_help())


def _man_page(root: Any) -> str:
    from tradebot.commands.man_page import man_page

    return man_page(root).rstrip("\n")


def _exit_codes(options: GlobalOptions) -> ExitCode:
    from tradebot.commands import render
    from tradebot.reports.layout import Line, section, table

    rows = tuple((str(int(code)), code.name.lower(), code.meaning) for code in ExitCode)
    order = ", ".join(str(int(code)) for code in PRECEDENCE)
    several = f"When several apply, a command ends with the first of {order}; --json lists all."
    page = section("Exit codes", *table(">code | name | ~meaning", rows), Line(""), Line(several))
    codes = [{"code": int(code), "name": code.name.lower(), "meaning": code.meaning} for code in ExitCode]
    return render.show_result(options, "help", page, topic=EXIT_CODES, codes=codes, precedence=PRECEDENCE)

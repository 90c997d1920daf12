"""The decorator of the commands: global options before or after the command, and help with examples and exit codes."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Concatenate, ParamSpec, get_type_hints

import typer

from tradebot.commands.completers import BY_NAME
from tradebot.errors import ExitCode

if TYPE_CHECKING:
    from tradebot.settings import GlobalOptions

P = ParamSpec("P")

HomeOption = Annotated[
    Path | None,
    typer.Option(
        "--home",
        metavar="DIR",
        help="Where .env, database, logs and state live (default: TRADEBOT_HOME, else the current folder).",
        show_default=False,
    ),
]
EnvFileOption = Annotated[
    Path | None,
    typer.Option("--env-file", metavar="FILE", help="Read this file instead of DIR/.env.", show_default=False),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object on standard output.")]
VerboseOption = Annotated[
    int,
    typer.Option("-v", "--verbose", count=True, help="Log to standard error too; -vv says more.", show_default=False),
]
ForceOption = Annotated[
    bool,
    typer.Option("--force", help="Replace an existing file of another kind too, though never one of the home."),
]
FullOption = Annotated[bool, typer.Option("--full", help="Show everything.")]
ScheduledOption = Annotated[
    bool,
    typer.Option(
        "--scheduled",
        help="A scheduler starts it: where the exchange's calendar has it not due now, do nothing and end with 0.",
    ),
]

_SHARED = (
    inspect.Parameter("home", inspect.Parameter.KEYWORD_ONLY, default=None, annotation=HomeOption),
    inspect.Parameter("env_file", inspect.Parameter.KEYWORD_ONLY, default=None, annotation=EnvFileOption),
    inspect.Parameter("json", inspect.Parameter.KEYWORD_ONLY, default=False, annotation=JsonOption),
    inspect.Parameter("verbose", inspect.Parameter.KEYWORD_ONLY, default=0, annotation=VerboseOption),
)
_CONTEXT = inspect.Parameter("context", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=typer.Context)

#: The exit codes of every command.
COMMON = (ExitCode.OK, ExitCode.BUG, ExitCode.USAGE, ExitCode.CONFIG, ExitCode.INTERRUPTED, ExitCode.TERMINATED)


@dataclass(frozen=True, slots=True)
class Command:
    """A command to be added to the Typer app."""

    name: str  # the last word of the command line, such as "next" of "paper next"
    callback: Callable[..., None]
    help: str


@dataclass(frozen=True, slots=True)
class CommandLine:
    """The global options typed at one position of the command line: before or after a subcommand."""

    home: Path | None
    env_file: Path | None
    json: bool
    verbose: int

    def after(self, earlier: CommandLine) -> CommandLine:
        """Both merged; a home or file typed later replaces the earlier one."""
        return CommandLine(
            self.home or earlier.home,
            self.env_file or earlier.env_file,
            self.json or earlier.json,
            self.verbose + earlier.verbose,
        )


def command(
    name: str, *, writes: str, examples: Iterable[str], ends_with: Iterable[ExitCode] = ()
) -> Callable[[Callable[Concatenate[GlobalOptions, P], ExitCode]], Command]:
    """Turn a function ``(options, own arguments) -> exit code`` into a command.

    The help is made from the function's docstring, from ``writes`` (what the command writes and sends), from
    ``examples`` (whole command lines, each with at most a comment behind it) and from ``ends_with`` (its exit codes
    beside those in ``COMMON``). A function with a parameter ``context`` is given that of Typer.
    """

    def decorate(function: Callable[Concatenate[GlobalOptions, P], ExitCode]) -> Command:
        wants_context = _CONTEXT.name in inspect.signature(function).parameters

        def callback(context: typer.Context, **arguments: Any) -> None:
            from tradebot.commands import error_handler

            options = _options(context, arguments)
            if wants_context:
                arguments["context"] = context
            raise typer.Exit(error_handler.run(name, options, lambda: function(options, **arguments)))  # type: ignore[call-arg]

        _set_signature(callback, _own_parameters(function))
        return Command(name.split()[-1], callback, _help(function, writes, examples, {*COMMON, *ends_with}))

    return decorate


def remember_options(doc: str, *extra: inspect.Parameter) -> Callable[..., None]:
    """A callback of the app or a group of commands. It keeps the global options typed before the subcommand."""

    def callback(context: typer.Context, **arguments: Any) -> None:
        context.obj = _command_line(context, arguments)

    _set_signature(callback, list(extra))
    callback.__doc__ = doc
    return callback


def _options(context: typer.Context, arguments: dict[str, Any]) -> GlobalOptions:
    """Take the global options out of ``arguments`` and merge them with those typed before the subcommand."""
    from tradebot.settings.options import GlobalOptions

    typed = _command_line(context, arguments)
    return GlobalOptions(typed.home, typed.env_file, typed.json, typed.verbose)


def _command_line(context: typer.Context, arguments: dict[str, Any]) -> CommandLine:
    here = CommandLine(*(arguments.pop(parameter.name) for parameter in _SHARED))
    return here.after(context.obj) if isinstance(context.obj, CommandLine) else here


def _own_parameters(function: Callable[..., Any]) -> list[inspect.Parameter]:
    """The function's parameters after ``options``, with resolved annotations.

    ``GlobalOptions`` resolves to ``object``: importing the settings would slow down every ``--help``.
    """
    hints = get_type_hints(function, localns={"GlobalOptions": object}, include_extras=True)
    parameters = list(inspect.signature(function).parameters.values())[1:]
    own = [parameter for parameter in parameters if parameter.name != _CONTEXT.name]
    return [parameter.replace(annotation=hints[parameter.name]) for parameter in own]


def _set_signature(callback: Callable[..., None], own: list[inspect.Parameter]) -> None:
    """Set the signature that Typer reads the options from."""
    keyword_only = [parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY) for parameter in own]
    for parameter in (*keyword_only, *_SHARED):
        for declared in getattr(parameter.annotation, "__metadata__", ()):
            declared.autocompletion = BY_NAME.get(parameter.name, declared.autocompletion)
    callback.__signature__ = inspect.Signature([_CONTEXT, *keyword_only, *_SHARED])  # type: ignore[attr-defined]
    callback.__annotations__ = {}


def _help(function: Callable[..., Any], writes: str, examples: Iterable[str], ends_with: set[ExitCode]) -> str:
    lines = "\n".join(f"  {example}" for example in examples)
    codes = " ".join(str(int(code)) for code in sorted(ends_with))
    return (
        f"{inspect.getdoc(function)}\n\nWrites: {writes}\n\nExit codes: {codes} (tradebot help exit-codes)\n\n"
        f"\b\nExamples:\n{lines}"
    )

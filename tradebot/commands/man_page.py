"""The manual page tradebot(1), made from the commands as `--help` knows them, in the language of man(7)."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Iterator
from typing import Any

from tradebot import __version__
from tradebot.errors import PRECEDENCE, ExitCode

#: Characters that troff would draw as others, or read as its own.
_ESCAPES = {"\\": r"\e", "-": r"\-", "`": r"\(ga", "'": r"\(aq", "^": r"\(ha", "~": r"\(ti"}
_UNCHANGED = "\b"  # begins a paragraph whose lines stay as they are


def man_page(root: Any) -> str:
    """The manual page as a text of roff. ``root`` is the context of the app, as Typer makes it."""
    lines = [f'.TH TRADEBOT 1 "" "tradebot {__version__}" "User Commands"']
    summary, _, about = str(root.command.help).partition("\n")
    lines += [".SH NAME", f"tradebot \\- {_text(summary[0].lower() + summary[1:].rstrip('.'))}"]
    lines += [".SH SYNOPSIS", ".B tradebot", _text("[OPTIONS] COMMAND [ARGUMENTS]"), ".SH DESCRIPTION"]
    lines += _paragraphs(about)
    shared = {str(parameter.name) for parameter in root.command.get_params(root)}
    lines += [".SH OPTIONS", *_options(root, ())]
    lines.append(".SH COMMANDS")
    for words, context in _commands(root):
        lines += [f'.SS "{_text(" ".join(words))}"', *_paragraphs(str(context.command.help))]
        lines += _options(context, shared)
    lines.append(".SH EXIT STATUS")
    for code in ExitCode:
        lines += [".TP", f".B {int(code)}", _text(f"{code.name.lower()}: {code.meaning}")]
    order = ", ".join(str(int(code)) for code in PRECEDENCE)
    lines += [".PP", _text(f"When several apply, a command ends with the first of {order}.")]
    return "\n".join(lines) + "\n"


def _commands(group: Any) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every command with the words that call it, those of groups too, each as a context."""
    for name, command in group.command.commands.items():
        context = command.make_context(name, [], parent=group, resilient_parsing=True)
        if hasattr(command, "commands"):
            yield from (((name, *words), inner) for words, inner in _commands(context))
        else:
            yield (name,), context


def _options(context: Any, known: Iterable[str]) -> Iterator[str]:
    """The options and arguments of a command, without those that every command has."""
    for parameter in context.command.get_params(context):
        if parameter.name not in known and (record := parameter.get_help_record(context)):
            name, meaning = record
            yield from (".TP", f'.B "{_text(name)}"', _text(meaning))


def _paragraphs(text: str) -> Iterator[str]:
    for paragraph in inspect.cleandoc(text).split("\n\n"):
        lines = paragraph.splitlines()
        if lines and lines[0] == _UNCHANGED:
            yield from (".PP", ".nf", *map(_text, lines[1:]), ".fi")
        elif lines:
            yield from (".PP", *map(_text, lines))


def _text(text: str) -> str:
    """A line of text that troff shows as it is."""
    escaped = "".join(_ESCAPES.get(letter, letter) for letter in text).replace('"', r"\(dq")
    return f"\\&{escaped}" if escaped[:1] in (".", " ") else escaped

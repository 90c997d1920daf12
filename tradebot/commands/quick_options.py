"""Commands and groups whose options are read without pydantic, where they need no conversion.

Typer imports pydantic for the first option of a command, whatever it is: about 0.08 s of processor time, as much as all
of Typer itself. A default, a text and a path are converted here; everything else is left to Typer.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from typer import BadParameter
from typer.core import TyperCommand, TyperGroup

from tradebot.core.model.texts import encodable

#: The formats in Typer's error of a date, and what they are shown by.
_FORMATS, _EXAMPLE = re.compile("'([^']*%[^']*)'"), datetime(2007, 1, 31, 9, 35)  # noqa: DTZ001 - it is only shown
#: The help where Python left out the docstrings that it is made from.
_NO_HELP = "There is no help with PYTHONOPTIMIZE=2 (python -OO), which leaves out its texts. Unset it, or set it to 1."


class QuickCommand(TyperCommand):
    """A Typer command that imports pydantic only when a value needs it."""

    def get_help(self, ctx: Any) -> str:
        """The help; one line where Python left out its texts."""
        return super().get_help(ctx) if sys.flags.optimize < 2 else _NO_HELP

    def get_short_help_str(self, limit: int = 45) -> str:
        """The first paragraph of the help, whole: in the list of a group it wraps, where Typer cuts it at a limit."""
        return _first_paragraph(self.short_help or self.help or "")

    def get_params(self, ctx: Any) -> list[Any]:
        """The options and arguments, the one for help included."""
        return _quick(super().get_params(ctx))


class QuickGroup(TyperGroup):
    """A group of such commands."""

    def get_help(self, ctx: Any) -> str:
        """The help; one line where Python left out its texts."""
        return super().get_help(ctx) if sys.flags.optimize < 2 else _NO_HELP

    def get_short_help_str(self, limit: int = 45) -> str:
        """The first paragraph of the help, whole: in the list of a group it wraps, where Typer cuts it at a limit."""
        return _first_paragraph(self.short_help or self.help or "")

    def get_params(self, ctx: Any) -> list[Any]:
        """The options and arguments, the one for help included."""
        return _quick(super().get_params(ctx))


def _first_paragraph(text: str) -> str:
    return " ".join(text.partition("\n\n")[0].split())


def _quick(parameters: list[Any]) -> list[Any]:
    for parameter in parameters:
        if "process_value" not in vars(parameter):
            parameter.process_value = partial(_value, parameter, parameter.process_value)
    return parameters


def _value(parameter: Any, typers_way: Callable[[Any, Any], Any], context: Any, value: Any) -> Any:
    """The value that a command is called with. ``typers_way`` converts any, and raises what is wrong with it."""
    if value is None and context.resilient_parsing:  # a shell completes a line that is not whole yet
        return None
    if parameter.multiple or parameter.nargs != 1:
        return _typers_value(typers_way, context, value)
    if isinstance(value, str) and _kind(parameter) is Path:
        value = str(_path(parameter, context, value))
    if _is_default(parameter, context, value):
        converted = value
    elif isinstance(value, str) and (known := _converted(parameter, value)) is not None:
        converted = known
    else:
        return _typers_value(typers_way, context, value)
    return converted if parameter.callback is None else parameter.callback(context, parameter, converted)


def _typers_value(typers_way: Callable[[Any, Any], Any], context: Any, value: Any) -> Any:
    """The value as Typer converts it. Its error of a wrong value speaks of formats and of pydantic: ours does not."""
    try:
        return typers_way(context, value)
    except BadParameter as error:
        said = error.message.removeprefix("Value error, ")
        if "does not match the format" in said:
            likes = " or ".join(_EXAMPLE.strftime(form) for form in _FORMATS.findall(said.partition("format")[2]))
            said = f"{value!r} is no date that there is: write it like {likes}."
        error.message = said
        raise


def _is_default(parameter: Any, context: Any, value: Any) -> bool:
    """Whether the value is the one that the code of the command gives, which has its type already."""
    source = context.get_parameter_source(parameter.name)
    return source is not None and source.name == "DEFAULT" and not (value is None and parameter.required)


def _kind(parameter: Any) -> Any:
    """The type that the command declares for a parameter."""
    return getattr(getattr(parameter, "type_descriptor", None), "annotation", None)


def _path(parameter: Any, context: Any, text: str) -> Path:
    """The path that a typed text means. Raises typer's error of a wrong command line."""
    from tradebot.settings.field_types import InvalidValue  # not needed for `--help`
    from tradebot.settings.path_fields import read_typed_path

    try:
        return read_typed_path(text)
    except InvalidValue as error:
        raise BadParameter(str(error), ctx=context, param=parameter) from error


def _converted(parameter: Any, text: str) -> str | Path | None:
    """The text as the type that the command declares, as Typer converts it; None where that is left to Typer."""
    kind = _kind(parameter)
    if kind is str or (get_origin(kind) is Literal and text in get_args(kind)):
        return encodable(text)  # what is typed under another locale is text all the same
    if kind is Path and (os.access(text, os.R_OK) or not os.path.lexists(text)):  # Typer refuses what cannot be read
        return Path(text)
    return None

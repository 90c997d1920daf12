"""manifest.toml: the description of a strategy that is read before its code runs."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from types import MappingProxyType

from tradebot.core.model.holdings import FOREIGN
from tradebot.core.model.order_ids import STRATEGY_NAME, SYMBOL
from tradebot.errors import ConfigError, Problem
from tradebot.plugins.parameters import Parameter, ParamType
from tradebot.plugins.toml_file import read_toml, shown
from tradebot.strategy_api import ParamValue

MANIFEST = "manifest.toml"
MAX_WARMUP = 2520  # sessions, ten years

_VERSION = re.compile(r"\d[0-9A-Za-z.+-]{0,31}")
_PARAMETER_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
_KEYS = ("name", "version", "description", "symbols", "warmup", "parameters")
_PARAMETER_KEYS = ("type", "default", "min", "max", "choices", "description")


@dataclass(frozen=True, slots=True)
class Manifest:
    """The content of a manifest."""

    name: str
    version: str
    description: str
    symbols: tuple[str, ...]
    warmup: int  # sessions that a symbol needs before its first signal, including the session of the signal
    parameters: tuple[Parameter, ...]

    def params(self, overrides: Mapping[str, ParamValue], where: str) -> Mapping[str, ParamValue]:
        """The values of all parameters: ``overrides``, else the defaults.

        where: the source of the overrides, for messages.

        Raises ConfigError with every unknown name and every value that a parameter does not allow.
        """
        found = (self.problem_with(name, value, where) for name, value in overrides.items())
        if problems := [problem for problem in found if problem is not None]:
            raise ConfigError(problems)
        values = {
            parameter.name: parameter.type.cast(overrides.get(parameter.name, parameter.default))
            for parameter in self.parameters
        }
        return MappingProxyType(values)

    def problem_with(self, name: str, value: object, where: str) -> Problem | None:
        """The problem with a value for the parameter ``name``; None if it may have that value."""
        known = {parameter.name: parameter for parameter in self.parameters}
        if name not in known:
            return Problem(where, f"{self.name} has no parameter {name!r}", suggestion(name, known, "parameters"))
        if (problem := known[name].problem_with(value)) is None:
            return None
        return Problem(where, f"parameter {name} of {self.name}: {problem}", "Give a value that it allows.")


def suggestion(name: str, known: Iterable[str], what: str) -> str:
    """The remedy for a ``name`` that is not among ``known``; ``what`` is the plural noun for the names."""
    choices = sorted(known)
    close = get_close_matches(name, choices, n=1)
    if close:
        return f"Did you mean {close[0]!r}? Known {what}: {', '.join(choices)}."
    return f"Known {what}: {', '.join(choices) or 'none'}."


def read_manifest(folder: Path, name: str) -> Manifest:
    """Read the manifest of the strategy ``name``. Raises ConfigError with every problem in it."""
    path = folder / MANIFEST
    problems: list[Problem] = []
    missing = Problem(
        str(folder), f"there is no {MANIFEST}", "Write one; docs/writing-a-strategy.md shows a complete example."
    )
    table = _Table(read_toml(path, missing).tables, str(path), problems)
    manifest = _manifest(table, name)
    if problems:
        raise ConfigError(problems)
    return manifest


class _Table:
    """A TOML table. Reading a value of the wrong type adds a problem."""

    def __init__(self, values: Mapping[str, object], where: str, problems: list[Problem], prefix: str = "") -> None:
        self.values = values
        self._where = where
        self._problems = problems
        self._prefix = prefix

    def add_problem(self, key: str, what: str, fix: str) -> None:
        self._problems.append(Problem(self._where, f"{self._prefix}{key}: {what}", fix))

    def check_keys(self, known: tuple[str, ...]) -> None:
        for key in self.values:
            if key not in known:
                self.add_problem(key, "unknown key", suggestion(key, known, "keys"))

    def text(self, key: str, fix: str, *, required: bool = True) -> str:
        value = self.values.get(key, "")
        if not isinstance(value, str) or (required and not value.strip()):
            self.add_problem(key, "missing" if key not in self.values else f"{shown(value)} is not a text", fix)
            return ""
        return value.strip()

    def table(self, key: str, fix: str) -> _Table:
        value = self.values.get(key, {})
        if not isinstance(value, dict):
            self.add_problem(key, f"{shown(value)} is not a table", fix)
            value = {}
        return _Table(value, self._where, self._problems, f"{self._prefix}{key}.")


def _manifest(table: _Table, name: str) -> Manifest:
    table.check_keys(_KEYS)
    own_name = table.text("name", f'Write name = "{name}".')
    if own_name and own_name != name:
        table.add_problem("name", f"{own_name!r} is not the name it is found under", f'Write name = "{name}".')
    if problem := name_problem(name):
        table.add_problem("name", problem, "Rename the strategy.")
    version = table.text("version", 'Write a version such as "1.0.0".')
    if version and not _VERSION.fullmatch(version):
        table.add_problem("version", f"{version!r} is not a version", 'Write one such as "1.0.0".')
    parameters = table.table("parameters", "Write one [parameters.NAME] for each parameter.")
    return Manifest(
        name=name,
        version=version,
        description=table.text("description", "Say in a sentence what the strategy does."),
        symbols=_symbols(table),
        warmup=_warmup(table),
        parameters=tuple(
            parameter for key in parameters.values if (parameter := _parameter(parameters, key)) is not None
        ),
    )


def name_problem(name: str) -> str | None:
    """The reason why a strategy cannot have this name; None if it can."""
    if not STRATEGY_NAME.fullmatch(name):
        return f"{name!r} is not made of lower-case letters, digits and underscores (at most 40, a letter first)"
    if name == FOREIGN:
        return f"{name!r} is what the ledger calls positions that no strategy made"
    return None


def _symbols(table: _Table) -> tuple[str, ...]:
    fix = 'Write symbols = ["AAPL", "MSFT"].'
    value = table.values.get("symbols")
    if not isinstance(value, list) or not value:
        table.add_problem("symbols", "missing" if value is None else f"{shown(value)} is not a list of symbols", fix)
        return ()
    symbols = [symbol for symbol in value if isinstance(symbol, str) and SYMBOL.fullmatch(symbol)]
    for item in (item for item in value if item not in symbols):
        table.add_problem("symbols", f"{shown(item)} is not a symbol", fix)
    for symbol, count in Counter(symbols).items():
        if count > 1:
            table.add_problem("symbols", f"{symbol} is there {count} times", "Name it once.")
    return tuple(symbols)


def _warmup(table: _Table) -> int:
    value = table.values.get("warmup")
    if isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= MAX_WARMUP:
        return value
    what = "missing" if value is None else f"{shown(value)} is not a whole number from 1 to {MAX_WARMUP}"
    table.add_problem("warmup", what, "Write the sessions of history that a signal needs, such as warmup = 250.")
    return 1


def _parameter(parameters: _Table, name: str) -> Parameter | None:
    table = parameters.table(name, f"Write [parameters.{name}] and its keys below it.")
    table.check_keys(_PARAMETER_KEYS)
    if not _PARAMETER_NAME.fullmatch(name):
        parameters.add_problem(name, "not a parameter's name", "Use lower-case letters, digits and underscores.")
    written = table.values.get("type")
    if not isinstance(written, str) or written not in set(ParamType):
        what = "missing" if written is None else f"{shown(written)} is not a type"
        table.add_problem("type", what, f"Write one of {', '.join(ParamType)}.")
        return None
    kind = ParamType(written)
    default = table.values.get("default")
    if not kind.accepts(default):
        what = "missing" if default is None else f"{shown(default)} is not of type {kind}"
        table.add_problem("default", what, "Every parameter needs a default of its own type.")
        return None
    parameter = Parameter(
        name=name,
        type=kind,
        default=kind.cast(default),
        minimum=_bound(table, "min", kind),
        maximum=_bound(table, "max", kind),
        choices=_choices(table, kind),
        description=table.text("description", "Say in a sentence what it changes.", required=False),
    )
    if parameter.minimum is not None and parameter.maximum is not None and parameter.minimum > parameter.maximum:
        table.add_problem("min", "is above max", "Exchange the two.")
    elif problem := parameter.problem_with(parameter.default):
        table.add_problem("default", problem, "Give a default that the parameter itself allows.")
    return parameter


def _bound(table: _Table, key: str, kind: ParamType) -> float | None:
    value = table.values.get(key)
    if value is None:
        return None
    if not kind.ordered:
        table.add_problem(key, f"a parameter of type {kind} has no range", "Leave it out, or list its choices.")
        return None
    if not kind.accepts(value) or isinstance(value, str):
        table.add_problem(key, f"{shown(value)} is not of type {kind}", "Give a number of the parameter's own type.")
        return None
    return value


def _choices(table: _Table, kind: ParamType) -> tuple[ParamValue, ...]:
    value = table.values.get("choices", [])
    if isinstance(value, list) and all(kind.accepts(choice) for choice in value):
        return tuple(kind.cast(choice) for choice in value)
    table.add_problem("choices", f"{shown(value)} is not a list of {kind} values", "List the values that are allowed.")
    return ()

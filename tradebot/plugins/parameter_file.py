"""parameters.toml: values of strategies' parameters that a home sets in place of the manifests' defaults.

[rsi2_mean_reversion]
rsi_below = 5.0
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from tradebot.errors import ConfigError, Problem
from tradebot.plugins.discovery import FoundStrategy, discover
from tradebot.plugins.manifest import Manifest, read_manifest, suggestion
from tradebot.plugins.toml_file import read_toml, shown
from tradebot.strategy_api import ParamValue

#: Its name in the home.
PARAMETERS = "parameters.toml"

_HEADER = re.compile(r"\s*\[\s*[\"']?([^\"'\]]+?)[\"']?\s*\]")
_KEY = re.compile(r"\s*[\"']?([A-Za-z0-9_-]+)[\"']?\s*[=.]")


@dataclass(frozen=True, slots=True)
class ParameterFile:
    """What a parameters.toml says."""

    values: Mapping[str, Mapping[str, ParamValue]] = field(default_factory=dict)  # by strategy and parameter
    lines: Mapping[tuple[str, str], int] = field(default_factory=dict)  # where a value stands; none for an unusual way
    problems: tuple[Problem, ...] = ()  # in the order of their lines; what they are about is not in ``values``

    def origin(self, strategy: str, parameter: str) -> str:
        """Where a value comes from, for people; "default" if it is the manifest's."""
        if parameter not in self.values.get(strategy, {}):
            return "default"
        return _where(self.lines.get((strategy, parameter)))


def read_parameters(path: Path, directories: Sequence[Path]) -> ParameterFile:
    """Read a parameters.toml, which need not be there, and find everything that is wrong with it.

    directories: the user's strategy folders, searched first.

    A value of a strategy without a valid manifest is not judged: the manifest's own problems come first.
    """
    try:
        file = read_toml(path)
        tables = file.tables
        known = {strategy.name: strategy for strategy in discover(directories)} if tables else {}
    except ConfigError as error:
        return ParameterFile(problems=error.problems)
    lines = value_lines(file.text)
    values: dict[str, Mapping[str, ParamValue]] = {}
    found: list[tuple[int, Problem]] = []
    for name, table in tables.items():
        faults = _faults(name, table, known)
        found += ((lines.get((name, key), 0), fault) for key, fault in faults.items())
        if "" not in faults and isinstance(table, dict):
            values[name] = {key: value for key, value in table.items() if key not in faults}
    found.sort(key=lambda each: each[0])
    return ParameterFile(values, lines, tuple(replace(fault, where=_where(line or None)) for line, fault in found))


def _where(line: int | None) -> str:
    return f"`{PARAMETERS}` line {line}" if line else f"`{PARAMETERS}`"


def _faults(name: str, table: object, known: Mapping[str, FoundStrategy]) -> Mapping[str, Problem]:
    """The problems of one table, by parameter; under "" one that is about the whole table."""
    if name not in known:
        return {"": Problem(PARAMETERS, f"there is no strategy {name!r}", suggestion(name, known, "strategies"))}
    if not isinstance(table, dict):
        fix = f"Write [{name}] on a line and its parameters below it."
        return {"": Problem(PARAMETERS, f"{name} is {shown(table)}, not a table of parameters", fix)}
    if (manifest := _manifest(known[name])) is None:
        return {}
    found = {key: manifest.problem_with(key, value, PARAMETERS) for key, value in table.items()}
    return {key: problem for key, problem in found.items() if problem is not None}


def _manifest(strategy: FoundStrategy) -> Manifest | None:
    if strategy.folder is None:
        return None
    try:
        return read_manifest(strategy.folder, strategy.name)
    except ConfigError:
        return None


def value_lines(text: str) -> dict[tuple[str, str], int]:
    """The line of each table, by strategy and "", and of each value in it, as they are usually written."""
    lines: dict[tuple[str, str], int] = {}
    table = ""
    for number, line in enumerate(text.split("\n"), start=1):
        if header := _HEADER.match(line):
            table = header[1]
            lines.setdefault((table, ""), number)
        elif key := _KEY.match(line):
            lines.setdefault((table, key[1]) if table else (key[1], ""), number)
    return lines

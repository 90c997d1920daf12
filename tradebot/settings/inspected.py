"""The settings of a home with where they come from and everything that is wrong with them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from tradebot.errors import Problem
from tradebot.settings.documentation import rows
from tradebot.settings.model import Settings

#: The origins of a setting beside a line of the `.env`.
ENVIRONMENT = "environment"
DEFAULT = "default"
COMMAND_LINE = "command line"


@dataclass(frozen=True, slots=True)
class ShownSetting:
    """A setting as it may be printed: a secret value is a mask."""

    name: str
    value: str
    origin: str
    problem: str = ""  # what is wrong with the value; "" for a valid one


@dataclass(frozen=True, slots=True)
class Loaded:
    """Valid settings and where they come from."""

    settings: Settings
    warnings: tuple[str, ...]
    notes: tuple[str, ...]  # what is as it may be, and of use to a person who looks for a mistake
    origins: Mapping[str, str]  # setting name -> "default", "environment", "command line" or "`.env` line 3"
    lines: Mapping[str, int]  # setting name -> its line in the `.env`, for those that come from it
    env_file: Path | None  # the file that was read, if any
    env_file_exposed: bool  # whether group or others may read that file

    def masked(self) -> tuple[ShownSetting, ...]:
        """All settings in the documented order, safe to print."""
        return tuple(
            ShownSetting(row.name, row.show(getattr(self.settings, row.field)), self.origins[row.name])
            for row in rows().values()
        )

    def secrets_in_environment(self) -> tuple[str, ...]:
        """The names of the secret settings that the process environment holds."""
        return tuple(r.name for r in rows().values() if r.type.secret and self.origins[r.name] == ENVIRONMENT)


@dataclass(frozen=True, slots=True)
class Fault:
    """A problem and the settings that it makes uncertain."""

    problem: Problem
    names: frozenset[str] | None  # None for all settings
    line: int = 0  # of the `.env`, 0 for none
    about: str = ""  # the setting that it is shown beside
    is_unread: bool = False  # whether what is written for that setting is no value of it


@dataclass(frozen=True, slots=True)
class Inspected:
    """The settings with every invalid one at its default, and everything that is wrong with them."""

    loaded: Loaded
    faults: tuple[Fault, ...]

    @property
    def problems(self) -> tuple[Problem, ...]:
        """The problems: of the whole file, then in the order of its lines, then of the process environment."""
        return tuple(fault.problem for fault in self.in_order())

    def in_order(self) -> list[Fault]:
        """The faults in the order of ``problems``."""
        return sorted(self.faults, key=_place)

    def masked(self) -> tuple[ShownSetting, ...]:
        """All settings in the documented order, safe to print, with their problems. One that is unread has no value."""
        faults = {fault.about: fault for fault in reversed(self.in_order())}
        return tuple(
            replace(shown, value="" if fault.is_unread else shown.value, problem=fault.problem.what)
            if (fault := faults.get(shown.name))
            else shown
            for shown in self.loaded.masked()
        )

    def is_certain(self, names: Collection[str]) -> bool:
        """Whether no fault concerns one of these settings."""
        return all(fault.names is not None and fault.names.isdisjoint(names) for fault in self.faults)

    def including(self, problems: Iterable[Problem]) -> Inspected:
        """With the problems of checks that go beyond the settings. One that names a setting gets its line."""
        return replace(self, faults=(*self.faults, *map(self._located, problems)))

    def _located(self, problem: Problem) -> Fault:
        name = problem.where.split(",")[0]
        if name not in rows():
            return Fault(problem, frozenset())
        where = f"{name} ({self.loaded.origins[name]})"
        return Fault(replace(problem, where=where), frozenset({name}), self.loaded.lines.get(name, 0), name)


def _place(fault: Fault) -> tuple[int, int]:
    """Sorts faults: the whole home or file first, then by line, then what has none."""
    if fault.line:
        return 1, fault.line
    return (0, 0) if fault.names is None else (2, 0)

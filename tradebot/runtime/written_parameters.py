"""From test to trading: the parameters of a backtest in a parameters.toml, a home's own only if it is named."""

from __future__ import annotations

import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from tradebot.core.model.strategy_versions import ParamValue
from tradebot.core.results.home_places import home_names
from tradebot.core.results.written_parameters import ParameterChange, WrittenParameters
from tradebot.errors import ConfigError, UsageError
from tradebot.home import paths
from tradebot.home.output_files import Kind, output_path, write_output
from tradebot.plugins.discovery import find
from tradebot.plugins.load import read_plugin
from tradebot.plugins.parameter_file import PARAMETERS, read_parameters
from tradebot.plugins.parameter_text import with_values
from tradebot.plugins.toml_file import read_toml
from tradebot.settings import Loaded
from tradebot.settings.home_files import Use, use_of

OPTION = "--write"
CONFIRM = "--confirm"
_MARK = "# Parameters of a backtest, written by tradebot."
_KIND = Kind("a file of parameters", lambda head: head.startswith(_MARK.encode()))

#: The parameters of strategies, by strategy and name.
Parameters = Mapping[str, Mapping[str, ParamValue]]


@dataclass(frozen=True, slots=True)
class ParameterTarget:
    """The file that parameters are to be written to. ``home``: the name of the home that trades with it; "" for none.

    confirmed: whether the home was named.
    """

    path: Path
    home: str = ""
    confirmed: bool = True


def parameter_target(path: Path, loaded: Loaded, *, force: bool, confirm: str | None) -> ParameterTarget:
    """Judge, before the work whose result goes there, whether ``path`` may be written.

    confirm: the name of the home whose own file it is; None if it was not given.

    Raises UsageError for another path of the home, for the file of another home, for a wrong name, and without
    ``force`` for an existing file that is no file of parameters as ``write_parameters`` makes it. A home's own file
    needs no ``force``, but its name. Raises ConfigError for a file with problems.
    """
    if Use.PARAMETERS in use_of(path, loaded.settings, loaded.env_file):
        name = home_names([str(loaded.settings.home)])[0]
        if confirm is not None and not is_named(name, confirm):
            raise UsageError(f"{path} is the {PARAMETERS} of the home {name}, and {CONFIRM} says {confirm!r}.")
        written = output_path(path, OPTION, loaded, _KIND, force=True, use=Use.PARAMETERS)
        target = ParameterTarget(written, name, confirmed=confirm is not None)
    else:
        _refuse_other_home(path)
        if confirm is not None:
            raise UsageError(f"{CONFIRM} names a home, and {path} is not the {PARAMETERS} of this one: leave it out.")
        target = ParameterTarget(output_path(path, OPTION, loaded, _KIND, force=force))
    file = read_parameters(target.path, [loaded.settings.strategies_path])
    if file.problems:
        raise ConfigError(file.problems)
    with_values(read_toml(target.path).text, file.values, str(target.path))  # raises for one that it can't change
    return target


def is_named(name: str, typed: str) -> bool:
    """Whether the typed text is the name of a home."""
    return typed.strip().casefold() == name.casefold()


def unconfirmed(target: ParameterTarget) -> str:
    """Why a home's own file is not written, and what to do."""
    return (
        f"{target.path} is the {PARAMETERS} of the home {target.home}, which trades with what is written there from "
        f"its next session on: add {CONFIRM} {target.home} if you mean it, or give {OPTION} another file."
    )


def parameter_changes(target: ParameterTarget, wanted: Parameters, loaded: Loaded) -> tuple[ParameterChange, ...]:
    """What is to change in the file so that it gives these parameters. Raises ConfigError and UsageError."""
    return tuple(_changes(target, wanted, loaded.settings.strategies_path))


def write_parameters(
    target: ParameterTarget, changes: tuple[ParameterChange, ...], loaded: Loaded
) -> WrittenParameters:
    """Make the changes, atomically. Comments and other values of the file stay. Raises ConfigError and UsageError."""
    values: dict[str, dict[str, ParamValue]] = {}
    for change in changes:
        values.setdefault(change.strategy, {})[change.parameter] = change.new_value
    exists = target.path.exists()
    if changes or not exists:
        before = read_toml(target.path).text if exists else f"{_MARK}\n"
        mode = stat.S_IMODE(target.path.stat().st_mode) if exists else None
        write_output(target.path, with_values(before, values, str(target.path)), OPTION, mode=mode)
    probation = loaded.settings.limits().probation_sessions if target.home else 0
    return WrittenParameters(str(target.path), changes, target.home, probation)


def _refuse_other_home(path: Path) -> None:
    real = path.resolve()
    try:
        is_one = real.name.casefold() == PARAMETERS and paths.is_initialised(real.parent)
    except ConfigError:  # a home that cannot be read is one
        is_one = True
    if is_one:
        raise UsageError(
            f"{path} belongs to another home: run this with --home {real.parent}, or give {OPTION} another file."
        )


def _changes(target: ParameterTarget, wanted: Parameters, directory: Path) -> Iterator[ParameterChange]:
    file = read_parameters(target.path, [directory])
    for found in find(tuple(wanted), [directory]):
        given = read_plugin(found, params=file.values.get(found.name)).info.params
        if wanted[found.name].keys() - given.keys():
            raise UsageError(f"{found.name} has other parameters than when the run began: nothing is written.")
        for name, after in wanted[found.name].items():
            if given[name] != after:
                yield ParameterChange(found.name, name, given[name], after)

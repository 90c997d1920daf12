"""Loads the settings of a home from `.env` and the process environment, and reports all problems at once."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from tradebot.core.model.exchange_time import ZONE_TROUBLE
from tradebot.errors import ConfigError, Problem
from tradebot.settings import cross_checks, documentation, env_file
from tradebot.settings.field_types import InvalidValue
from tradebot.settings.model import BrokerSettings, Settings
from tradebot.settings.options import GlobalOptions
from tradebot.settings.path_fields import read_typed_path

#: Names that are accepted with a warning and read by nothing: settings of a later version and of an earlier one.
WITHOUT_USE = frozenset({"ALLOW_SHORT", "ENABLE_DASHBOARD", "WEB_HOST", "WEB_PORT"})
#: Unknown names in the process environment that are noted: many settings begin like these.
OUR_PREFIXES = ("TRADEBOT_", "PAPER_", "ALERT_", "EMAIL_", "ALPACA_")
#: How much (0 to 1) an unknown name in the process environment resembles a setting's that it is taken for.
_NEAR_MISS = 0.85

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
            for row in _rows().values()
        )

    def secrets_in_environment(self) -> tuple[str, ...]:
        """The names of the secret settings that the process environment holds."""
        return tuple(r.name for r in _rows().values() if r.type.secret and self.origins[r.name] == ENVIRONMENT)


@dataclass(frozen=True, slots=True)
class Fault:
    """A problem and the settings whose values it makes uncertain."""

    problem: Problem
    names: frozenset[str] | None  # None for all settings
    line: int = 0  # of the `.env`, 0 for none


@dataclass(frozen=True, slots=True)
class Inspected:
    """The settings with every invalid one at its default, and everything that is wrong with them."""

    loaded: Loaded
    faults: tuple[Fault, ...]

    @property
    def problems(self) -> tuple[Problem, ...]:
        """The problems: of the whole file, then in the order of its lines, then of the process environment."""
        return tuple(fault.problem for fault in sorted(self.faults, key=_place))

    def masked(self) -> tuple[ShownSetting, ...]:
        """All settings in the documented order, safe to print. An invalid one has no value but its problem."""
        invalid = {name: fault.problem for fault in self.faults for name in fault.names or ()}
        return tuple(
            replace(shown, value="", problem=invalid[shown.name].what) if shown.name in invalid else shown
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
        if name not in _rows():
            return Fault(problem, frozenset())
        where = f"{name} ({self.loaded.origins[name]})"
        return Fault(replace(problem, where=where), frozenset({name}), self.loaded.lines.get(name, 0))


def _place(fault: Fault) -> tuple[int, int]:
    """Sorts faults: the whole home or file first, then by line, then what has none."""
    if fault.line:
        return 1, fault.line
    return (0, 0) if fault.names is None else (2, 0)


def process_environment() -> Mapping[str, str]:
    """The environment variables of this process."""
    return os.environ


def load_for(options: GlobalOptions, environ: Mapping[str, str] | None = None) -> Loaded:
    """The settings of a command line. Raises ConfigError with all problems."""
    environment = process_environment() if environ is None else environ
    return load(resolve_home(options.home, environment), options.env_file, environment, home_typed=bool(options.home))


def load(home: Path, env_path: Path | None, environ: Mapping[str, str], *, home_typed: bool = False) -> Loaded:
    """The settings of ``home``. Raises ConfigError with all problems.

    ``env_path`` replaces ``<home>/.env`` and must then exist. A name in ``environ`` takes precedence over the file. A
    blank value counts as absent.
    """
    inspected = _load(home, env_path, environ, home_typed=home_typed)
    if inspected.faults:
        raise ConfigError(inspected.problems)
    return inspected.loaded


def inspect(options: GlobalOptions, environ: Mapping[str, str] | None = None) -> Inspected:
    """The settings of a command line and everything that is wrong with them.

    Raises ConfigError if the home is no folder name.
    """
    environment = process_environment() if environ is None else environ
    home = resolve_home(options.home, environment)
    return _load(home, options.env_file, environment, home_typed=bool(options.home))


def load_valid(options: GlobalOptions, environ: Mapping[str, str] | None = None) -> Settings:
    """The settings with every invalid one at its default: for redaction and alerts, never for trading.

    Raises ConfigError if the home is no folder name.
    """
    environment = process_environment() if environ is None else environ
    home = resolve_home(options.home, environment)
    _, file = _read_env_file(home, options.env_file)
    return _validate(home, _texts(file, environment))[0]


def load_in_emergency(
    options: GlobalOptions, environ: Mapping[str, str] | None = None
) -> tuple[Loaded, tuple[Problem, ...]]:
    """The settings for an emergency stop: every invalid one is at its default, with a warning.

    The problems are those that make the account uncertain. The caller must not send anything if there are any. Raises
    ConfigError if the home is no folder name.
    """
    inspected = inspect(options, environ)
    loaded, faults = inspected.loaded, sorted(inspected.faults, key=_place)
    warnings = (*(f"{fault.problem} Going on with the default." for fault in faults), *loaded.warnings)
    account = {name.upper() for name in BrokerSettings.__dataclass_fields__} | {"PAPER_DATA", "PAPER_ACTIONS"}
    severe = tuple(fault.problem for fault in faults if fault.names is None or fault.names & account)
    return replace(loaded, warnings=warnings), severe


def resolve_home(typed: Path | None, environ: Mapping[str, str]) -> Path:
    """The absolute path of the home: --home, else TRADEBOT_HOME, else the current folder. It need not exist.

    Raises ConfigError for a path that cannot be resolved.
    """
    home = str(typed or environ.get("TRADEBOT_HOME", "").strip() or ".")
    try:
        return Path(os.path.abspath(read_typed_path(home)))  # noqa: PTH100 - resolve() would replace links by targets
    except InvalidValue as error:
        raise ConfigError([Problem("home", error.what, error.fix)]) from error
    except OSError as error:
        raise ConfigError([Problem("home", f"{home} is no folder name ({error})", "Give an absolute path.")]) from error


@dataclass(frozen=True, slots=True)
class _Text:
    """The text of a setting, and where it stands."""

    text: str
    origin: str
    line: int = 0  # of the `.env`, 0 for the process environment


def _load(home: Path, env_path: Path | None, environ: Mapping[str, str], *, home_typed: bool) -> Inspected:
    path, file = _read_env_file(home, env_path)
    faults = [Fault(problem, None) for problem in _home_problems(home)]
    faults += [Fault(problem, frozenset()) for problem in _system_problems()]
    faults += [
        Fault(found.problem, frozenset({found.name}) if found.name in _rows() else None, found.line)
        for found in file.problems
    ]
    faults += [Fault(found.problem, frozenset({name}), found.line) for name, found in file.duplicates.items()]
    faults += _unknown_names(file)
    faults += _ambiguous_comments(file)
    texts = _texts(file, environ)
    settings, invalid = _validate(home, texts)
    faults += [Fault(problem, frozenset({name}), texts[name].line) for name, problem in invalid.items()]
    faults += [
        Fault(Problem(_where(conflict.names[0], texts), conflict.what, conflict.fix), frozenset(conflict.names), line)
        for conflict in cross_checks.conflicts(settings, path)
        if invalid.keys().isdisjoint(conflict.names)
        for line in [next((texts[name].line for name in conflict.names if name in texts), 0)]
    ]
    origins = {name: texts[name].origin if name in texts else DEFAULT for name in _rows()}
    if home_typed:
        origins["TRADEBOT_HOME"] = COMMAND_LINE
    lines = {name: text.line for name, text in texts.items() if text.line}
    near = _near_misses(environ)
    warnings, notes = tuple(_warnings(settings, file, environ, near)), tuple(_notes(environ, near))
    return Inspected(Loaded(settings, warnings, notes, origins, lines, path, file.exposed), tuple(faults))


def _read_env_file(home: Path, env_path: Path | None) -> tuple[Path | None, env_file.EnvFile]:
    if env_path is not None:
        label = f"`{env_path}`"
        if not _exists(env_path):
            missing = Problem(label, "there is no such file", "Check the path given to --env-file.")
            return None, env_file.EnvFile(label, problems=(env_file.LineProblem(0, missing),))
        return env_path, env_file.read(env_path, label)
    path = home / ".env"
    if not _exists(path):
        return None, env_file.EnvFile("`.env`")
    return path, env_file.read(path, "`.env`")


def _exists(path: Path) -> bool:
    """Whether a file, folder or link has this path. True if the folder cannot be read: ``env_file.read`` reports it."""
    try:
        path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:
        return True
    return True


def _home_problems(home: Path) -> Iterator[Problem]:
    if os.path.exists(home) and not os.path.isdir(home):  # noqa: PTH110, PTH112 - these never raise
        yield Problem("home", f"{home} is a file", "Give a folder with --home or TRADEBOT_HOME.")


def _system_problems() -> Iterator[Problem]:
    """What the system lacks that every command but an emergency stop needs."""
    if ZONE_TROUBLE:
        fix = "Install the time zones with `pip install tzdata`, or the system's own package tzdata."
        yield Problem("time zones", f"New York's cannot be read ({ZONE_TROUBLE})", fix)


@cache
def _rows() -> Mapping[str, documentation.SettingRow]:
    """All settings by name, in the documented order."""
    return {row.name: row for section in documentation.sections() for row in section.rows}


def _unknown_names(file: env_file.EnvFile) -> Iterator[Fault]:
    """The names of the file that nothing reads. A misspelt one would otherwise leave a limit at its default."""
    process_only = documentation.process_only()
    for entry in file.entries:
        if entry.name in process_only:
            fix = "Set it in the process environment" + (", or use --home." if entry.name == "TRADEBOT_HOME" else ".")
            what = f"{entry.name} cannot stand in a `.env`"
            yield Fault(Problem(file.line(entry.line), what, fix), frozenset(), entry.line)
        elif entry.name not in _rows() and entry.name not in WITHOUT_USE:
            yield _unknown_name(entry.name, file.line(entry.line), entry.line)


def _unknown_name(name: str, where: str, line: int) -> Fault:
    from difflib import get_close_matches

    similar = get_close_matches(name.upper(), _rows(), n=1)
    fix = f"Did you mean {similar[0]}?" if similar else "docs/configuration.md and env.example list every name."
    return Fault(Problem(where, f"{name} is no setting", fix), frozenset(similar), line)


def _near_misses(environ: Mapping[str, str]) -> dict[str, str]:
    """The setting that an unknown name of the process environment is likely meant for, by name.

    The environment belongs to other programs too, and nothing there is refused for its name.
    """
    beginnings = {name[:3] for name in _rows()}
    unknown = [name for name in environ if name not in _rows() and name.upper()[:3] in beginnings]
    if not unknown:
        return {}
    from difflib import get_close_matches

    near = {name: get_close_matches(name.upper(), _rows(), n=1, cutoff=_NEAR_MISS) for name in unknown}
    return {name: similar[0] for name, similar in near.items() if similar}


def _notes(environ: Mapping[str, str], near_misses: Collection[str]) -> Iterator[str]:
    """A note on the names that merely begin like settings, such as the service links of Kubernetes."""
    names = sorted(
        name for name in environ if name.startswith(OUR_PREFIXES) and name not in _rows() and name not in near_misses
    )
    if names:
        listed = ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
        yield f"{ENVIRONMENT}: no setting has the name {listed}; nothing reads it"


def _texts(file: env_file.EnvFile, environ: Mapping[str, str]) -> dict[str, _Text]:
    """The text of each setting that is not blank; the environment takes precedence over the file."""
    process_only = documentation.process_only()
    texts = {
        entry.name: _Text(entry.value, file.line(entry.line), entry.line)
        for entry in file.entries
        if entry.value.strip() and entry.name not in process_only
    }
    for name in _rows():
        # a secret that is read from a file often ends with the file's line break
        if (text := environ.get(name, "").strip("\r\n")).strip():
            texts[name] = _Text(text, ENVIRONMENT)
    return texts


def _ambiguous_comments(file: env_file.EnvFile) -> Iterator[Fault]:
    """The values that may hold any character and end where a comment may begin."""
    for entry in file.entries:
        row = _rows().get(entry.name)
        if row is not None and row.type.verbatim and entry.comment:
            what = f"what follows ` #` could be a part of {entry.name} or a comment"
            fix = "Put the value in quotes, or the comment on a line of its own."
            yield Fault(Problem(file.line(entry.line), what, fix), frozenset({entry.name}), entry.line)


def _validate(home: Path, texts: Mapping[str, _Text]) -> tuple[Settings, dict[str, Problem]]:
    """The settings, with every invalid one at its default, and the problem of each invalid name."""
    values: dict[str, Any] = {}
    invalid: dict[str, Problem] = {}
    for name, row in _rows().items():
        if name in texts:
            try:
                values[row.field] = row.type.read(texts[name].text)
            except InvalidValue as error:
                invalid[name] = Problem(_where(name, texts), error.what, error.fix)
    return Settings(**{**values, "tradebot_home": home}), invalid


def _where(name: str, texts: Mapping[str, _Text]) -> str:
    return f"{name} ({texts[name].origin if name in texts else DEFAULT})"


def _warnings(
    settings: Settings, file: env_file.EnvFile, environ: Mapping[str, str], near_misses: Mapping[str, str]
) -> Iterator[str]:
    for entry in file.entries:
        if entry.name in WITHOUT_USE:
            yield f"{file.line(entry.line)}: {entry.name} has no use in this version"
    for name in sorted(WITHOUT_USE & environ.keys()):
        yield f"{ENVIRONMENT}: {name} has no use in this version"
    for name, similar in sorted(near_misses.items()):
        yield f"{ENVIRONMENT}: {name} is no setting, and nothing reads it. Did you mean {similar}?"
    names_in_file = {entry.name for entry in file.entries if entry.value.strip()}
    if file.exposed and names_in_file & documentation.secret_names():
        yield f"{file.label} holds secrets and other users of this machine may read it: chmod 600 it"
    yield from cross_checks.oddities(settings)

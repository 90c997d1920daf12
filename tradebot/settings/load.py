"""Loads the settings of a home from `.env` and the process environment, and reports all problems at once."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tradebot.core.model.exchange_time import ZONE_TROUBLE
from tradebot.errors import ConfigError, Problem
from tradebot.settings import cross_checks, documentation, env_file, unknown_names
from tradebot.settings.documentation import rows
from tradebot.settings.field_types import InvalidValue
from tradebot.settings.inspected import COMMAND_LINE, DEFAULT, ENVIRONMENT, Fault, Inspected, Loaded
from tradebot.settings.model import BrokerSettings, Settings
from tradebot.settings.options import GlobalOptions
from tradebot.settings.path_fields import read_typed_path
from tradebot.settings.user_folder import missing_user_folder


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
    return _usable(_load(home, env_path, environ, home_typed=home_typed))


def inspect(options: GlobalOptions, environ: Mapping[str, str] | None = None) -> Inspected:
    """The settings of a command line and everything that is wrong with them.

    Raises ConfigError if the home is no folder name.
    """
    environment = process_environment() if environ is None else environ
    home = resolve_home(options.home, environment)
    return _load(home, options.env_file, environment, home_typed=bool(options.home))


def inspect_text(home: Path, text: str, environ: Mapping[str, str] | None = None) -> Inspected:
    """The settings of ``home`` if its `.env` held this text, and everything that is wrong with them."""
    environment = process_environment() if environ is None else environ
    return _inspect(home, None, env_file.parse(text, "`.env`"), environment, home_typed=True)


def load_valid(options: GlobalOptions, environ: Mapping[str, str] | None = None) -> Settings:
    """The settings with every invalid one at its default: for redaction and alerts, never for trading.

    Raises ConfigError if the home is no folder name.
    """
    environment = process_environment() if environ is None else environ
    home = resolve_home(options.home, environment)
    _, file = _read_env_file(home, options.env_file)
    return _validate(home, _texts(file, environment))[0]


def load_without_keys(options: GlobalOptions, environ: Mapping[str, str] | None = None) -> Loaded:
    """The settings for a command that asks no broker. Raises ConfigError with all problems, save with those of keys."""
    inspected = inspect(options, environ)
    # a key that is missing is missing for this broker
    keys = documentation.secret_names() | documentation.web_names() | {"BROKER"}
    problems = [
        fault.problem
        for fault in inspected.in_order()
        if fault.names is None or not fault.names <= keys or fault.names <= {"BROKER"}
    ]
    if problems:
        raise ConfigError(problems)
    return inspected.loaded


def _usable(inspected: Inspected) -> Loaded:
    """The settings of a job. What is wrong with the web server's is a warning: it must not keep a job from trading."""
    web = documentation.web_names()
    if any(not fault.names or not fault.names <= web for fault in inspected.faults):
        raise ConfigError(inspected.problems)
    warnings = (f"{problem} Only `tradebot serve` needs it." for problem in inspected.problems)
    return replace(inspected.loaded, warnings=(*inspected.loaded.warnings, *warnings))


def load_in_emergency(
    options: GlobalOptions, environ: Mapping[str, str] | None = None
) -> tuple[Loaded, tuple[Problem, ...]]:
    """The settings for an emergency stop: every invalid one is at its default, with a warning.

    The problems are those that make the account uncertain. The caller must not send anything if there are any. Raises
    ConfigError if the home is no folder name.
    """
    inspected = inspect(options, environ)
    loaded, faults = inspected.loaded, inspected.in_order()
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
    return _inspect(home, path, file, environ, home_typed=home_typed)


def _inspect(
    home: Path, path: Path | None, file: env_file.EnvFile, environ: Mapping[str, str], *, home_typed: bool
) -> Inspected:
    faults = [Fault(problem, None) for problem in _home_problems(home)]
    faults += [Fault(problem, frozenset()) for problem in _system_problems(environ)]
    faults += [
        Fault(found.problem, frozenset({found.name}), found.line, found.name, is_unread=True)
        if found.name in rows()
        else Fault(found.problem, None, found.line)
        for found in file.problems
    ]
    faults += [
        Fault(found.problem, frozenset({found.name}), found.line, found.name, is_unread=True)
        for found in file.duplicates
    ]
    faults += unknown_names.unknown_names(file)
    faults += _ambiguous_comments(file)
    texts = _texts(file, environ)
    settings, invalid = _validate(home, texts)
    faults += [
        Fault(problem, frozenset({name}), texts[name].line, name, is_unread=True) for name, problem in invalid.items()
    ]
    uncertain = frozenset[str]().union(*(fault.names or () for fault in faults))
    faults += [
        Fault(problem, frozenset(conflict.names), line, conflict.names[0])
        for conflict in cross_checks.conflicts(settings, path)
        if uncertain.isdisjoint(conflict.names)
        for problem in [Problem(_where(conflict.names[0], texts), conflict.what, conflict.fix)]
        for line in [next((texts[name].line for name in conflict.names if name in texts), 0)]
    ]
    origins = {name: texts[name].origin if name in texts else DEFAULT for name in rows()}
    if home_typed:
        origins["TRADEBOT_HOME"] = COMMAND_LINE
    lines = {name: text.line for name, text in texts.items() if text.line}
    near = unknown_names.near_misses(environ)
    warnings, notes = tuple(_warnings(settings, file, environ, near)), tuple(unknown_names.notes(environ, near))
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
    fix = "Give a folder with --home or TRADEBOT_HOME."
    for place in (home, *home.parents):
        if not os.path.exists(place):  # noqa: PTH110 - it never raises
            continue
        if not os.path.isdir(place):  # noqa: PTH112 - it never raises
            yield Problem("home", f"{home} is a file" if place == home else f"{home} lies below a file, {place}", fix)
        return


def _system_problems(environ: Mapping[str, str]) -> Iterator[Problem]:
    """What the system lacks that every command but an emergency stop needs."""
    if homeless := missing_user_folder(environ):
        yield homeless
    if ZONE_TROUBLE:
        fix = "Install the time zones with `pip install tzdata`, or the system's own package tzdata."
        yield Problem("time zones", f"New York's cannot be read ({ZONE_TROUBLE})", fix)


def _texts(file: env_file.EnvFile, environ: Mapping[str, str]) -> dict[str, _Text]:
    """The text of each setting that is not blank; the environment takes precedence over the file."""
    process_only = documentation.process_only()
    texts = {
        entry.name: _Text(entry.value, file.line(entry.line), entry.line)
        for entry in file.entries
        if entry.value.strip() and entry.name not in process_only and not _is_ambiguous(entry)
    }
    for name in rows():
        # a secret that is read from a file often ends with the file's line break
        if (text := environ.get(name, "").strip("\r\n")).strip():
            texts[name] = _Text(text, ENVIRONMENT)
    return texts


def _ambiguous_comments(file: env_file.EnvFile) -> Iterator[Fault]:
    for entry in filter(_is_ambiguous, file.entries):
        what = f"what follows ` #` could be a part of {entry.name} or a comment"
        fix = "Put the value in quotes, or the comment on a line of its own."
        problem = Problem(file.line(entry.line), what, fix)
        yield Fault(problem, frozenset({entry.name}), entry.line, entry.name, is_unread=True)


def _is_ambiguous(entry: env_file.EnvEntry) -> bool:
    """Whether a value that may hold any character ends where a comment may begin."""
    row = rows().get(entry.name)
    return row is not None and row.type.verbatim and entry.comment


def _validate(home: Path, texts: Mapping[str, _Text]) -> tuple[Settings, dict[str, Problem]]:
    """The settings, with every invalid one at its default, and the problem of each invalid name."""
    values: dict[str, Any] = {}
    invalid: dict[str, Problem] = {}
    for name, row in rows().items():
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
        if entry.name in unknown_names.WITHOUT_USE:
            yield f"{file.line(entry.line)}: {entry.name} has no use in this version"
    for name in sorted(unknown_names.WITHOUT_USE & environ.keys()):
        yield f"{ENVIRONMENT}: {name} has no use in this version"
    for name, similar in sorted(near_misses.items()):
        yield f"{ENVIRONMENT}: {name} is no setting, and nothing reads it. Did you mean {similar}?"
    names_in_file = {entry.name for entry in file.entries if entry.value.strip()}
    if file.exposed and names_in_file & documentation.secret_names():
        yield f"{file.label} holds secrets and other users of this machine may read it: chmod 600 it"
    yield from cross_checks.oddities(settings)

"""From `.env` and the process environment to validated settings, or to every problem at once."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from tradebot.errors import ConfigError, Problem
from tradebot.settings import cross_checks, documentation, env_file
from tradebot.settings.field_types import Refusal
from tradebot.settings.model import BrokerSettings, Settings
from tradebot.settings.options import GlobalOptions

#: Names that a `.env` may hold and nothing reads: those of the runbook that have no use yet, and those of settings that
#: an earlier version had.
WITHOUT_USE = frozenset({"ALLOW_SHORT", "ENABLE_DASHBOARD", "WEB_HOST", "WEB_PORT"})
#: An unknown name in the process environment is somebody else's, unless it starts like this.
OUR_PREFIXES = ("TRADEBOT_", "PAPER_")

ENVIRONMENT = "environment"
DEFAULT = "default"
COMMAND_LINE = "command line"


@dataclass(frozen=True, slots=True)
class ShownSetting:
    """One setting as it may be shown to anyone: secrets are masked whole."""

    name: str
    value: str
    origin: str


@dataclass(frozen=True, slots=True)
class Loaded:
    """Valid settings, what is odd about them though not wrong, and where each of them came from."""

    settings: Settings
    warnings: tuple[str, ...]
    origins: Mapping[str, str]  # setting name -> "default", "environment", "command line" or "`.env` line 3"
    env_file: Path | None  # the file that was read, if any

    def masked(self) -> tuple[ShownSetting, ...]:
        """Every setting in the documented order, safe to print."""
        return tuple(
            ShownSetting(row.name, row.show(getattr(self.settings, row.field)), self.origins[row.name])
            for row in _rows().values()
        )

    def secrets_in_environment(self) -> tuple[str, ...]:
        """The names of the secret settings that the process environment holds."""
        return tuple(r.name for r in _rows().values() if r.kind.secret and self.origins[r.name] == ENVIRONMENT)


@dataclass(frozen=True, slots=True)
class _Written:
    """A text that somebody wrote for a setting."""

    text: str
    origin: str


def process_environment() -> Mapping[str, str]:
    return os.environ


def load_for(options: GlobalOptions, environ: Mapping[str, str] | None = None) -> Loaded:
    """The settings of a command line. Raises ConfigError with every problem."""
    environment = process_environment() if environ is None else environ
    return load(resolve_home(options.home, environment), options.env_file, environment, home_typed=bool(options.home))


def load_what_is_sound(options: GlobalOptions, environ: Mapping[str, str] | None = None) -> Settings:
    """The settings with what is refused at its default: to keep secrets and to reach people, never to trade with.

    Raises ConfigError when there is no home of that name.
    """
    environment = process_environment() if environ is None else environ
    home = resolve_home(options.home, environment)
    _, file = _read_env_file(home, options.env_file)
    return _validated(home, _written(file, environment))[0]


def resolve_home(typed: Path | None, environ: Mapping[str, str]) -> Path:
    """The home as an absolute path: --home, else TRADEBOT_HOME, else the current folder. It need not exist."""
    home = typed or Path(environ.get("TRADEBOT_HOME", "").strip() or ".")
    try:
        return Path(os.path.abspath(home.expanduser()))  # noqa: PTH100 - resolve() would follow links, which names hide behind
    except (OSError, RuntimeError) as error:
        raise ConfigError([Problem("home", f"{home} is no folder name ({error})", "Give an absolute path.")]) from error


def load(home: Path, env_path: Path | None, environ: Mapping[str, str], *, home_typed: bool = False) -> Loaded:
    """Read and check the settings of ``home``.

    ``env_path`` names another file than ``<home>/.env`` and must then exist. A name in ``environ`` wins over the
    file; a blank value counts as not written. Raises ConfigError with every problem found.
    """
    loaded, doubts = _examined(home, env_path, environ, home_typed=home_typed)
    if doubts:
        raise ConfigError(doubt.problem for doubt in doubts)
    return loaded


def load_in_emergency(
    options: GlobalOptions, environ: Mapping[str, str] | None = None
) -> tuple[Loaded, tuple[Problem, ...]]:
    """The settings for what cannot wait until they are mended: what is refused is at its default, and warned of.

    The problems are those that leave in doubt which account is meant: nobody may act on a guess. Raises ConfigError
    when there is no home of that name.
    """
    environment = process_environment() if environ is None else environ
    home = resolve_home(options.home, environment)
    loaded, doubts = _examined(home, options.env_file, environment, home_typed=bool(options.home))
    warnings = (*(f"{doubt.problem} Going on with the default." for doubt in doubts), *loaded.warnings)
    of_account = {name.upper() for name in BrokerSettings.__dataclass_fields__} | {"PAPER_DATA", "PAPER_ACTIONS"}
    severe = tuple(doubt.problem for doubt in doubts if doubt.names is None or doubt.names & of_account)
    return replace(loaded, warnings=warnings), severe


@dataclass(frozen=True, slots=True)
class _Doubt:
    """A problem, and the settings that it leaves in doubt: None for any of them."""

    problem: Problem
    names: frozenset[str] | None


def _examined(
    home: Path, env_path: Path | None, environ: Mapping[str, str], *, home_typed: bool
) -> tuple[Loaded, list[_Doubt]]:
    """The settings, what is refused at its default, and every problem."""
    path, file = _read_env_file(home, env_path)
    doubts = [_Doubt(problem, None) for problem in _home_problems(home)]
    doubts += [_Doubt(problem, _repeated(problem, file)) for problem in file.problems]
    doubts += _stray_names(file, environ)
    written = _written(file, environ)
    settings, refused = _validated(home, written)
    doubts += [_Doubt(problem, frozenset({name})) for name, problem in refused.items()]
    doubts += [
        _Doubt(Problem(_where(found.names[0], written), found.what, found.fix), frozenset(found.names))
        for found in cross_checks.problems(settings)
        if refused.keys().isdisjoint(found.names)
    ]
    origins = {name: written[name].origin if name in written else DEFAULT for name in _rows()}
    if home_typed:
        origins["TRADEBOT_HOME"] = COMMAND_LINE
    return Loaded(settings, tuple(_warnings(settings, file, environ)), origins, path), doubts


def _repeated(problem: Problem, file: env_file.EnvFile) -> frozenset[str] | None:
    """The setting that is written more than once; None for a problem of the file as a whole or of one of its lines."""
    named = (entry.name for entry in file.entries if problem.what.startswith(f"{entry.name} is written more than once"))
    name = next(named, None)
    return None if name is None else frozenset({name})


def _read_env_file(home: Path, env_path: Path | None) -> tuple[Path | None, env_file.EnvFile]:
    if env_path is not None:
        label = f"`{env_path}`"
        if not _stands_there(env_path):
            missing = Problem(label, "there is no such file", "Check the path given to --env-file.")
            return None, env_file.EnvFile(label, problems=(missing,))
        return env_path, env_file.read(env_path, label)
    path = home / ".env"
    if not _stands_there(path):
        return None, env_file.EnvFile("`.env`")
    return path, env_file.read(path, "`.env`")


def _stands_there(path: Path) -> bool:
    """Whether something has this name. A folder that cannot be looked into counts as yes: reading will say why."""
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


@cache
def _rows() -> Mapping[str, documentation.SettingRow]:
    """Every setting by its name, in the documented order."""
    return {row.name: row for section in documentation.sections() for row in section.rows}


def _without_use(name: str) -> bool:
    return name in WITHOUT_USE


def _stray_names(file: env_file.EnvFile, environ: Mapping[str, str]) -> Iterator[_Doubt]:
    """Names that nobody would read: a typing error must not silently leave a limit at its default."""
    known = _rows()
    process_only = documentation.process_only()
    for entry in file.entries:
        if entry.name in process_only:
            fix = "Set it in the process environment" + (", or use --home." if entry.name == "TRADEBOT_HOME" else ".")
            what = f"{entry.name} cannot stand in a `.env`"
            yield _Doubt(Problem(file.line(entry.line), what, fix), frozenset())
        elif entry.name not in known and not _without_use(entry.name):
            yield _stray(entry.name, file.line(entry.line))
    for name in sorted(environ):
        if name.startswith(OUR_PREFIXES) and name not in known:
            yield _stray(name, ENVIRONMENT)


def _stray(name: str, where: str) -> _Doubt:
    from difflib import get_close_matches

    close = get_close_matches(name.upper(), _rows(), n=1)
    fix = f"Did you mean {close[0]}?" if close else "docs/configuration.md and env.example list every name."
    return _Doubt(Problem(where, f"{name} is no setting", fix), frozenset(close))


def _written(file: env_file.EnvFile, environ: Mapping[str, str]) -> dict[str, _Written]:
    """The texts that count: the environment's before the file's, blank ones not at all."""
    process_only = documentation.process_only()
    written = {
        entry.name: _Written(entry.value.strip(), file.line(entry.line))
        for entry in file.entries
        if entry.value.strip() and entry.name not in process_only
    }
    for name in _rows():
        if text := environ.get(name, "").strip():
            written[name] = _Written(text, ENVIRONMENT)
    return written


def _validated(home: Path, written: Mapping[str, _Written]) -> tuple[Settings, dict[str, Problem]]:
    """The settings, and for each refused name its problem; refused ones are at their default in the settings."""
    values: dict[str, Any] = {}
    refused: dict[str, Problem] = {}
    for name, row in _rows().items():
        if name in written:
            try:
                values[row.field] = row.kind.read(written[name].text)
            except Refusal as refusal:
                refused[name] = Problem(_where(name, written), refusal.what, refusal.fix)
    return Settings(**{**values, "tradebot_home": home}), refused


def _where(name: str, written: Mapping[str, _Written]) -> str:
    return f"{name} ({written[name].origin if name in written else DEFAULT})"


def _warnings(settings: Settings, file: env_file.EnvFile, environ: Mapping[str, str]) -> Iterator[str]:
    for entry in file.entries:
        if _without_use(entry.name):
            yield f"{file.line(entry.line)}: {entry.name} has no use in this version"
    for name in sorted(environ):
        if name in WITHOUT_USE:
            yield f"{ENVIRONMENT}: {name} has no use in this version"
    in_file = {entry.name for entry in file.entries if entry.value.strip()}
    if file.exposed and in_file & documentation.secret_names():
        yield f"{file.label} holds secrets and other users of this machine may read it: chmod 600 it"
    yield from cross_checks.oddities(settings)

"""Gathers what the host's schedulers need: the program, the home, the time zone and the sessions."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from datetime import date, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from tradebot.core.model.account import SessionHours
from tradebot.core.model.exchange_time import new_york_date
from tradebot.errors import ConfigError, Problem
from tradebot.home import paths
from tradebot.market.calendar import NyseCalendar
from tradebot.runtime.clocks import SystemClock
from tradebot.runtime.homes import configuration
from tradebot.runtime.known_homes import listed_homes, settings_of
from tradebot.schedulers import HostZone, SchedulerKind, ServerSetup, Setup, temporary
from tradebot.settings import GlobalOptions, Settings

_LINK = Path("/etc/localtime")
_A_YEAR = timedelta(days=366)


def setup_for(options: GlobalOptions, kind: SchedulerKind, image: str) -> Setup:
    """What the scheduler entries of a home run. ``image`` is for Kubernetes alone. Raises ConfigError."""
    settings = configuration(options).settings
    home, state = Path(paths.to_text(settings.home.resolve())), settings.tradebot_state_dir
    _refuse_unwritable_name(home, kind)
    if kind is SchedulerKind.KUBERNETES:
        # pods share only the volume of the home, so the locks are there too
        return Setup(("tradebot",), home, {"TRADEBOT_STATE_DIR": str(home / "state" / "user")}, image)
    return Setup(_program(), home, {"TRADEBOT_STATE_DIR": paths.to_text(state)} if state else {})


def server_setup_for(options: GlobalOptions, kind: SchedulerKind) -> ServerSetup:
    """What the service of the server is made from. Raises ConfigError.

    It may write in every home of the user's list, where the commands that it starts act.
    """
    settings = configuration(options).settings
    if not settings.web_port:
        fix = "Set WEB_PORT to a number that browsers and programs can know."
        raise ConfigError([Problem("WEB_PORT", "0 takes another port at each start", fix)])
    places = [place for place in listed_homes(options).places if place.is_here]
    homes = [settings, *(settings_of(Path(place.home), options) for place in places)]
    host = "127.0.0.1" if settings.web_host == "localhost" else settings.web_host
    return ServerSetup(setup_for(options, kind, ""), host, settings.web_port, _written_by(homes))


def _written_by(homes: Iterable[Settings]) -> tuple[Path, ...]:
    """The folders in which the commands of homes write, without those that lie in another of them."""
    folders: set[Path] = set()
    for settings in homes:
        ledger = settings.ledger_file
        folders |= {settings.home, settings.log_path, settings.state_path, *([ledger.parent] if ledger else ())}
    resolved = {folder.resolve() for folder in folders}
    return tuple(sorted(folder for folder in resolved if resolved.isdisjoint(folder.parents)))


def temporary_places(setup: Setup, kind: SchedulerKind) -> tuple[Problem, ...]:
    """What the entries would name although the system may remove it. Paths in a container are nothing of this host."""
    if kind is SchedulerKind.KUBERNETES:
        return ()
    folder = next((os.environ[name] for name in ("TMPDIR", "TEMP", "TMP") if os.environ.get(name)), "/tmp")
    places = {Path(folder), Path(folder).resolve()}
    return tuple(temporary.problems(setup, Path(__file__).parents[1], tuple(places)))


def host_zone(name: str | None) -> HostZone:
    """The time zone of this name, default the host's. Raises ConfigError for an unknown zone."""
    if name is None:
        return HostZone(_own_zone())
    try:
        return HostZone(name, ZoneInfo(name))
    except (ZoneInfoNotFoundError, ValueError) as error:
        fix = "Write it like Europe/Berlin or America/New_York."
        raise ConfigError([Problem("--zone", f"{name!r} is no time zone", fix)]) from error


def today() -> date:
    """Today's date in New York."""
    return new_york_date(SystemClock().now())


def sessions_ahead() -> tuple[SessionHours, ...]:
    """The sessions of the year from today, and the one after."""
    calendar, first = NyseCalendar(), today()
    ahead = calendar.between(first, first + _A_YEAR)
    return (*ahead, calendar.following(ahead[-1].session))


def _refuse_unwritable_name(home: Path, kind: SchedulerKind) -> None:
    """Raise ConfigError for a home whose name the files of this scheduler cannot hold."""
    what = ""
    if not str(home).isprintable() and any(ord(letter) < 32 for letter in str(home)):
        what = "has a control character in its name"
    elif kind is not SchedulerKind.CRON and any("\udc80" <= letter <= "\udcff" for letter in str(home)):
        what = f"has bytes in its name that are no UTF-8, which {kind} cannot name"
    if what:
        shown = str(home).encode(errors="backslashreplace").decode()
        raise ConfigError([Problem("home", f"{shown} {what}", "Rename the folder, then schedule it.")])


def _program() -> tuple[str, ...]:
    """The command line of tradebot: the installed script beside this interpreter, else ``python -m tradebot``."""
    interpreter = Path(sys.executable)
    installed = interpreter.with_name("tradebot.exe" if interpreter.suffix == ".exe" else "tradebot")
    return (paths.to_text(installed),) if installed.exists() else (paths.to_text(interpreter), "-m", "tradebot")


def _own_zone() -> str:
    """The name of the host's time zone, from TZ, /etc/localtime or the clock."""
    if named := os.environ.get("TZ", "").lstrip(":"):
        return named
    _, _, linked = str(_LINK.resolve()).partition("zoneinfo/")
    return linked or SystemClock().now().astimezone().tzname() or "unknown"

"""Gathers what the host's schedulers need: the program, the home, the time zone and the sessions."""

from __future__ import annotations

import os
import sys
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
from tradebot.schedulers import HostZone, SchedulerKind, Setup, temporary
from tradebot.settings import GlobalOptions

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

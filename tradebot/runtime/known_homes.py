"""Every home that this user may have: the home of the command, the listed ones, and those in the ledgers of both."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path

from tradebot.core.results.home_places import HomePlace, KnownHomes
from tradebot.errors import ConfigError, TradebotError
from tradebot.home import paths, registry
from tradebot.ledger.database import Database, open_without_migrating
from tradebot.ledger.homes import KnownHome
from tradebot.runtime.home_in_ledger import is_here, is_inside
from tradebot.runtime.homes import is_home
from tradebot.settings import GlobalOptions, Settings, inspect, process_environment, resolve_home
from tradebot.settings.documentation import rows, web_names

#: Variables that a process in any home gets. No setting is among them: each home has its own.
PASSED_ON = (
    *("PATH", "HOME", "USERPROFILE", "APPDATA", "LOCALAPPDATA", "XDG_STATE_HOME", "TRADEBOT_STATE_DIR"),
    *("LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR", "TEMP", "TMP", "PYTHONPATH", "PYTHONDONTWRITEBYTECODE"),
    *("PGPASSFILE", "PGSSLROOTCERT"),  # they name files, as ~/.pgpass is one
    *("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "DYLD_FALLBACK_LIBRARY_PATH", "SYSTEMROOT", "WINDIR", "SYSTEMDRIVE"),
    *(
        "SSL_CERT_FILE",
        "SSL_CERT_DIR",
        "REQUESTS_CA_BUNDLE",
        "CURL_CA_BUNDLE",
        *("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"),
        *("http_proxy", "https_proxy", "all_proxy", "no_proxy"),
    ),
)
#: Further variables that a process in the own home gets: ours, and what libpq reads beside DATABASE_URL.
_OF_OWN_HOME = re.compile(r"TRADEBOT_\w+|PG[A-Z]+|PGCONNECT_TIMEOUT")
#: The settings that say where the ledger lies.
_LEDGER_PLACE = ("DATABASE_URL", "DATABASE_WEAK_TLS")
#: What is told where the list of homes lacks one: it was lost, or is another user's.
_UNLISTED = (
    "the user's list of homes does not know {}, and others may be missing from it. Run `tradebot init-db` in each home "
    "of yours"
)
#: Seconds to wait for a ledger that another process holds.
_LEDGER_TIMEOUT = 2.0


def environment_of(home: Path, options: GlobalOptions) -> Mapping[str, str]:
    """The environment of a process in a home: what every process needs, and in the own home the settings of this one.

    Another home gets no setting and no key, but for the place of the ledger of this one, where that ledger knows the
    other home and the home names none. What is neither, such as a key of another program, reaches no home, nor do the
    settings of the web server, which no command but it reads.
    """
    environ = process_environment()
    if home == own_home(options):
        own = rows().keys() - web_names() | set(PASSED_ON)
        return {name: text for name, text in environ.items() if name in own or _OF_OWN_HOME.fullmatch(name)}
    passed = {name: environ[name] for name in PASSED_ON if name in environ}
    place = {name: environ[name] for name in _LEDGER_PLACE if name in environ}
    return {**passed, **place} if place and _lies_in_ours(home, options, passed) else passed


def _lies_in_ours(home: Path, options: GlobalOptions, passed: Mapping[str, str]) -> bool:
    """Whether the ledger of this process is that of another home, whose environment alone names it."""
    its, ours = inspect(options_of(home, options), passed).loaded.settings, settings_of(own_home(options), options)
    file = its.ledger_file
    if its.database_url != Settings().database_url or file is None or file.exists() or is_inside(ours):
        return False
    try:
        with closing(open_without_migrating(ours.ledger, busy_seconds=_LEDGER_TIMEOUT)) as database:
            return any(known.home_id == paths.home_id(home) and is_here(its, known) for known in database.homes.all())
    except TradebotError:
        return False


def own_home(options: GlobalOptions) -> Path:
    """The folder that the options or the environment name, whether it is a home or not."""
    return resolve_home(options.home, process_environment()).resolve()


def options_of(home: Path, options: GlobalOptions) -> GlobalOptions:
    """The options with which a command works in a home: a file of settings that was typed is that of the own one."""
    return GlobalOptions(home, options.env_file if home == own_home(options) else None)


def settings_of(home: Path, options: GlobalOptions) -> Settings:
    """The settings of a home; an invalid one is at its default. Raises ConfigError for what is no folder."""
    return inspect(options_of(home, options), environment_of(home, options)).loaded.settings


def known_homes(options: GlobalOptions) -> KnownHomes:
    """Every home that the user's list and the ledgers of its homes tell. Raises ConfigError for a wrong --home."""
    listed = listed_homes(options)
    return KnownHomes((*listed.places, *places_in_ledgers(listed, options)), listed.unknown)


def listed_homes(options: GlobalOptions) -> KnownHomes:
    """The home of the command and those of the user's list. Raises ConfigError for a wrong --home."""
    own = own_home(options)
    listed = registry.listed_homes(settings_of(own, options).state_path)
    places = {home: _place(home, options) for home in listed.homes}
    trouble = listed.trouble
    if own not in places and is_home(settings_of(own, options)):
        places[own] = _place(own, options)
        trouble = trouble or _UNLISTED.format(own)
    return KnownHomes(tuple(places.values()), (trouble,) if trouble else ())


def places_in_ledgers(listed: KnownHomes, options: GlobalOptions) -> tuple[HomePlace, ...]:
    """The homes that only the ledgers of the listed ones know, or that of the own settings."""
    places = {Path(place.home) for place in listed.places}
    found: dict[tuple[str, Path], HomePlace] = {}
    for home in {*places, own_home(options)}:
        for known in _homes_in_ledger(settings_of(home, options)):
            path, here = Path(known.path), paths.host_name()
            if known.host not in (here, ""):
                what = f"it lies on {known.host}, which this machine cannot reach: run the command there"
                found[known.host, path] = HomePlace(known.path, known.host, what, is_here=False)
            elif path not in places:
                found[here, path] = _place(path, options)
    return tuple(found.values())


def _place(home: Path, options: GlobalOptions) -> HomePlace:
    host, fix = paths.host_name(), "Put it back, or see to its account at the broker"
    if not home.is_dir():
        deleted = f'deleted on purpose: `tradebot accounts --forget-home "{home}" --reason "..."`'
        return HomePlace(str(home), host, f"its folder is gone. {fix}; {deleted}", is_here=False)
    try:
        if is_home(settings_of(home, options)):
            return HomePlace(str(home), host)
    except ConfigError as error:
        return HomePlace(str(home), host, str(error))
    return HomePlace(str(home), host, f"it lost its state folder and its ledger. {fix}")


def _homes_in_ledger(settings: Settings) -> Iterator[KnownHome]:
    """The homes with accounts in a ledger that may be shared. One that cannot be read tells none."""
    if is_inside(settings):
        return
    try:
        with closing(open_without_migrating(settings.ledger, busy_seconds=_LEDGER_TIMEOUT)) as database:
            yield from homes_with_accounts(database)
    except TradebotError:
        return


def homes_with_accounts(database: Database) -> tuple[KnownHome, ...]:
    """The homes that have pinned an account."""
    pins = database.pinned_accounts
    return tuple(home for home in database.homes.all() if pins.of_home(home.home_id))

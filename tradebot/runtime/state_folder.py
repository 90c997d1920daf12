"""Whether the state folder of a home is the one that its ledger knows.

The folder's marker and the ledger hold the same id. The marker is written first, so that a crash between the two leaves
an id that the ledger takes, and never a ledger that misses one.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import count

from tradebot.home import paths
from tradebot.home.atomic_files import write_error_text
from tradebot.home.latch import LostState
from tradebot.ledger.database import Database
from tradebot.ledger.homes import KnownHome
from tradebot.runtime.chain_heads import is_other_history
from tradebot.runtime.clocks import SystemClock
from tradebot.runtime.home_in_ledger import copied_from, is_here, is_inside, ledger_home
from tradebot.settings import Settings


def lost_state(settings: Settings, database: Database) -> LostState | None:
    """What is wrong with the state folder and how it is made whole; None if it is the home's own.

    A home of an earlier version has no id yet. A ledger in which no job has run may be left over from the making of
    the home. A ledger outside the home may be that of other homes.
    """
    reason = _trouble(settings, database)
    return LostState(reason, lambda: _make_whole(settings, database)) if reason else None


def _trouble(settings: Settings, database: Database) -> str:
    own, homes, inside = paths.home_id(settings.home), database.homes.all(), is_inside(settings)
    here = [home.home_id for home in homes if is_here(settings, home)]
    is_known = bool(here) or (inside and bool(homes))
    if own is None:
        return lost_text(settings) if is_known or (inside and database.homes.has_runs()) else ""
    if own not in {home.home_id for home in homes}:
        return _replaced_text(settings) if is_known else ""
    is_of_another = bool(here) and own not in here  # else the home was moved or copied
    return _replaced_text(settings) if is_of_another else ""


def lost_text(settings: Settings) -> str:
    """The reason of the halt for a state folder that is gone."""
    return f"the folder {paths.state_folder(settings.home)} was lost, {_AND_WITH_IT}"


def _replaced_text(settings: Settings) -> str:
    folder = paths.state_folder(settings.home)
    return (
        f"the folder {folder} is that of another home, or an older copy: the one of this home was lost, {_AND_WITH_IT}"
    )


_AND_WITH_IT = (
    "and with it perhaps a halt that no job had seen. Nothing is entered; exits and stops go on. Look at the account "
    "with `tradebot status` and `tradebot reconcile`; `tradebot resume` makes the folder whole"
)


def stamp(settings: Settings, database: Database) -> None:
    """Make the folder a home with an id that its ledger knows. Raises ConfigError and LedgerError."""
    paths.initialise(settings.home)
    home_id = paths.home_id(settings.home)
    if not home_id:
        home_id = paths.new_id()
        paths.write_marker(settings.home, home_id)
    home = at_this_place(settings, home_id)
    if not any(replace(known, since=home.since) == home for known in database.homes.all()):
        database.homes.add(home)


def leave_origin(settings: Settings, database: Database) -> None:
    """Give the copy of a home an id of its own, so that it is another home. Raises ConfigError."""
    if copied_from(settings, database) is not None:
        paths.write_marker(settings.home, paths.new_id())


def _make_whole(settings: Settings, database: Database) -> None:
    """Give the state folder an id of its own, and set aside the chain heads of another ledger."""
    _set_other_heads_aside(settings, database)
    before = ledger_home(settings, database)
    home_id = paths.new_id()
    paths.write_marker(settings.home, home_id)
    database.homes.replace(before, at_this_place(settings, home_id))


def at_this_place(settings: Settings, home_id: str) -> KnownHome:
    """The home of the settings under an id, as one that comes now."""
    return KnownHome(home_id, paths.host_name(), paths.resolved_text(settings.home), SystemClock().now())


def _set_other_heads_aside(settings: Settings, database: Database) -> None:
    path = paths.chain_heads_file(settings.home)
    if not is_other_history(settings, database):
        return
    names = (path.with_name(f"{path.name}.replaced-{number}") for number in count(1))
    try:
        path.rename(next(name for name in names if not name.exists()))
    except OSError as error:
        raise write_error_text(path, error) from error

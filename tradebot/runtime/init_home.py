"""Makes a home."""

from __future__ import annotations

from contextlib import ExitStack, closing

from tradebot.core.model.account import AccountSnapshot
from tradebot.errors import Blocked, ConfigError, Problem
from tradebot.home import locks, paths
from tradebot.ledger.database import may_exist, open_database
from tradebot.ledger.prepare_server import prepare_server
from tradebot.runtime.clocks import SystemClock
from tradebot.runtime.home_in_ledger import is_inside
from tradebot.runtime.homes import HomeContext, Joining, configuration, home_context, is_fresh, make_ledger
from tradebot.runtime.state_folder import lost_state
from tradebot.runtime.venue import open_venue
from tradebot.settings import GlobalOptions, Settings
from tradebot.settings.ledger_location import LedgerServer


def init_home(options: GlobalOptions, joins: Joining | None = None) -> tuple[HomeContext, bool]:
    """Make a home and its ledger for the broker's account, unless there is one. Returns whether it was made.

    Raises what ``open_desk`` raises, and ConfigError for a ledger that cannot be joined.
    """
    settings = configuration(options).settings
    fresh = not paths.is_initialised(settings.home)
    if joins is None:
        is_fresh(settings, makes_home=True)
    else:
        _require_ledger_to_join(settings)
    with ExitStack() as held:
        held.enter_context(locks.home_lock(settings.home, command="init-db", wall=SystemClock().now()))
        if settings.ledger_admin and isinstance(settings.ledger, LedgerServer):
            prepare_server(settings.ledger_admin, settings.ledger)
        venue = held.enter_context(open_venue(settings, fresh=True))
        if joins is not None:
            _refuse_other_account(joins, venue.broker.account().account_id)
        account_id = make_ledger(settings, venue.broker, venue.clock, joins=joins)
        return home_context(settings, venue.broker, account_id), fresh


def _require_ledger_to_join(settings: Settings) -> None:
    """Raise ConfigError where no ledger of other homes is, or where this home is one of them and lost its state."""
    fix = "Name the ledger to join in DATABASE_URL, or leave --join out."
    nobody = ConfigError([Problem("--join", f"the ledger {settings.ledger} is no other home's", fix)])
    if is_inside(settings) or not may_exist(settings.ledger):
        raise nobody
    _refuse_ledger_in_a_home(settings)
    with closing(open_database(settings.ledger, create=False)) as database:
        if not database.homes.all():
            raise nobody
        lost = lost_state(settings, database)
    if lost is not None:
        raise ConfigError([Problem("--join", lost.reason, "Put the folder back, or run `tradebot resume`.")])


def _refuse_ledger_in_a_home(settings: Settings) -> None:
    """Raise ConfigError for a ledger inside another home, which takes it for its own alone."""
    folders = settings.ledger_file.resolve().parents if settings.ledger_file else ()
    owner = next(filter(paths.is_initialised, folders), None)
    if owner is not None:
        what = f"the ledger {settings.ledger} lies in the home {owner}, which would tell no other home of a halt"
        fix = "Move it to a place outside all homes first: `tradebot ledger copy --to` there."
        raise ConfigError([Problem("--join", what, fix)])


def _refuse_other_account(joins: Joining, account_id: str) -> None:
    if joins.account not in (None, account_id):
        raise Blocked(
            f"--account names {joins.account}, but the broker shows account {account_id}. Nothing was joined."
        )


def account_at(settings: Settings) -> AccountSnapshot:
    """The account at a broker outside, to see whether its keys work. Raises Blocked if not, and BrokerUnavailable."""
    with open_venue(settings, urgent=True) as venue:
        return venue.broker.account()

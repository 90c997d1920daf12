"""Makes a home."""

from __future__ import annotations

from contextlib import ExitStack

from tradebot.core.model.account import AccountSnapshot
from tradebot.home import locks, paths
from tradebot.runtime.clocks import SystemClock
from tradebot.runtime.homes import HomeContext, configuration, home_context, make_ledger
from tradebot.runtime.venue import open_venue
from tradebot.settings import GlobalOptions, Settings


def init_home(options: GlobalOptions) -> tuple[HomeContext, bool]:
    """Make a home and its ledger for the broker's account, unless there is one. Returns whether it was made.

    Raises what ``open_desk`` raises.
    """
    settings = configuration(options).settings
    fresh = not paths.is_initialised(settings.home)
    with ExitStack() as held:
        held.enter_context(locks.home_lock(settings.home, command="init-db", wall=SystemClock().now()))
        venue = held.enter_context(open_venue(settings, fresh=True))
        account_id = make_ledger(settings, venue.broker, venue.clock)
        return home_context(settings, venue.broker, account_id), fresh


def account_at(settings: Settings) -> AccountSnapshot:
    """The account at a broker outside, to see whether its keys work. Raises Blocked if not, and BrokerUnavailable."""
    with open_venue(settings, urgent=True) as venue:
        return venue.broker.account()

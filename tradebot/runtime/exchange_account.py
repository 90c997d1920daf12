"""The account on the embedded exchange of a home, over past prices or at live ones, for `tradebot paper`."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

from tradebot.errors import ConfigError, Problem
from tradebot.home import locks, paths
from tradebot.runtime.clocks import SystemClock
from tradebot.runtime.homes import configuration, is_fresh, refuse_other_brokers
from tradebot.runtime.paper_exchange import open_exchange, pin_new_account, pinned_exchange_account, reset_exchange
from tradebot.runtime.venue import Venue, open_outside, source_of, trades_on_paper
from tradebot.settings import BrokerName, GlobalOptions, Loaded, Settings

if TYPE_CHECKING:
    from tradebot.brokers.paper import ExchangeStatus


def refuse_next(options: GlobalOptions) -> None:
    """Raise ConfigError where sessions pass by themselves, or the home trades at a broker outside."""
    settings = configuration(options).settings
    if settings.broker is not BrokerName.PAPER:
        _paper_outside(settings, "paper next")
        what = "the embedded exchange follows the wall clock here: sessions begin and end by themselves"
        fix = "Nothing is to be done: `tradebot paper status` shows where it stands, `paper reset` begins anew."
        raise ConfigError([Problem("BROKER", what, fix)])


def account_status(options: GlobalOptions) -> tuple[ExchangeStatus, Loaded]:
    """The state of the home's exchange. Raises ConfigError, Locked and BrokerUnavailable."""
    loaded = configuration(options)
    settings = loaded.settings
    if settings.broker is BrokerName.PAPER:
        with open_exchange(options, makes_home=False) as (exchange, _):
            return exchange.status(), loaded
    from tradebot.runtime.live_paper import home_live_exchange

    outside = _paper_outside(settings, "paper status")
    is_fresh(settings, makes_home=False)
    source = source_of(settings, outside)
    with home_live_exchange(settings, outside.broker.capabilities, source, fresh=False) as live:
        return live.status(), loaded


def refuse_other_accounts(settings: Settings) -> None:
    """Raise ConfigError unless the home's account is on an embedded exchange, which can be reset."""
    if settings.broker is not BrokerName.PAPER:
        _paper_outside(settings, "paper reset")


def reset_account(options: GlobalOptions) -> ExchangeStatus:
    """Begin a new account on the home's exchange and pin it. The ledger keeps the rows of the old one."""
    settings = configuration(options).settings
    if settings.broker is BrokerName.PAPER:
        return reset_exchange(options)
    from tradebot.brokers.paper.live_broker import LivePaperBroker
    from tradebot.brokers.paper.live_exchange import LiveExchange
    from tradebot.runtime.live_paper import rules_at

    outside = _paper_outside(settings, "paper reset")
    with ExitStack() as held:
        held.enter_context(locks.home_lock(settings.home, command="paper reset", wall=SystemClock().now()))
        before = pinned_exchange_account(settings)
        rules = rules_at(settings, outside.broker.capabilities)
        path = paths.live_exchange_file(settings.home, settings.broker)
        exchange = held.enter_context(LiveExchange.reset(path, rules, source_of(settings, outside)))
        pin_new_account(settings, LivePaperBroker(exchange, outside.broker), outside.clock, before)
        return exchange.status()


def _paper_outside(settings: Settings, command: str) -> Venue:
    """The broker outside whose prices the home's exchange goes by. Raises ConfigError where it trades there itself."""
    outside = open_outside(settings)
    if not trades_on_paper(settings, outside.broker):
        refuse_other_brokers(settings, command)
    return outside

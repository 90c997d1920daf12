"""Paper trading for a broker without a paper account: an embedded exchange of the home, at that broker's prices."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from functools import partial

from tradebot.brokers.paper.live_exchange import LiveExchange, Outside
from tradebot.brokers.paper.new_account import new_account_id
from tradebot.brokers.paper.rules import ExchangeRules
from tradebot.core.model.capabilities import Capabilities
from tradebot.home import paths
from tradebot.runtime.paper_exchange import is_lost
from tradebot.settings import Settings


@contextmanager
def home_live_exchange(
    settings: Settings, capabilities: Capabilities, outside: Outside, *, fresh: bool
) -> Iterator[LiveExchange]:
    """The home's exchange at live prices, without a lock.

    With ``fresh`` it is made if it does not exist and the ledger knows of no lost one. Raises ConfigError and
    BrokerUnavailable.
    """
    path = paths.live_exchange_file(settings.home, settings.broker)
    makes = fresh and not LiveExchange.exists(path) and not is_lost(settings)
    make = partial(LiveExchange.create, account_id=new_account_id()) if makes else LiveExchange.open
    with make(path, rules_at(settings, capabilities), outside) as exchange:
        yield exchange


def rules_at(settings: Settings, capabilities: Capabilities) -> ExchangeRules:
    """The rules of an account with what a broker can do. Trades cost no commission, as at brokers of this kind."""
    return ExchangeRules(
        starting_cash=settings.paper_starting_cash,
        slippage_pct=settings.paper_slippage_pct,
        commission_per_share=Decimal(0),
        commission_min=Decimal(0),
        capabilities=capabilities,
    )

"""An embedded exchange that lacks what the next real broker lacks."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from tradebot.brokers.paper import PaperBroker
from tradebot.brokers.paper.exchange_file import ExchangeFile
from tradebot.core.model.capabilities import Capabilities
from tradebot.ports import Broker

#: No brackets, no replacing, no look-up by id, no fractions: stops are for jobs to place.
BARE = Capabilities(
    brackets=False,
    oto=False,
    replace=False,
    cancel_all=False,
    finds_by_id=False,
    fractions=False,
    gtc_age=timedelta(days=90),
    paper_account=False,
    entry_collar_pct=Decimal("0.01"),
)


def lacks(exchange: ExchangeFile, capabilities: Capabilities = BARE) -> None:
    """From now on the exchange can do no more than this."""
    exchange._rules = replace(exchange.rules, capabilities=capabilities)


def lacking(broker: Broker) -> Broker:
    """The embedded exchange as a venue where stops are for jobs to place."""
    assert isinstance(broker, PaperBroker)
    lacks(broker._exchange)
    return broker

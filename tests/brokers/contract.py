"""What a broker's adapter must do, as numbered cases: one suite for every adapter.

An adapter takes part by way of a ``Venue``: a broker whose market plays given days for the symbol ACME, and the hands
to let time pass there. Nothing in a case knows which adapter it looks at. A case that tries what not every broker can
do is marked with ``needs``, and is skipped where the broker declares that it lacks that.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any, Protocol

import pytest

from tests.fakes.alpaca import FakeAlpaca
from tests.fakes.alpaca.client import broker_of
from tests.fakes.live_pit import LivePit
from tests.fakes.live_prices import LiveMarket, new_york
from tests.fakes.orders import Requests
from tests.fakes.pit import FREE, ExchangeTime, Pit
from tests.fakes.prices import sessions
from tests.fakes.robinhood import FakeRobinhood
from tests.fakes.robinhood.client import broker_of as robinhood_broker_of
from tradebot.brokers.alpaca import broker as alpaca
from tradebot.brokers.paper.live_broker import LivePaperBroker
from tradebot.brokers.robinhood import broker as robinhood
from tradebot.core.model.account import Activity, CashEvent, Fill, FillBust, Reorganisation, SplitEvent
from tradebot.core.model.orders import BrokerOrder, Purpose
from tradebot.core.model.values import to_tick
from tradebot.ports import Broker

#: A limit so far above the price that the next open is at most there.
_ABOVE = Decimal("1.05")
#: Days without a trade after those that are given.
_MORE_DAYS = 5
_make = Requests()
LIVE = "paper at live prices"
#: What each adapter declares, by the name of its venue.
DECLARED = {
    "paper": FREE.capabilities,
    LIVE: robinhood.CAPABILITIES,
    "alpaca": alpaca.CAPABILITIES,
    "alpaca with groups": alpaca.CAPABILITIES,
    "robinhood": robinhood.CAPABILITIES,
    "robinhood without ref_ids": robinhood.CAPABILITIES,
}
#: A day on which nothing happens.
QUIET = "100 101 99 100"


def needs(*capabilities: str) -> pytest.MarkDecorator:
    """Marks a case that takes these fields of ``Capabilities``."""
    return pytest.mark.needs(*capabilities)


class Venue(Protocol):
    """A cash account of 100,000 USD at a broker whose market plays days of "open high low close", free of costs.

    has_codes: whether a refusal begins with the code that Alpaca's API has for it.
    """

    broker: Broker
    has_codes: bool

    def buy(self, quantity: int | str, **terms: Any) -> BrokerOrder:
        """Buy at the market, or at a limit above it where the broker takes entries at limits only."""
        ...

    def to_open(self) -> None:
        """Go to five minutes after the open: the price is still that of the open."""
        ...

    def to_afternoon(self) -> None:
        """Go to shortly before the close: the day's range has happened."""
        ...

    def to_close(self) -> None:
        """Go to after the close."""
        ...

    def to_next_day(self) -> None:
        """Go to before the open of the next session."""
        ...


class PaperVenue:
    """The embedded exchange as a venue."""

    has_codes = True

    def __init__(self, pit: Pit) -> None:
        self._pit = pit
        self._bought = 0
        self.broker: Broker = pit.broker

    def buy(self, quantity: int | str, **terms: Any) -> BrokerOrder:
        self._bought += 1
        terms.setdefault("client_id", f"bought{self._bought}")
        return self.broker.submit(_make.buy(quantity, **terms))

    def to_open(self) -> None:
        self._pit.at("09:35")

    def to_afternoon(self) -> None:
        self._pit.at("15:45")

    def to_close(self) -> None:
        self._pit.at("16:05")

    def to_next_day(self) -> None:
        self._pit.next("09:00")


class AlpacaVenue(PaperVenue):
    """Alpaca as a venue: its adapter, over HTTP, before a server that speaks as Alpaca does over the same exchange."""

    def __init__(self, pit: Pit, fake: FakeAlpaca) -> None:
        super().__init__(pit)
        self.broker = broker_of(fake)


class RobinhoodVenue(PaperVenue):
    """Robinhood as a venue: its adapter, over HTTP, before a server over the same exchange."""

    has_codes = False

    def __init__(self, pit: Pit, fake: FakeRobinhood, folder: Path) -> None:
        super().__init__(pit)
        self.broker = robinhood_broker_of(fake, ExchangeTime(pit), folder)

    def buy(self, quantity: int | str, **terms: Any) -> BrokerOrder:
        with self._pit.exchange.reading() as view:
            last = view.last_price(terms.get("symbol", "ACME"))
        assert last is not None
        return super().buy(quantity, limit=_above(last), **terms)


class LiveVenue:
    """The embedded exchange at live prices as a venue, with what a broker without a paper account can do.

    A day's low comes at 10:00, its high at 11:00, and its close at 15:30. ``outside`` tells what can be traded.
    """

    has_codes = True

    def __init__(self, folder: Path, days: Sequence[str], outside: Broker) -> None:
        self._sessions = sessions(len(days) + _MORE_DAYS)
        self._market = LiveMarket(new_york(f"{self._sessions[0]} 09:00"))
        for session, day in zip(self._sessions, days, strict=False):
            begins, high, low, ends = day.split()
            trades = f"09:30 {begins}, 10:00 {low}, 11:00 {high}, 15:30 {ends}"
            self._market.trade("ACME", session.isoformat(), trades)
        rules = replace(FREE, capabilities=robinhood.CAPABILITIES)
        self._pit = LivePit(folder / "live.db", self._market, rules)
        self._bought = 0
        self.broker: Broker = LivePaperBroker(self._pit.exchange, outside)
        self.to_close()
        self.to_next_day()

    def close(self) -> None:
        self._pit.exchange.close()

    def buy(self, quantity: int | str, **terms: Any) -> BrokerOrder:
        self._bought += 1
        terms.setdefault("client_id", f"bought{self._bought}")
        symbol = terms.get("symbol", "ACME")
        last = self._market.quotes([symbol])[symbol].last
        return self.broker.submit(_make.buy(quantity, limit=_above(last), **terms))

    def to_open(self) -> None:
        self._at("09:35")

    def to_afternoon(self) -> None:
        self._at("15:45")

    def to_close(self) -> None:
        self._at("16:05")

    def to_next_day(self) -> None:
        del self._sessions[0]
        self._at("09:00")

    def _at(self, clock: str) -> None:
        self._pit.at(f"{self._sessions[0]} {clock}")


def _above(last: Decimal) -> str:
    """A limit that the next price is at most at."""
    return str(to_tick(last * _ABOVE))


def order_of(broker: Broker, client_order_id: str) -> BrokerOrder:
    found = broker.order(client_order_id)
    assert found is not None, f"the broker has no order {client_order_id}"
    return found


def leg_of(order: BrokerOrder, role: Purpose) -> BrokerOrder:
    return next(leg for leg in order.legs if leg.role is role)


def identifier(activity: Activity) -> str:
    match activity:
        case Fill():
            return activity.fill_id
        case CashEvent() | SplitEvent() | FillBust() | Reorganisation():
            return activity.event_id


def fills(broker: Broker) -> list[Fill]:
    return [activity for activity in broker.activities(None) if isinstance(activity, Fill)]

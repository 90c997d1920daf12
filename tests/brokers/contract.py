"""What a broker's adapter must do, as numbered cases: one suite for every adapter.

An adapter takes part by way of a ``Venue``: a broker whose market plays given days for the symbol ACME, and the hands
to let time pass there. Nothing in a case knows which adapter it looks at.
"""

from __future__ import annotations

from typing import Protocol

from tests.fakes.alpaca import FakeAlpaca
from tests.fakes.alpaca.client import broker_of
from tests.fakes.pit import Pit
from tradebot.core.model.account import Activity, CashEvent, Fill, FillBust, Reorganisation, SplitEvent
from tradebot.core.model.orders import BrokerOrder, Purpose
from tradebot.ports import Broker

#: A day on which nothing happens.
QUIET = "100 101 99 100"


class Venue(Protocol):
    """A cash account of 100,000 USD at a broker whose market plays days of "open high low close", free of costs."""

    broker: Broker

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

    def __init__(self, pit: Pit) -> None:
        self._pit = pit
        self.broker: Broker = pit.broker

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

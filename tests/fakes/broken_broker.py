"""``tradebot`` as a process whose broker fails in one way: ``python -m tests.fakes.broken_broker FAULT COMMAND ...``.

The embedded exchange is wrapped where the desk takes it; everything else is the command as people start it.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from datetime import timedelta
from itertools import count
from pathlib import Path

from tests.jobs.brokers import Around
from tradebot.brokers import paper
from tradebot.brokers.paper import PaperBroker, PaperExchange
from tradebot.core.model.orders import BrokerOrder, OrderRequest, OrderType, Side
from tradebot.errors import BrokerUnavailable, OrderRefused

_requests = count(1)


class FailsAtFirst(Around):
    """The first five requests of the process are not answered."""

    def before(self, call: str, asked: object = None) -> None:
        if next(_requests) <= 5:
            raise BrokerUnavailable(f"{call}: 503 Service Unavailable")


class CannotCancelAll(Around):
    """One request to cancel all is answered with an error; single ones are not."""

    def cancel_all(self) -> None:
        raise BrokerUnavailable("DELETE /v2/orders: 500 Internal Server Error")


class FillsWhileCancelling(Around):
    """The market opens between the cancel's leaving and its coming in, so that the order fills first."""

    def __init__(self, exchange: PaperExchange) -> None:
        super().__init__(PaperBroker(exchange))
        self._exchange = exchange

    def cancel(self, broker_order_id: str) -> None:
        self._exchange.advance_to(self._exchange.hours().opens + timedelta(minutes=10))
        super().cancel(broker_order_id)


class CannotSellMicrosoft(Around):
    """One symbol is halted at the exchange."""

    def submit(self, request: OrderRequest) -> BrokerOrder:
        if request.symbol == "MSFT" and request.side is Side.SELL:
            raise OrderRefused("halted", "trading in MSFT is halted")
        return super().submit(request)


class RefusesToCloseMicrosoft(Around):
    """One symbol takes no market orders now."""

    def submit(self, request: OrderRequest) -> BrokerOrder:
        if request.symbol == "MSFT" and request.type is OrderType.MARKET:
            raise OrderRefused("halted", "no market orders in MSFT")
        return super().submit(request)


class RejectsTheFirstClose(Around):
    """The first closing order is taken, and rejected before it trades."""

    rejected = False

    def submit(self, request: OrderRequest) -> BrokerOrder:
        if request.side is Side.SELL and not self.rejected:
            self.rejected = True
            raise OrderRefused("busy", "too many requests")
        return super().submit(request)


class SlowToSend(Around):
    """An order is on its way, as the file `sending` in the home says, until after somebody has latched a halt."""

    def submit(self, request: OrderRequest) -> BrokerOrder:
        Path("sending").touch()
        deadline = time.monotonic() + 60
        while not Path("state/HALT").exists() and time.monotonic() < deadline:
            time.sleep(0.01)
        time.sleep(0.5)
        return super().submit(request)


FAULTS: dict[str, Callable[[PaperExchange], Around]] = {
    "fails-at-first": lambda exchange: FailsAtFirst(PaperBroker(exchange)),
    "cannot-cancel-all": lambda exchange: CannotCancelAll(PaperBroker(exchange)),
    "fills-while-cancelling": FillsWhileCancelling,
    "cannot-sell-microsoft": lambda exchange: CannotSellMicrosoft(PaperBroker(exchange)),
    "refuses-to-close-microsoft": lambda exchange: RefusesToCloseMicrosoft(PaperBroker(exchange)),
    "rejects-the-first-close": lambda exchange: RejectsTheFirstClose(PaperBroker(exchange)),
    "slow-to-send": lambda exchange: SlowToSend(PaperBroker(exchange)),
}


def main() -> int:
    fault, sys.argv[1:] = sys.argv[1], sys.argv[2:]
    setattr(paper, "PaperBroker", FAULTS[fault])  # noqa: B010 - mypy would want a class in a class's place
    from tradebot.__main__ import main as tradebot

    return tradebot()


if __name__ == "__main__":
    sys.exit(main())

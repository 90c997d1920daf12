"""An embedded exchange at live prices, and the hands to work it with."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

from tests.fakes.live_prices import LiveMarket
from tests.fakes.orders import Requests
from tradebot.brokers.paper import ExchangeRules, PaperBroker
from tradebot.brokers.paper.live_exchange import LiveExchange, Outside
from tradebot.core.model.account import Activity, Fill
from tradebot.core.model.exchange_time import NEW_YORK
from tradebot.core.model.orders import BrokerOrder
from tradebot.market.calendar import NyseCalendar


class LivePit:
    """An exchange at live prices, its broker, and short ways to work them. Times are those of New York."""

    def __init__(self, path: Path, market: LiveMarket, rules: ExchangeRules) -> None:
        self.path, self.market, self.rules = path, market, rules
        self.exchange = self.again()
        self.broker = PaperBroker(self.exchange)
        self.requests = Requests()

    def again(self) -> LiveExchange:
        """Another handle on the same file."""
        outside = Outside(self.market, NyseCalendar(), lambda: self.market.now)
        use = LiveExchange.open if LiveExchange.exists(self.path) else LiveExchange.create
        return use(self.path, self.rules, outside)

    def at(self, text: str) -> None:
        """Pass the time until "2007-01-03 09:35", and look."""
        self.market.at(text)
        self.exchange.look_at()

    def buy(self, quantity: int | str, **terms: Any) -> BrokerOrder:
        return self.broker.submit(self.requests.buy(quantity, **terms))

    def sell(self, quantity: int | str, **terms: Any) -> BrokerOrder:
        return self.broker.submit(self.requests.sell(quantity, **terms))

    def order(self, client_order_id: str) -> BrokerOrder:
        found = self.broker.order(client_order_id)
        assert found is not None, f"no order {client_order_id}"
        return found

    def happened(self) -> tuple[Activity, ...]:
        """Every activity after the deposit that every account begins with."""
        return self.broker.activities(None)[1:]

    def fills(self) -> list[str]:
        """What was filled: client_order_id, shares, price and time in New York."""
        done = [activity for activity in self.happened() if isinstance(activity, Fill)]
        return [
            f"{fill.client_order_id} {fill.quantity:f} {fill.price:f} {fill.at.astimezone(NEW_YORK):%m-%d %H:%M}"
            for fill in done
        ]

    def held(self, symbol: str = "ACME") -> Decimal:
        return next((p.quantity for p in self.broker.positions() if p.symbol == symbol), Decimal(0))

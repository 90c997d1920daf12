"""An embedded exchange over made-up days, and the hands to work it with."""

from __future__ import annotations

from datetime import datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any

from tests.fakes.orders import Requests
from tradebot.brokers.paper import ExchangeRules, PaperBroker, PaperExchange
from tradebot.core.model.account import Activity, CashEvent, Fill
from tradebot.core.model.exchange_time import NEW_YORK
from tradebot.core.model.orders import BrokerOrder, OrderRequest
from tradebot.market.calendar import NyseCalendar
from tradebot.ports import PriceSource

FREE = ExchangeRules(slippage_pct=Decimal(0), commission_per_share=Decimal(0), commission_min=Decimal(0))


def decimals(*numbers: int | str) -> tuple[Decimal, ...]:
    """Numbers to compare a tuple of Decimals with."""
    return tuple(Decimal(number) for number in numbers)


class Pit:
    """An exchange, its broker, and short ways to work them. Times are those of New York, "09:35"."""

    def __init__(self, path: Path, prices: PriceSource, rules: ExchangeRules) -> None:
        self.path, self.prices, self.rules = path, prices, rules
        self.exchange = self.again()
        self.broker = PaperBroker(self.exchange)
        self.requests = Requests()

    def again(self) -> PaperExchange:
        """Another handle on the same file."""
        use = PaperExchange.open if PaperExchange.exists(self.path) else PaperExchange.create
        return use(self.path, self.prices, NyseCalendar(), self.rules, durable=False)

    def reopen(self) -> None:
        """Go on as the next process would."""
        self.exchange.close()
        self.exchange = self.again()
        self.broker = PaperBroker(self.exchange)

    def at(self, clock: str) -> None:
        """Move the exchange to a time of its session."""
        wall = datetime.combine(self.exchange.session(), time.fromisoformat(clock), tzinfo=NEW_YORK)
        self.exchange.advance_to(wall)

    def next(self, clock: str | None = None) -> None:
        """Begin the next session, and go to a time of it."""
        self.exchange.next_session()
        if clock is not None:
            self.at(clock)

    def buy(self, quantity: int | str, **terms: Any) -> BrokerOrder:
        return self.broker.submit(self.requests.buy(quantity, **terms))

    def sell(self, quantity: int | str, **terms: Any) -> BrokerOrder:
        return self.broker.submit(self.requests.sell(quantity, **terms))

    def submit(self, request: OrderRequest) -> BrokerOrder:
        return self.broker.submit(request)

    def order(self, client_order_id: str) -> BrokerOrder:
        found = self.broker.order(client_order_id)
        assert found is not None, f"no order {client_order_id}"
        return found

    def happened(self) -> tuple[Activity, ...]:
        """Every activity after the deposit that every account begins with."""
        deposit, *later = self.broker.activities(None)
        assert isinstance(deposit, CashEvent)
        return tuple(later)

    def fills(self) -> list[tuple[str, str, str]]:
        """What was filled: client_order_id, quantity and price."""
        done = [activity for activity in self.happened() if isinstance(activity, Fill)]
        return [(fill.client_order_id, f"{fill.quantity:f}", f"{fill.price:f}") for fill in done]

    def held(self, symbol: str = "ACME") -> Decimal:
        return next((p.quantity for p in self.broker.positions() if p.symbol == symbol), Decimal(0))


class ExchangeTime:
    """The time of an exchange. Waiting takes none; ``waited`` has the seconds."""

    def __init__(self, pit: Pit) -> None:
        self._pit = pit
        self.waited: list[float] = []

    def now(self) -> datetime:
        return self._pit.exchange.now()

    def wall(self) -> datetime:
        return self.now()

    def sleep(self, seconds: float) -> None:
        self.waited.append(seconds)

"""Which request is answered by what."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from tests.fakes.alpaca import account, actions, bars, market, orders, quotes, trading
from tests.fakes.alpaca.house import House
from tests.fakes.alpaca.messages import Refusal
from tests.fakes.wire.messages import Answer, Arrival
from tradebot.brokers.paper import PaperExchange

Handler = Callable[..., Answer]

#: In the words of the specification's paths. An earlier one wins.
ROUTES: tuple[tuple[str, str, Handler], ...] = (
    ("GET", "/v2/account", account.account),
    ("GET", "/v2/account/configurations", account.configuration),
    ("PATCH", "/v2/account/configurations", account.configuration),
    ("GET", "/v2/account/activities", account.activities),
    ("GET", "/v2/account/activities/{activity_type}", account.activities),
    ("GET", "/v2/account/portfolio/history", account.portfolio_history),
    ("GET", "/v2/positions", account.positions),
    ("GET", "/v2/positions/{symbol_or_asset_id}", account.position),
    ("GET", "/v2/orders", orders.orders),
    ("POST", "/v2/orders", trading.submit),
    ("DELETE", "/v2/orders", trading.cancel_all),
    ("GET", "/v2/orders:by_client_order_id", orders.by_client_order_id),
    ("GET", "/v2/orders/{order_id}", orders.order),
    ("PATCH", "/v2/orders/{order_id}", trading.change),
    ("DELETE", "/v2/orders/{order_id}", trading.cancel),
    ("GET", "/v2/clock", market.clock),
    ("GET", "/v2/calendar", market.calendar),
    ("GET", "/v2/assets", market.assets),
    ("GET", "/v2/assets/{symbol_or_asset_id}", market.asset),
    ("GET", "/v2/stocks/bars", bars.bars),
    ("GET", "/v2/stocks/snapshots", quotes.snapshots),
    ("GET", "/v2/stocks/quotes/latest", quotes.latest_quotes),
    ("GET", "/v2/stocks/trades/latest", quotes.latest_trades),
    ("GET", "/v1/corporate-actions", actions.corporate_actions),
)


@dataclass(frozen=True, slots=True)
class Route:
    """A route that a request has taken: its path in the specification, and what its variables are."""

    template: str
    handler: Handler
    variables: dict[str, str]

    def answer(self, house: House, exchange: PaperExchange, arrival: Arrival) -> Answer:
        return self.handler(house, exchange, arrival, *self.variables.values())


def _pattern(template: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", template))


_TABLE = [(method, _pattern(template), template, handler) for method, template, handler in ROUTES]


def find(arrival: Arrival) -> Route:
    """The route of a request. Refusal when there is none."""
    for method, pattern, template, handler in _TABLE:
        found = pattern.fullmatch(arrival.path)
        if found is not None and method == arrival.method:
            return Route(template, handler, found.groupdict())
    raise Refusal(404, 40410000, f"endpoint not found: {arrival.method} {arrival.path}")

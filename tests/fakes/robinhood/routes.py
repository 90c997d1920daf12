"""Which request is answered by what."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from tests.fakes.robinhood import account, candles, market, orders, payments, quotes, trading
from tests.fakes.robinhood.house import House
from tests.fakes.robinhood.messages import not_found
from tests.fakes.wire.messages import Answer, Arrival
from tradebot.brokers.paper import PaperExchange

Handler = Callable[..., Answer]

#: An earlier one wins. The slash at the end may be missing, as in some addresses of robin_stocks.
ROUTES: tuple[tuple[str, str, Handler], ...] = (
    ("GET", "/accounts/", account.accounts),
    ("GET", "/accounts/sweeps/", payments.interest),
    ("GET", "/accounts/stock_loan_payments/", payments.nothing),
    ("GET", "/accounts/{number}/", account.account),
    ("GET", "/accounts/{number}/buying_power_breakdown/", account.buying_power_breakdown),
    ("GET", "/portfolios/", account.portfolios),
    ("GET", "/portfolios/{number}/", account.portfolio),
    ("GET", "/positions/", account.positions),
    ("GET", "/orders/", orders.orders),
    ("POST", "/orders/", trading.submit),
    ("GET", "/orders/{id}/", orders.order),
    ("POST", "/orders/{id}/cancel/", trading.cancel),
    ("GET", "/instruments/", market.instruments),
    ("GET", "/instruments/{id}/", market.instrument),
    ("GET", "/instruments/{id}/splits/", market.splits),
    ("GET", "/markets/", market.markets),
    ("GET", "/markets/{mic}/hours/{date}/", market.hours),
    ("GET", "/quotes/", quotes.quotes),
    ("GET", "/quotes/historicals/", candles.by_symbols),
    ("GET", "/quotes/historicals/{symbol}/", candles.by_symbol),
    ("GET", "/quotes/{symbol}/", quotes.quote),
    ("GET", "/marketdata/quotes/", quotes.by_ids),
    ("GET", "/marketdata/quotes/{id}/", quotes.by_id),
    ("GET", "/marketdata/historicals/", candles.by_ids),
    ("GET", "/marketdata/historicals/{id}/", candles.by_id),
    ("GET", "/dividends/", payments.dividends),
    ("GET", "/corp_actions/v2/split_payments/", payments.split_payments),
    ("GET", "/ach/transfers/", payments.transfers),
    ("GET", "/ach/received/transfers/", payments.nothing),
    ("GET", "/wire/transfers/", payments.nothing),
    ("GET", "/paymenthub/unified_transfers/", payments.unified_transfers),
    ("GET", "/cash_journal/margin_interest_charges/", payments.margin_interest),
    ("GET", "/subscription/subscription_fees/", payments.subscription_fees),
)


@dataclass(frozen=True, slots=True)
class Route:
    """A route that a request has taken, and what its variables are."""

    template: str
    handler: Handler
    variables: tuple[str, ...]

    def answer(self, house: House, exchange: PaperExchange, arrival: Arrival) -> Answer:
        return self.handler(house, exchange, arrival, *self.variables)


def _pattern(template: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\{\w+\}", "([^/]+)", template.rstrip("/")) + "/?")


_TABLE = [(method, _pattern(template), template, handler) for method, template, handler in ROUTES]


def find(arrival: Arrival) -> Route:
    """The route of a request. Refusal when there is none."""
    for method, pattern, template, handler in _TABLE:
        found = pattern.fullmatch(arrival.path)
        if found is not None and method == arrival.method:
            return Route(template, handler, found.groups())
    raise not_found()


def kind_of(arrival: Arrival) -> str:
    """What a request is counted as: its method and the template of its path."""
    known = (template for method, pattern, template, _ in _TABLE if pattern.fullmatch(arrival.path))
    return f"{arrival.method} {next(known, arrival.path)}"

"""Every entry that is planned keeps the rules of prices and sizes, and is taken by both brokers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from tests.core.builders import D, account, limits_with, quote, signal, situation
from tests.fakes.alpaca import FakeAlpaca
from tests.fakes.alpaca.client import broker_of
from tests.fakes.alpaca.order_rules import broken_rule
from tests.fakes.pit import FREE, Pit
from tests.fakes.prices import made
from tradebot.brokers.alpaca.broker.order_payloads import order_body
from tradebot.brokers.paper import ExchangeRules
from tradebot.core.model.orders import OrderRequest
from tradebot.core.model.plan import Plan
from tradebot.core.model.signals import ExitPolicy
from tradebot.core.planning.entries import plan
from tradebot.ports import Broker

#: The lowest price that a stop fits under: a cent above the lowest tick.
LOWEST = D("0.0101")
PRICES = (
    *("0.0002", "0.0099", "0.01", "0.0101", "0.0102", "0.02", "0.05", "0.4999", "0.98", "0.9899", "0.99", "0.9901"),
    *("0.9999", "1", "1.0001", "1.005", "1.0099", "1.01", "1.0101", "1.02", "4.999", "25.1034", "1234.5", "5000"),
)
STOPS = ("0.000001", "0.02", "0.999999")
TARGETS = (None, "0.000001", "0.04", "1000")
BIG = D(10) ** 9
LIMITS = limits_with(
    max_positions=10_000,
    max_position_size_pct=D(1),
    max_portfolio_risk_pct=D(1),
    max_gross_exposure_pct=D(1),
    risk_per_trade_pct=D("0.00001"),
    max_order_value=BIG,
    min_order_value=D(0),
)


def planned(price: Decimal, stop: Decimal, target: Decimal | None, symbol: str = "AAPL") -> Plan:
    entering = signal(symbol, policy=ExitPolicy(stop=stop, target=target))
    rich = {"account": account(equity=f"{BIG}"), "limits": LIMITS, "average_volume": {symbol: BIG}}
    return plan(situation([entering], quotes={symbol: quote(symbol, f"{price:f}")}, **rich))


def body(request: OrderRequest) -> dict[str, Any]:
    said = order_body(request)
    assert isinstance(said, dict)
    return said


@given(
    price=st.decimals(min_value="0.0002", max_value=5000, places=4),
    stop=st.decimals(min_value="0.000001", max_value="0.999999", places=6),
    target=st.none() | st.decimals(min_value="0.000001", max_value=1000, places=6),
)
@example(price=D("0.0101"), stop=D("0.02"), target=D("0.0001"))
@example(price=D("1.005"), stop=D("0.0001"), target=D("0.0001"))
def test_what_is_planned_breaks_no_rule_and_what_has_no_price_for_its_stop_is_denied(
    price: Decimal, stop: Decimal, target: Decimal | None
) -> None:
    result = planned(price, stop, target)
    if price < LOWEST:
        assert [denial.code.value for denial in result.denials] == ["NO_PRICE"]
        return
    (entry,) = result.entries
    assert broken_rule(body(entry.request), price, fractionable=False) == ""


@given(
    price=st.decimals(min_value="0.0101", max_value=5000, places=4),
    stop=st.decimals(min_value="0.000001", max_value="0.999999", places=6),
    target=st.decimals(min_value="0.000001", max_value=1000, places=6),
)
def test_a_stop_or_a_target_moves_no_farther_than_to_the_nearest_price_that_is_taken(
    price: Decimal, stop: Decimal, target: Decimal
) -> None:
    (entry,) = planned(price, stop, target).entries
    request = entry.request
    assert request.stop_loss is not None
    assert request.take_profit is not None
    asked_stop, asked_target = price * (1 - stop), price * (1 + target)
    for leg, asked, towards in ((request.stop_loss, asked_stop, 1), (request.take_profit, asked_target, -1)):
        nearer = leg + towards * (D("0.01") if leg >= 1 else D("0.0001"))
        said = body(request) | ({"stop_loss": {"stop_price": f"{nearer:f}"}} if towards > 0 else {})
        said |= {"take_profit": {"limit_price": f"{nearer:f}"}} if towards < 0 else {}
        is_refused = broken_rule(said, price, fractionable=False) != ""
        beyond_what_was_asked = (nearer - asked) * towards > 0
        assert is_refused or beyond_what_was_asked


@contextmanager
def quiet_exchange(path: Path) -> Iterator[Pit]:
    """An exchange with a symbol at each of the prices, open for trading."""
    days = {f"S{number}": [f"{price} {price} {price} {price} 1000000000"] * 2 for number, price in enumerate(PRICES)}
    rules = ExchangeRules(starting_cash=BIG, slippage_pct=FREE.slippage_pct)
    pit = Pit(path / "exchange.db", made(days), rules)
    pit.next("09:35")
    yield pit
    pit.exchange.close()


def requests() -> Iterable[OrderRequest]:
    """The entry of every combination that is not denied, under an id of its own."""
    for number, price in enumerate(PRICES):
        for stop in STOPS:
            for target in TARGETS:
                result = planned(D(price), D(stop), None if target is None else D(target), f"S{number}")
                for entry in result.entries:
                    yield entry.request


def send_all(broker: Broker) -> None:
    sent = 0
    for sent, request in enumerate(requests(), start=1):
        broker.submit(replace(request, client_order_id=f"c{sent}", quantity=Decimal(1)))
    assert sent == len(STOPS) * len(TARGETS) * sum(D(price) >= LOWEST for price in PRICES)


def test_the_embedded_exchange_takes_every_entry(tmp_path: Path) -> None:
    with quiet_exchange(tmp_path) as pit:
        send_all(pit.broker)


def test_alpaca_takes_every_entry(tmp_path: Path) -> None:
    with quiet_exchange(tmp_path) as pit, FakeAlpaca(pit.again) as fake:
        send_all(broker_of(fake))

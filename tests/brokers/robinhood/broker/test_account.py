"""What is read of the account and its positions."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.brokers.robinhood.conftest import MakeDesk
from tests.fakes.orders import Requests
from tests.fakes.pit import decimals
from tests.fakes.robinhood import Terms
from tests.fakes.robinhood.client import account_number
from tradebot.brokers.robinhood.broker.account import parse_account, parse_positions, unnamed_instruments
from tradebot.brokers.robinhood.json_fields import Fields
from tradebot.core.model.account_numbers import masked
from tradebot.core.model.orders import TimeInForce
from tradebot.errors import Blocked

make = Requests()
WORTH = {"equity": "10500.00", "equity_previous_close": "10400.00"}


def account(**changes: Any) -> dict[str, Any]:
    row = {
        "account_number": "5QR12345",
        "type": "margin",
        "state": "active",
        "portfolio_cash": "5000.00",
        "buying_power": "5000.00",
        "cash_held_for_orders": "0.00",
        "unsettled_funds": "0.00",
    }
    return row | changes


def power(**changes: Any) -> Decimal:
    return parse_account(Fields(account(**changes), "the account"), WORTH).buying_power


def test_a_margin_account_is_used_up_to_its_cash() -> None:
    assert power(buying_power="12000") == 5000
    assert power(buying_power="12000", cash_held_for_orders="1500") == 3500
    assert power(buying_power="800") == 800
    assert power(portfolio_cash="-200", buying_power="9000") == 0


def test_a_cash_account_is_used_up_to_its_settled_funds() -> None:
    assert power(type="cash", unsettled_funds="3000") == 2000
    assert power(type="margin", unsettled_funds="3000") == 5000


def test_equity_and_cash_are_those_of_the_portfolio() -> None:
    found = parse_account(Fields(account(), "the account"), WORTH)
    assert (found.account_id, found.currency) == ("5QR12345", "USD")
    assert (found.equity, found.last_equity, found.cash) == decimals(10500, 10400, 5000)


@pytest.mark.parametrize(
    ("lock", "blocked"),
    [
        ({"locked": True}, True),
        ({"deactivated": True}, True),
        ({"state": "closed"}, True),
        ({"only_position_closing_trades": True}, False),
        ({"equity_trading_lock": "locked_by_somebody"}, False),
    ],
)
def test_a_lock_forbids_entries_and_exits_only_where_it_forbids_every_order(
    robinhood: MakeDesk, lock: dict[str, Any], blocked: bool
) -> None:
    desk = robinhood(terms=Terms(account=lock))
    assert not desk.broker.permissions().trading
    assert desk.broker.account().blocked is blocked


def test_an_account_without_a_lock_may_trade(robinhood: MakeDesk) -> None:
    desk = robinhood(terms=Terms(account={"equity_trading_lock": "none", "eligible_for_fractionals": False}))
    found = desk.broker.permissions()
    assert (found.trading, found.shorting, found.fractions) == (True, False, False)


@pytest.mark.parametrize("place", ["first", "last", "none"])
def test_the_account_to_trade_is_found_by_its_number_wherever_it_is_listed(robinhood: MakeDesk, place: str) -> None:
    desk = robinhood(terms=Terms(retirement=place))
    assert desk.broker.account().cash == 100_000


def test_a_login_without_the_account_is_blocked_and_numbers_are_masked(robinhood: MakeDesk) -> None:
    desk = robinhood()
    real = account_number(desk.fake)
    with pytest.raises(Blocked) as blocked:
        desk.command(account="5QRCANARY9").account()
    assert masked(real, [f"9{real[1:]}"]) in str(blocked.value)
    assert real not in str(blocked.value) and "5QRCANARY9" not in str(blocked.value)


def test_a_position_tells_what_its_sells_hold(robinhood: MakeDesk) -> None:
    desk = robinhood()
    desk.broker.submit(make.buy(10, limit="101", tif=TimeInForce.DAY))
    desk.broker.submit(make.sell(4, stop="95"))
    (position,) = desk.broker.positions()
    assert (position.symbol, position.quantity, position.held_for_sells) == ("ACME", Decimal(10), Decimal(4))
    assert position.average_price == position.market_price == 100


def test_a_position_without_a_quote_is_valued_at_its_average_price(robinhood: MakeDesk) -> None:
    desk = robinhood("100 110 99 110", "100 101 99 100")
    desk.broker.submit(make.buy(10, limit="101", tif=TimeInForce.DAY))
    desk.fake.house.terms.left_out = ("ACME",)
    desk.pit.next("09:35")
    (position,) = desk.broker.positions()
    assert position.market_price == 100 and position.previous_close is None


ROW = {"instrument_id": "i1", "symbol": "ACME", "quantity": "10", "clearing_average_cost": "100", "type": "long"}


def test_positions_of_others_and_those_that_were_sold_are_left_out() -> None:
    rows = [ROW, {**ROW, "quantity": "0.0000"}, {**ROW, "account_number": "OTHER"}]
    assert [each.quantity for each in parse_positions(rows, "5QR12345", {})] == [10]


def test_a_position_that_names_no_symbol_has_that_of_its_instrument() -> None:
    row = {**ROW, "symbol": None, "clearing_average_cost": "0", "average_buy_price": "90", "type": "short"}
    assert unnamed_instruments([ROW, row]) == ["i1"]
    (position,) = parse_positions([row], "5QR12345", {"i1": "NEWA"})
    assert (position.symbol, position.quantity, position.average_price) == ("NEWA", Decimal(-10), Decimal(90))
    (unknown,) = parse_positions([row], "5QR12345", {})
    assert unknown.symbol == "i1"


@pytest.mark.parametrize("kind", ["cash", "margin"])
def test_what_an_order_holds_is_no_buying_power(robinhood: MakeDesk, kind: str) -> None:
    desk = robinhood(terms=Terms(kind=kind))
    desk.broker.submit(make.buy(100, limit="90"))
    found = desk.broker.account()
    assert (found.buying_power, found.cash) == decimals(91_000, 100_000)

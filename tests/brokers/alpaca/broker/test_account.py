"""The account, its positions, days and assets, as Alpaca tells of them."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from tests.brokers.alpaca.broker.answers import make, with_body
from tests.brokers.alpaca.broker.conftest import Bend, MakeDesk
from tests.fakes.alpaca import Answer
from tests.fakes.alpaca.names import Names
from tests.fakes.pit import decimals
from tests.fakes.wire.faults import Kind
from tradebot.core.model.account import AccountDay, Permissions, Position
from tradebot.errors import BrokerUnavailable


def test_the_account_is_known_by_its_number(alpaca: MakeDesk) -> None:
    desk = alpaca()
    assert desk.broker.account().account_id == "PAPER-0001"
    assert desk.asked == ["GET /v2/account"]


@pytest.mark.parametrize(
    "trouble",
    [{"trading_blocked": True}, {"account_blocked": True}, {"trade_suspended_by_user": True}, {"status": "LIMITED"}],
    ids=lambda trouble: next(iter(trouble)),
)
def test_an_account_that_may_not_trade_is_blocked(alpaca: MakeDesk, trouble: dict[str, Any]) -> None:
    desk = alpaca()
    assert not desk.broker.account().blocked
    desk.fake.bend = with_body("/v2/account", **trouble)
    assert desk.broker.account().blocked


@pytest.mark.parametrize(
    ("told", "expected"), [("2021-04-01", date(2021, 4, 1)), (None, None), ("yesterday", None), (7, None)]
)
def test_the_day_of_the_last_equity_is_known_where_it_is_told(
    alpaca: MakeDesk, told: object, expected: date | None
) -> None:
    desk = alpaca()
    desk.fake.bend = with_body("/v2/account", balance_asof=told)
    assert desk.broker.account().last_equity_of == expected


@pytest.mark.parametrize(
    "field", ["account_number", "equity", "last_equity", "cash", "buying_power", "trading_blocked"]
)
def test_an_account_without_what_is_needed_is_no_answer(alpaca: MakeDesk, field: str) -> None:
    desk = alpaca()
    desk.fake.bend = with_body("/v2/account", **{field: None})
    with pytest.raises(BrokerUnavailable, match=f"lacks {field} of the account"):
        desk.broker.account()


def test_a_short_position_is_negative_whichever_field_says_so(alpaca: MakeDesk) -> None:
    desk = alpaca()
    desk.broker.submit(make.buy(10))
    for fields in ({"qty": "-10", "side": "short"}, {"qty": "10", "side": "short"}, {"qty": "-10", "side": None}):
        desk.fake.bend = with_body("/v2/positions", **fields)
        assert desk.broker.positions() == (
            Position("ACME", Decimal(-10), Decimal(100), Decimal(100), asset_id=Names.asset("ACME")),
        )


def test_a_position_has_the_id_of_its_asset(alpaca: MakeDesk) -> None:
    desk = alpaca()
    desk.broker.submit(make.buy(10))
    assert [position.asset_id for position in desk.broker.positions()] == [Names.asset("ACME")]


def test_a_position_without_a_price_today_has_that_of_the_last_day(alpaca: MakeDesk) -> None:
    desk = alpaca()
    desk.broker.submit(make.buy(10))
    desk.fake.bend = with_body("/v2/positions", current_price=None, lastday_price="99.5")
    assert [position.market_price for position in desk.broker.positions()] == [Decimal("99.5")]


def test_an_option_counts_for_the_hundred_shares_it_stands_for(alpaca: MakeDesk) -> None:
    desk = alpaca()
    desk.broker.submit(make.buy(10))
    option = {"symbol": "AAPL240719C00200000", "qty": "2", "current_price": "3.5", "lastday_price": "3"}
    desk.fake.bend = with_body("/v2/positions", **option)
    (position,) = desk.broker.positions()
    assert position.market_value == 700
    assert position.previous_close == 300


def test_fields_that_nobody_knows_change_nothing(alpaca: MakeDesk) -> None:
    desk = alpaca()
    desk.broker.submit(make.buy(10, stop_loss="95", take_profit="110", client_id="c"))

    def everything() -> list[object]:
        desk.as_a_new_command()
        b = desk.broker
        return [
            b.account(), b.positions(), b.open_orders(), b.order("c"), b.activities(None), b.clock(), b.assets(["ACME"])
        ]  # fmt: skip

    plain = everything()
    desk.fake.strike(Kind.UNKNOWN_FIELDS, method="GET", times=100)
    assert everything() == plain


def test_the_account_s_configuration_says_what_it_may_do(alpaca: MakeDesk) -> None:
    desk = alpaca()
    assert desk.broker.permissions() == Permissions(trading=True, shorting=True, fractions=True)
    desk.fake.bend = with_body("/v2/account/configurations", suspend_trade=True, no_shorting=True)
    assert desk.broker.permissions() == Permissions(trading=False, shorting=False, fractions=True)


def portfolio(**columns: Any) -> Bend:
    """A history of the fourth and the fifth of January, as told at the end of their evenings in New York."""
    body = {
        "timestamp": [1167958800, 1168045200],
        "equity": [8425.21, 8639.77],
        "profit_loss": [0, 0],
        "profit_loss_pct": [0, 0],
        "base_value": 8413.04,
        "timeframe": "1D",
        **columns,
    }
    return lambda arrival, answer: Answer(200, body) if "history" in arrival.path else answer


FOURTH, FIFTH = date(2007, 1, 4), date(2007, 1, 5)


def test_the_days_of_the_portfolio_have_their_equity_and_what_was_paid_in(alpaca: MakeDesk) -> None:
    desk = alpaca()
    desk.fake.bend = portfolio(cashflow={"CSD": [0, 500.5], "CSW": [0, -100]})
    assert desk.broker.days(FOURTH, FIFTH) == (
        AccountDay(FOURTH, *decimals("8425.21", 0)),
        AccountDay(FIFTH, *decimals("8639.77", "400.5")),
    )
    (asked,) = desk.fake.requests
    assert asked.query["cashflow_types"] == "CSD,CSW,JNLC"


def test_days_that_the_portfolio_knows_nothing_of_are_left_out(alpaca: MakeDesk) -> None:
    desk = alpaca()
    desk.fake.bend = portfolio(equity=[None, 8639.77])
    assert desk.broker.days(FOURTH, FIFTH) == (AccountDay(FIFTH, *decimals("8639.77", 0)),)
    assert desk.broker.days(FOURTH, FOURTH) == ()


def test_a_history_whose_columns_differ_is_no_answer(alpaca: MakeDesk) -> None:
    desk = alpaca()
    desk.fake.bend = portfolio(cashflow={"CSD": [0]})
    with pytest.raises(BrokerUnavailable, match="differ in length"):
        desk.broker.days(FOURTH, FIFTH)


def test_few_assets_are_asked_for_one_by_one_and_many_at_once(alpaca: MakeDesk) -> None:
    desk = alpaca()
    assert desk.broker.assets(["ACME", "NONE"]).keys() == {"ACME"}
    assert desk.broker.assets(["NONE", "ACME"]).keys() == {"ACME"}
    assert desk.asked == ["GET /v2/assets/ACME", "GET /v2/assets/NONE"]
    desk.as_a_new_command()
    for _ in range(2):
        assert desk.broker.assets(["ACME", *(f"NO{number}" for number in range(500))]).keys() == {"ACME"}
    assert desk.asked == ["GET /v2/assets"]


def test_an_asset_that_is_no_longer_traded_is_not_tradable(alpaca: MakeDesk) -> None:
    desk = alpaca()
    desk.fake.bend = with_body("/v2/assets/ACME", status="inactive")
    assert not desk.broker.assets(["ACME"])["ACME"].tradable

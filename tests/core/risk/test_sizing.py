from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.builders import D, limits_with
from tradebot.core.model.limits import Limits
from tradebot.core.risk.sizing import BUYING_POWER_MARGIN, Cap, Headroom, Size, on_probation, risk_per_trade, size_entry

AMPLE = Headroom(D(100_000), D(10**9), D(10**9), D(10**9), D(10**9), D(10**9))
NO_CEILING = limits_with(max_order_value=D(10**9))


def room(**less: Any) -> Headroom:
    return Headroom(
        **{"equity": D(100_000), **{name: D(10**9) for name in Headroom._fields if name != "equity"}, **less}
    )


def test_quantity_is_equity_times_risk_over_stop_distance() -> None:
    # 0.5 % of $100,000 is $500; a stop $2 away loses that with 250 shares.
    assert size_entry(D(50), D(48), D("0.005"), AMPLE, NO_CEILING).quantity == 250


def test_a_part_of_a_share_is_left_out() -> None:
    assert size_entry(D(50), D("48.01"), D("0.005"), AMPLE, NO_CEILING).quantity == 251  # 500 / 1.99 = 251.26


@pytest.mark.parametrize(
    ("tight", "limits", "quantity", "cap"),
    [
        ({}, NO_CEILING, 250, Cap.RISK_PER_TRADE),
        ({"position_value": D(5_049)}, NO_CEILING, 100, Cap.POSITION_SIZE),
        ({}, limits_with(max_order_value=D(2_000)), 40, Cap.ORDER_VALUE),
        ({"order_shares": D("30.9")}, NO_CEILING, 30, Cap.ORDER_VOLUME),
        ({"gross_exposure": D(1_000)}, NO_CEILING, 20, Cap.GROSS_EXPOSURE),
        ({"portfolio_risk": D(61)}, NO_CEILING, 30, Cap.PORTFOLIO_RISK),
        ({"buying_power": D(510)}, NO_CEILING, 10, Cap.BUYING_POWER),  # 10 x 50 and 2 % on top
        ({"buying_power": D("509.99")}, NO_CEILING, 9, Cap.BUYING_POWER),
    ],
)
def test_the_tightest_limit_binds_and_is_named(
    tight: dict[str, Decimal], limits: Limits, quantity: int, cap: Cap
) -> None:
    assert size_entry(D(50), D(48), D("0.005"), room(**tight), limits) == Size(D(quantity), cap)


@pytest.mark.parametrize(
    "broken", ["position_value", "gross_exposure", "portfolio_risk", "buying_power", "equity", "order_shares"]
)
def test_a_limit_already_broken_leaves_nothing(broken: str) -> None:
    assert size_entry(D(50), D(48), D("0.005"), room(**{broken: D(-1)}), NO_CEILING).quantity == 0


def test_a_short_is_sized_by_the_distance_to_the_stop_above() -> None:
    assert size_entry(D(50), D(52), D("0.005"), AMPLE, NO_CEILING).quantity == 250


def test_a_signal_may_ask_for_less_risk_and_never_for_more() -> None:
    limits = limits_with(risk_per_trade_pct=D("0.005"))
    asked = [None, D("0.002"), D("0.5"), D("-1")]
    assert [risk_per_trade(limits, each) for each in asked] == [D("0.005"), D("0.002"), D("0.005"), 0]


AMOUNTS = st.decimals(min_value=-(10**6), max_value=10**7, places=2)


@given(
    price=st.decimals(min_value="0.01", max_value=5000, places=4),
    stop_fraction=st.decimals(min_value="0.0001", max_value="0.99", places=4),
    risk_pct=st.decimals(min_value=0, max_value="0.05", places=4),
    left=st.builds(Headroom, AMOUNTS, AMOUNTS, AMOUNTS, AMOUNTS, AMOUNTS, AMOUNTS),
    max_order_value=st.decimals(min_value=0, max_value=10**6, places=2),
    part=st.decimals(min_value="0.01", max_value=1, places=2),
)
def test_a_size_is_whole_never_negative_within_every_cap_and_as_large_as_they_allow(
    price: Decimal, stop_fraction: Decimal, risk_pct: Decimal, left: Headroom, max_order_value: Decimal, part: Decimal
) -> None:
    stop = price * (1 - stop_fraction)
    limits = limits_with(max_order_value=max_order_value)
    sized = size_entry(price, stop, risk_pct, left, limits)

    def fits(quantity: Decimal) -> bool:
        value, risk = quantity * price, quantity * (price - stop)
        return (
            risk <= left.equity * risk_pct
            and value <= min(left.position_value, left.gross_exposure, max_order_value)
            and risk <= left.portfolio_risk
            and value * (1 + BUYING_POWER_MARGIN) <= left.buying_power
            and quantity <= left.order_shares
        )

    assert sized.quantity >= 0
    assert sized.quantity == int(sized.quantity)
    assert sized.quantity == 0 or fits(sized.quantity)
    assert not fits(sized.quantity + 1)
    lessened = size_entry(price, stop, risk_pct, left, limits, part).quantity
    assert lessened <= sized.quantity * part < lessened + 1


def test_probation_lasts_for_so_many_sessions_and_takes_a_part_of_what_the_limits_allow() -> None:
    limits = limits_with(probation_sessions=3)
    assert [on_probation(sessions, limits) for sessions in (0, 2, 3, 250)] == [True, True, False, False]
    assert not on_probation(0, limits_with(probation_sessions=0))
    lessened = size_entry(D(50), D(48), D("0.005"), AMPLE, NO_CEILING, part=D("0.3"))
    assert (lessened.quantity, str(lessened)) == (D(75), "risk per trade, and 30% of that on probation")
    assert str(size_entry(D(50), D(48), D("0.005"), AMPLE, NO_CEILING)) == "risk per trade"

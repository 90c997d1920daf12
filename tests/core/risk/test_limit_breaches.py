"""Limits exceeded by the account as it is; a price that merely rose exceeds none."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.core.builders import D, account, counters, holding, intent, limits_with, order, position, quote
from tradebot.core.model.limits import Limits
from tradebot.core.model.orders import Side
from tradebot.core.risk.circuit_breakers import (
    LimitBreach,
    LimitInputs,
    LimitUse,
    daily_loss,
    drawdown,
    limit_breaches,
    limit_use,
)

LIMITS = limits_with(max_positions=3, limit_breach_tolerance_pct=D("0.25"))


def standing(equity: str = "100000", limits: Limits = LIMITS, **given: Any) -> LimitInputs:
    return replace(LimitInputs(D(equity), (), (), (), (), {}, limits), **given)


def held(symbol: str, shares: str, cost: str, now: str, stop: str) -> dict[str, Any]:
    """One position of ours."""
    at_broker = replace(position(symbol, shares, cost), market_price=D(now))
    return {"positions": (at_broker,), "holdings": (holding(symbol, shares, entry=cost, stop=stop),)}


def figures(found: tuple[LimitBreach, ...]) -> list[tuple[Decimal, Decimal]]:
    return [(breach.value, breach.limit) for breach in found]


def test_an_account_within_its_limits_breaches_none() -> None:
    assert limit_breaches(standing(**held("AAPL", "200", cost="50", now="50", stop="49"))) == ()


def test_a_position_beyond_limit_and_tolerance_is_a_breach() -> None:
    assert limit_breaches(standing(**held("AAPL", "250", cost="50", now="50", stop="49"))) == ()  # 12.5 %
    (found,) = limit_breaches(standing(**held("AAPL", "251", cost="50", now="50", stop="49")))
    assert (found.value, found.limit) == (D("0.1255"), D("0.1"))
    assert found.message == ("AAPL is $12,550.00, 12.55% of equity, and 10% is the limit, with 25% of it for drift")


def test_what_a_position_gained_counts_neither_in_its_size_nor_in_its_risk() -> None:
    assert limit_breaches(standing(**held("AAPL", "200", cost="50", now="500", stop="49"))) == ()
    with_quote = standing(**held("AAPL", "200", cost="50", now="50", stop="49"), quotes={"AAPL": quote(last="500")})
    assert limit_breaches(with_quote) == ()


def test_what_was_lost_elsewhere_makes_a_position_larger() -> None:
    shrunk = standing(equity="79000", **held("AAPL", "200", cost="50", now="50", stop="49"))
    assert figures(limit_breaches(shrunk)) == [(D(10000) / D(79000), D("0.1"))]


def test_a_person_may_hold_a_large_position_and_not_more_than_all_of_it() -> None:
    foreign = standing(positions=(position("MSFT", "1000", "50"),))
    assert limit_breaches(foreign) == ()
    borrowed = standing(positions=(position("MSFT", "2501", "50"),))
    assert figures(limit_breaches(borrowed)) == [(D("1.2505"), D(1))]


def test_what_would_be_lost_at_the_stops_is_held_against_its_limit() -> None:
    """250 shares lose 7 dollars each: 1,750 of 25,000 dollars are 7 %, and 6.25 % are the limit and its tolerance."""
    limits = replace(LIMITS, max_position_size_pct=D(1))
    risky = standing(equity="25000", limits=limits, **held("AAPL", "250", cost="50", now="50", stop="43"))
    assert figures(limit_breaches(risky)) == [(D("0.07"), D("0.05"))]


def test_positions_are_counted_with_orders_under_way_and_without_a_tolerance() -> None:
    three = tuple(position(symbol, "10") for symbol in ("AA", "BB", "CC"))
    assert limit_breaches(standing(positions=three)) == ()
    resting = order("DD", Side.BUY, limit_price=D(10))
    (found,) = limit_breaches(standing(positions=three, open_orders=(resting,)))
    assert [found.value, found.limit] == [4, 3]
    assert limit_breaches(standing(positions=three, unsettled=(intent("CC"),))) == ()


def use_of(inputs: LimitInputs) -> LimitUse:
    return limit_use(inputs, account(str(inputs.equity)), counters())


def test_the_use_of_a_limit_is_the_figure_that_is_compared() -> None:
    beyond = standing(positions=(position("MSFT", "2501", "50"),))
    (breach,) = limit_breaches(beyond)
    assert use_of(beyond).gross_exposure == breach.value == D("1.2505")

    three = tuple(position(symbol, "10") for symbol in ("AA", "BB", "CC"))
    crowded = standing(positions=three, open_orders=(order("DD", Side.BUY, limit_price=D(10)),))
    (breach,) = limit_breaches(crowded)
    assert use_of(crowded).positions == breach.value == 4

    fallen = standing(equity="90000")
    today = (account("90000"), counters(), LIMITS)
    assert (use_of(fallen).daily_loss, use_of(fallen).drawdown) == (daily_loss(*today), drawdown(*today))


def test_gains_use_no_limit_and_an_empty_account_uses_none() -> None:
    gained = standing(**held("AAPL", "200", cost="50", now="500", stop="49"))
    assert use_of(gained).gross_exposure == D("0.1")
    assert (use_of(standing("0")).gross_exposure, use_of(standing("0")).positions) == (D(0), 0)
    assert use_of(standing("0", positions=(position(),))).gross_exposure == 1


SHARES = st.integers(1, 400).map(Decimal)
PRICES = st.integers(5, 200).map(Decimal)
ACCOUNTS = st.lists(st.tuples(SHARES, PRICES), min_size=1, max_size=5)


def portfolio(held_now: list[tuple[Decimal, Decimal, Decimal]], cash: Decimal) -> LimitInputs:
    """Shares, cost and present price of each position, each with a stop 2 % below its cost."""
    symbols = [f"S{number}" for number in range(len(held_now))]
    return standing(
        equity=str(cash + sum(shares * price for shares, _, price in held_now)),
        limits=replace(LIMITS, max_positions=5),
        positions=tuple(
            replace(position(symbol, str(shares), str(cost)), market_price=price)
            for symbol, (shares, cost, price) in zip(symbols, held_now, strict=True)
        ),
        holdings=tuple(
            holding(symbol, str(shares), entry=str(cost), stop=str(cost * D("0.98")))
            for symbol, (shares, cost, _) in zip(symbols, held_now, strict=True)
        ),
    )


@given(bought=ACCOUNTS, cash=st.integers(0, 200_000).map(Decimal), rise=st.lists(st.integers(0, 900), min_size=5))
def test_no_rise_of_prices_brings_about_a_breach(
    bought: list[tuple[Decimal, Decimal]], cash: Decimal, rise: list[int]
) -> None:
    before = portfolio([(shares, cost, cost) for shares, cost in bought], cash)
    risen = [
        (shares, cost, cost * (1 + Decimal(percent) / 100))
        for (shares, cost), percent in zip(bought, rise, strict=False)
    ]
    if not limit_breaches(before):
        assert limit_breaches(portfolio(risen, cash)) == ()


@given(bought=ACCOUNTS, cash=st.integers(0, 200_000).map(Decimal), fall=st.integers(1, 99))
def test_a_fall_of_the_whole_market_makes_no_position_too_large_for_an_account_without_debt(
    bought: list[tuple[Decimal, Decimal]], cash: Decimal, fall: int
) -> None:
    before = portfolio([(shares, cost, cost) for shares, cost in bought], cash)
    left = 1 - Decimal(fall) / 100
    if not limit_breaches(before):
        assert limit_breaches(portfolio([(shares, cost, cost * left) for shares, cost in bought], cash)) == ()

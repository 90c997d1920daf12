from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.builders import NOW, D, holding, order, position, quote, stop
from tradebot.core.model.orders import BrokerOrder, OrderState, OrderType, Purpose, Side, TimeInForce
from tradebot.core.safety.stop_coverage import Gap, GapKind, coverable_shares, find_gaps, unprotected_dollars

SHORT = {"holding": holding(quantity="-100", stop="51"), "position": position(quantity="-100")}


def found(*open_orders: BrokerOrder, **given: Any) -> tuple[Gap, ...]:
    held, shown = given.get("holding", holding()), given.get("position", position())
    return find_gaps((held,), (shown,) if shown else (), open_orders, {"AAPL": quote(last="51")})


def kinds(*open_orders: BrokerOrder, **given: Any) -> list[GapKind]:
    return [gap.kind for gap in found(*open_orders, **given)]


def test_a_holding_without_a_stop_is_a_gap_worth_its_market_value() -> None:
    assert found() == (Gap(GapKind.MISSING, "trend", "AAPL", D(100), D(0), D(49), D(5100)),)


@pytest.mark.parametrize(
    "protecting",
    [
        stop(),
        stop(type=OrderType.STOP_LIMIT, limit_price=D("48.50")),
        stop(price="49.50"),  # better than asked
        stop(time_in_force=TimeInForce.DAY),
        stop(state=OrderState.PARTIALLY_FILLED, quantity="140", filled_quantity=D(40)),
        stop(parent_id=None, role=Purpose.ENTRY),
    ],
)
def test_a_live_stop_of_the_right_size_and_price_protects(protecting: BrokerOrder) -> None:
    assert kinds(protecting) == []


@pytest.mark.parametrize(
    "useless",
    [
        stop("MSFT"),
        stop(side=Side.BUY),
        stop(state=OrderState.CANCELLED),
        order(side=Side.SELL, type=OrderType.LIMIT, limit_price=D(60)),
    ],
)
def test_other_orders_do_not_protect(useless: BrokerOrder) -> None:
    assert [(gap.kind, gap.stop_order_ids) for gap in found(useless)] == [(GapKind.MISSING, ())]


def test_a_stop_in_an_unknown_state_is_no_proof_and_is_named() -> None:
    (gap,) = found(stop(state=OrderState.UNKNOWN))
    assert (gap.kind, gap.stop_order_ids) == (GapKind.MISSING, ("stop-AAPL",))


def test_a_stop_for_too_few_shares_leaves_the_others_unprotected() -> None:
    (gap,) = found(stop(quantity="60"))
    assert (gap.kind, gap.protected, gap.dollars) == (GapKind.TOO_SMALL, D(60), D(2040))


def test_two_stops_protect_together() -> None:
    assert kinds(stop(quantity="60"), stop(quantity="40", broker_order_id="b2")) == []


def test_a_stop_further_off_than_planned_is_at_the_wrong_price() -> None:
    (gap,) = found(stop(price="48.99"))
    assert (gap.kind, gap.protected, gap.dollars) == (GapKind.WRONG_PRICE, D(100), D(0))


def test_stops_for_more_than_the_position_could_turn_it_round() -> None:
    assert kinds(stop(quantity="101")) == [GapKind.TOO_LARGE]
    assert kinds(stop(quantity="130"), position=position(quantity="150")) == []  # fifty shares are foreign


def test_a_working_leg_of_an_entry_still_being_filled_is_not_too_large() -> None:
    part = {"holding": holding(quantity="40"), "position": position(quantity="40")}
    assert kinds(ENTERING, stop(), **part) == []
    assert kinds(stop(), **part) == [GapKind.TOO_LARGE]


# --- legs that wait for their entry -------------------------------------------------------------------

ENTERING = order(side=Side.BUY, broker_order_id="entry-AAPL", state=OrderState.PARTIALLY_FILLED)
TARGET = order(
    type=OrderType.LIMIT, limit_price=D(60), role=Purpose.TARGET, parent_id="entry-AAPL", broker_order_id="target-AAPL"
)


def kinds_after(filled: tuple[str, ...], *open_orders: BrokerOrder) -> list[GapKind]:
    gaps = find_gaps((holding(),), (position(),), open_orders, {}, filled_entries=filled)
    return [gap.kind for gap in gaps]


def test_a_held_stop_protects_once_its_entry_has_filled_whole_and_its_target_works() -> None:
    assert kinds_after(("entry-AAPL",), stop(held=True), TARGET) == []


@pytest.mark.parametrize(
    ("filled", "beside"),
    [
        ((), (TARGET,)),  # nobody says that the entry has filled whole
        (("entry-AAPL",), ()),
        (("entry-AAPL",), (replace(TARGET, held=True),)),
        (("entry-AAPL",), (replace(TARGET, state=OrderState.CANCELLED),)),
        (("entry-AAPL",), (replace(TARGET, state=OrderState.UNKNOWN),)),
        (("entry-AAPL",), (replace(TARGET, parent_id="another"),)),
        (("entry-AAPL",), (ENTERING, TARGET)),  # it is still shown as live
        ((), (ENTERING, replace(TARGET, held=True))),
    ],
)
def test_a_held_stop_protects_nothing_else(filled: tuple[str, ...], beside: tuple[BrokerOrder, ...]) -> None:
    assert kinds_after(filled, stop(held=True), *beside) == [GapKind.MISSING]


def test_the_stop_of_an_exit_pair_protects_while_its_limit_order_works() -> None:
    head = replace(TARGET, parent_id=None, broker_order_id="pair")
    behind = stop(held=True, parent_id="pair")
    assert kinds_after((), head, behind) == []
    assert kinds_after((), replace(head, held=True), behind) == [GapKind.MISSING]
    assert kinds_after((), behind) == [GapKind.MISSING]


def test_a_short_is_protected_by_a_buy_stop_above() -> None:
    above = stop(side=Side.BUY, price="51")
    assert kinds(above, **SHORT) == []
    assert kinds(replace(above, stop_price=D("50.50")), **SHORT) == []
    assert kinds(replace(above, stop_price=D("51.01")), **SHORT) == [GapKind.WRONG_PRICE]
    assert kinds(stop(), **SHORT) == [GapKind.MISSING]


def test_only_shares_that_the_broker_shows_need_a_stop() -> None:
    assert kinds(position=None) == []
    assert kinds(position=position(quantity="-100")) == []
    (gap,) = found(position=position(quantity="70"))
    assert (gap.held, gap.dollars) == (D(70), D(3570))


def test_without_a_quote_the_brokers_price_counts() -> None:
    (gap,) = find_gaps((holding(),), (position(price="48"),), (), {})
    assert unprotected_dollars((gap, gap)) == 9600


def test_a_foreign_position_is_none_of_ours() -> None:
    assert find_gaps((), (position(),), (), {}) == ()


def test_the_shares_of_a_short_are_counted_below_zero() -> None:
    (gap,) = found(stop(side=Side.BUY, quantity="60", price="51"), **SHORT)
    assert (gap.held, gap.protected, gap.dollars) == (D(-100), D(-60), D(2040))


# --- stops that the broker will end, and parts of a share ---------------------------------------------

LATER = NOW + timedelta(days=7)


def lapsing(*open_orders: BrokerOrder) -> list[GapKind]:
    return [gap.kind for gap in find_gaps((holding(),), (position(),), open_orders, {"AAPL": quote(last="51")}, LATER)]


@pytest.mark.parametrize(
    ("protecting", "told"),
    [
        (stop(), []),
        (stop(expires_at=LATER + timedelta(seconds=1)), []),
        (stop(expires_at=LATER), [GapKind.LAPSING]),
        (stop(time_in_force=TimeInForce.DAY), [GapKind.LAPSING]),
        (stop(time_in_force=TimeInForce.OTHER), [GapKind.LAPSING]),
        (stop(price="48", expires_at=LATER), [GapKind.WRONG_PRICE]),
        (stop(quantity="60", expires_at=LATER), [GapKind.TOO_SMALL]),
    ],
)
def test_a_stop_that_the_broker_will_end_is_told_in_time(protecting: BrokerOrder, told: list[GapKind]) -> None:
    assert lapsing(protecting) == told
    assert kinds(replace(protecting, expires_at=None, time_in_force=TimeInForce.GTC)) == [
        kind for kind in told if kind is not GapKind.LAPSING
    ]


def test_a_stop_that_lapses_leaves_no_dollars_bare() -> None:
    (gap,) = find_gaps((holding(),), (position(),), (stop(time_in_force=TimeInForce.DAY),), {}, LATER)
    assert (gap.dollars, gap.protected) == (D(0), D(100))


@pytest.mark.parametrize(
    ("held", "covered", "kind", "dollars"),
    [
        ("100.25", "100", GapKind.FRACTION, "12.75"),
        ("100.25", "99", GapKind.TOO_SMALL, "63.75"),
        ("0.5", None, GapKind.FRACTION, "25.5"),
        ("1.5", None, GapKind.MISSING, "76.5"),
        ("100.25", "100.25", None, "0"),
    ],
)
def test_a_part_of_a_share_is_a_gap_that_nothing_can_close(
    held: str, covered: str | None, kind: GapKind | None, dollars: str
) -> None:
    orders = () if covered is None else (stop(quantity=covered),)
    told = found(*orders, holding=holding(quantity=held), position=position(quantity=held))
    assert [(gap.kind, gap.dollars) for gap in told] == ([] if kind is None else [(kind, D(dollars))])
    assert all(gap.kind.can_be_closed is (gap.kind is not GapKind.FRACTION) for gap in told)


def test_a_short_s_part_of_a_share_is_told_likewise() -> None:
    assert coverable_shares(D("-10.5")) == D(-10)
    assert coverable_shares(D("-0.5")) == 0


def test_a_stop_that_does_not_surely_rest_protects_nothing_and_is_named() -> None:
    (gap,) = found(stop(rests=False))
    assert (gap.kind, gap.dollars, gap.stop_order_ids) == (GapKind.MISSING, D(5100), ("stop-AAPL",))


@given(st.lists(st.tuples(st.integers(1, 120), st.booleans(), st.booleans()), max_size=4))
def test_stops_that_do_not_surely_rest_count_like_none(drawn: list[tuple[int, bool, bool]]) -> None:
    stops = [
        stop(quantity=str(shares), broker_order_id=f"s{number}", rests=rests, price="49" if good else "40")
        for number, (shares, rests, good) in enumerate(drawn)
    ]
    whole = [(gap.kind, gap.protected, gap.dollars) for gap in found(*stops)]
    assert whole == [(gap.kind, gap.protected, gap.dollars) for gap in found(*(s for s in stops if s.rests))]


@pytest.mark.parametrize(("age", "kinds"), [(1, [GapKind.LAPSING]), (30, []), (None, [])])
def test_a_stop_that_does_not_tell_its_end_has_the_age_that_the_broker_gives_one(
    age: int | None, kinds: list[GapKind]
) -> None:
    resting = stop(submitted_at=NOW, expires_at=None)
    gtc_age = None if age is None else timedelta(days=age)
    gaps = find_gaps((holding(),), (position(),), (resting,), {}, NOW + timedelta(days=7), gtc_age=gtc_age)
    assert [gap.kind for gap in gaps] == kinds
    told = replace(resting, expires_at=NOW + timedelta(days=8))
    assert not find_gaps((holding(),), (position(),), (told,), {}, NOW + timedelta(days=7), gtc_age=gtc_age)

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.builders import D, holding, limits_with, signal
from tradebot.core.model.exits import Exit, ExitKind
from tradebot.core.model.orders import Side
from tradebot.core.model.signals import Action, ExitPolicy, Signal
from tradebot.core.model.values import tick_size
from tradebot.core.planning.exit_rules import (
    ExitPrices,
    due_exit,
    entry_prices,
    exit_at_stop_or_target,
    is_worth_a_gap,
    raised_stop,
    stop_kind,
    stop_passed,
    taken_stop,
    with_exit_prices,
    with_mark,
)

LIMITS = limits_with(default_stop_loss_pct=D("0.02"), default_take_profit_pct=D("0.04"))
TRAILING = ExitPolicy(stop=D("0.01"), trail_trigger=D("0.05"), trail_offset=D("0.005"))
FRACTIONS = st.decimals(min_value="0.0001", max_value="0.9", places=4)
PRICES = st.decimals(min_value="0.0002", max_value=5000, places=4)
SIDES = st.sampled_from(Side)


# --- where stop and target rest ----------------------------------------------------------


@pytest.mark.parametrize(
    ("policy", "side", "stop", "target"),
    [
        (ExitPolicy(D("0.01"), D("0.15")), Side.BUY, "24.85", "28.87"),
        (ExitPolicy(D("0.01"), D("0.15")), Side.SELL, "25.35", "21.33"),
        (ExitPolicy(), Side.BUY, "24.60", None),
        (ExitPolicy(use_default_target=True), Side.BUY, "24.60", "26.11"),
        (ExitPolicy(target=D("0.10"), use_default_target=True), Side.BUY, "24.60", "27.61"),
    ],
)
def test_prices_come_from_the_policy_or_the_accounts_defaults(
    policy: ExitPolicy, side: Side, stop: str, target: str | None
) -> None:
    expected = ExitPrices(D(stop), D(target) if target else None)
    assert entry_prices(D("25.10"), policy, LIMITS, side) == expected


@given(price=PRICES, stop=FRACTIONS, target=FRACTIONS, side=SIDES)
def test_the_loss_is_not_larger_than_asked_and_the_gain_not_smaller(
    price: Decimal, stop: Decimal, target: Decimal, side: Side
) -> None:
    prices = entry_prices(price, ExitPolicy(stop, target), LIMITS, side)
    assert prices.target is not None
    loss, gain = (price - prices.stop) * side.sign, (prices.target - price) * side.sign
    nearest_taken = D("0.01") + max(tick_size(prices.stop), tick_size(price))
    assert 0 < loss <= max(price * stop, nearest_taken)
    assert gain >= price * target or prices.target == D("0.0001")
    for level in (prices.stop, prices.target):
        assert level > 0
        assert level % tick_size(level) == 0


@pytest.mark.parametrize(
    ("stop", "last", "side", "taken"),
    [
        ("24.50", "25", Side.BUY, "24.50"),
        ("24.99", "25", Side.BUY, "24.99"),
        ("24.99", "24.995", Side.BUY, "24.98"),
        ("0.0500", "0.0550", Side.BUY, "0.0450"),
        ("0.0050", "0.0060", Side.BUY, "0.0050"),  # no price is far enough
        ("25.01", "25.005", Side.SELL, "25.02"),
        ("0.0500", "0.0450", Side.SELL, "0.0550"),
    ],
)
def test_a_stop_keeps_its_distance_from_the_last_price(stop: str, last: str, side: Side, taken: str) -> None:
    assert taken_stop(D(stop), D(last), side) == D(taken)


# --- trailing ----------------------------------------------------------------------------


def test_the_best_price_is_kept_for_a_long_and_for_a_short() -> None:
    long, short = holding(), holding(quantity="-100", stop="51")
    assert [with_mark(long, D(last)).high_water for last in ("49", "53")] == [50, 53]
    assert [with_mark(short, D(last)).high_water for last in ("47", "51")] == [47, 50]


@pytest.mark.parametrize(
    ("best", "raised"),
    [("52.49", None), ("52.50", "52.24"), ("60", "59.70")],  # 5 % above 50 is 52.50; half a percent below that 52.2375
)
def test_a_long_stop_follows_once_the_trigger_is_gained(best: str, raised: str | None) -> None:
    held = holding(stop="49.50", policy=TRAILING, high_water=D(best))
    assert raised_stop(held) == (D(raised) if raised else None)


def test_a_short_stop_follows_downwards() -> None:
    held = holding(quantity="-100", stop="50.50", policy=TRAILING, high_water=D("47.50"))
    assert raised_stop(held) == D("47.73")  # half a percent above 47.50 is 47.7375


def test_no_trailing_without_a_policy_for_it() -> None:
    assert raised_stop(holding(high_water=D(500))) is None


@given(
    side=SIDES,
    marks=st.lists(st.decimals(min_value="10", max_value="200", places=2), min_size=1, max_size=20),
    trigger=st.decimals(min_value=0, max_value="0.2", places=3),
    offset=st.decimals(min_value="0.001", max_value="0.5", places=3),
)
def test_a_stop_is_never_moved_against_the_position(
    side: Side, marks: list[Decimal], trigger: Decimal, offset: Decimal
) -> None:
    policy = ExitPolicy(stop=D("0.02"), trail_trigger=trigger, trail_offset=offset)
    held = holding(quantity=str(100 * side.sign), stop=str(50 - side.sign), policy=policy)
    for mark in marks:
        held = with_mark(held, mark)
        raised = raised_stop(held)
        if raised is not None:
            assert (raised - held.stop_price) * side.sign > 0
            assert (held.high_water - raised) * side.sign > 0
            held = held.with_stop(raised)
            assert raised_stop(held) is None


# --- when it is time to go ---------------------------------------------------------------


def test_a_quiet_holding_stays() -> None:
    assert due_exit(holding(), None, D(50)) is None


def test_the_strategys_own_exit_signal_ends_it_with_its_words() -> None:
    told = due_exit(holding(), signal(action=Action.EXIT, reason="RSI above 65"), D(50))
    assert told == Exit("exit signal: RSI above 65", ExitKind.SIGNAL)
    assert due_exit(holding(), signal(action=Action.EXIT, reason=""), D(50)) == Exit("exit signal", ExitKind.SIGNAL)


@pytest.mark.parametrize(
    "other",
    [
        signal(action=Action.ENTER),
        signal(action=Action.NONE),
        signal(action=Action.EXIT, strategy="another"),
        signal("MSFT", action=Action.EXIT),
    ],
)
def test_no_other_signal_ends_it(other: Signal) -> None:
    assert due_exit(holding(), other, D(50)) is None


@pytest.mark.parametrize(("age", "due"), [(4, False), (5, True), (9, True)])
def test_age_ends_it(age: int, due: bool) -> None:
    held = holding(policy=ExitPolicy(max_sessions=5), sessions_held=age)
    told = due_exit(held, None, D(50))
    assert (told is not None and told.kind is ExitKind.TIME) is due


def test_a_price_through_its_own_stop_is_left_to_the_stop_and_told_to_the_protection() -> None:
    held = holding(stop="49")
    assert due_exit(held, None, D("48.50")) is None
    assert [stop_passed(held, D(last)) for last in ("49.01", "49.00", "48.50")] == [False, True, True]


def test_a_short_has_its_stop_above() -> None:
    held = holding(quantity="-100", stop="51")
    assert [stop_passed(held, D(last)) for last in ("50.99", "51", "52")] == [False, True, True]


def test_a_price_through_the_trailing_level_ends_it_when_the_stop_was_not_raised_in_time() -> None:
    held = holding(stop="49.50", policy=TRAILING, high_water=D(60))  # the trailing stop belongs at 59.70
    assert due_exit(held, None, D("59.71")) is None
    told = due_exit(held, None, D("59.70"))
    assert told is not None
    assert (told.kind, "59.7" in told.reason) == (ExitKind.TRAILING_STOP, True)
    priced = with_exit_prices(told, held)
    assert (priced.stop_price, priced.trailed_from) == (D("59.70"), D(60))
    assert due_exit(replace(held, stop_price=D("59.70")), None, D("59.70")) is None  # now the stop does it
    assert due_exit(held, None, None) is None


# --- what sold it ------------------------------------------------------------------------


def test_a_raised_stop_is_a_trailing_one_with_the_price_it_trailed_from() -> None:
    held = holding(stop="49", policy=TRAILING, target_price=D(70))
    assert exit_at_stop_or_target(held, D(49)) == Exit("stop", ExitKind.STOP, D(49), D(70))
    raised = replace(held, high_water=D(60)).with_raised_stop(D("59.70"))
    higher = replace(raised, high_water=D(65))  # whose raise was refused
    assert exit_at_stop_or_target(higher, D("59.70")) == Exit("stop", ExitKind.TRAILING_STOP, D("59.70"), D(70), D(60))


def test_a_stop_that_an_earlier_version_raised_is_told_by_its_price() -> None:
    raised = holding(stop="59.70", policy=TRAILING, high_water=D(60))
    assert stop_kind(raised) is ExitKind.TRAILING_STOP
    assert stop_kind(replace(raised, stop_price=D(59))) is ExitKind.STOP


def test_a_target_is_reached_on_the_side_of_the_gain() -> None:
    held = holding(target_price=D(52))
    assert [exit_at_stop_or_target(held, D(price)).kind for price in ("51.99", "52", "60")] == [
        ExitKind.STOP,
        ExitKind.TARGET,
        ExitKind.TARGET,
    ]
    short = holding(quantity="-100", stop="51", target_price=D(48))
    assert [exit_at_stop_or_target(short, D(price)).kind for price in ("47.90", "51.05")] == [
        ExitKind.TARGET,
        ExitKind.STOP,
    ]


# --- a raise that costs a moment without a stop ------------------------------------------


def test_a_raise_of_one_percent_is_worth_a_gap_once_a_session() -> None:
    held = holding(stop="100")
    assert is_worth_a_gap(held, D(101), [D(100)]) and not is_worth_a_gap(held, D("100.99"), [])
    raised = replace(holding(stop="101"), trailed_from=D(110))
    assert is_worth_a_gap(raised, D(103), []) and not is_worth_a_gap(raised, D(103), [D(101)])
    assert not is_worth_a_gap(held, D(101), [D(100), D(101)]), "it was refused in this session"
    short = holding(quantity="-100", stop="100")
    assert is_worth_a_gap(short, D(99), [None]) and not is_worth_a_gap(short, D("99.01"), [])


@given(st.integers(2, 100_000), st.integers(2, 100_000), st.lists(st.integers(1, 100_000), max_size=4), st.booleans())
def test_no_raise_loosens_a_stop_and_none_follows_another_of_its_session(
    stop: int, raised: int, sent: list[int], is_short: bool
) -> None:
    held = holding(quantity="-100" if is_short else "100", stop=str(D(stop) / 100))
    prices = [D(each) / 100 for each in sent]
    if is_worth_a_gap(held, D(raised) / 100, prices):
        better = (held.stop_price - D(raised) / 100) if is_short else (D(raised) / 100 - held.stop_price)
        assert better >= held.stop_price / 100
        after = replace(held, stop_price=D(raised) / 100, trailed_from=D(1))
        assert not is_worth_a_gap(after, D("0.01") if is_short else D(10_000), [*prices, after.stop_price])

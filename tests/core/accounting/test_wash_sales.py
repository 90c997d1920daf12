"""Wash sales, by examples of the rules and against a simulation of single shares."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.core.accounting.tax_builders import adjustment, reorganisation, split, trade
from tests.core.builders import D
from tradebot.core.accounting.tax_lots import TaxActivity, is_long_term, tax_lots
from tradebot.core.accounting.wash_sales import TaxShares, with_wash_sales
from tradebot.core.model.account import ActionKind

MAY = date(2008, 5, 1)


def day(number: int) -> date:
    return MAY + timedelta(days=number)


def shares(*activities: TaxActivity) -> tuple[TaxShares, ...]:
    return with_wash_sales(tax_lots(activities))


def disallowed(*activities: TaxActivity) -> Decimal:
    return sum((each.disallowed for each in shares(*activities)), D(0))


def test_a_loss_on_shares_bought_again_goes_into_the_cost_of_the_new_ones() -> None:
    """Example 1 of 26 CFR 1.1091-2(a)."""
    sold, new = shares(trade(day(0), 1, "100"), trade(day(90), -1, "80"), trade(day(107), 1, "90"))
    assert (sold.disallowed, sold.proceeds - sold.cost + sold.disallowed) == (D(20), D(0))
    assert sold.replaced_by == [day(107)]
    assert (new.cost, new.held_before) == (D(110), timedelta(days=90))


def test_the_window_is_thirty_days_before_and_after() -> None:
    lossy = trade(day(0), 10, "10"), trade(day(100), -10, "9")
    for bought, is_wash in ((69, False), (70, True), (99, True), (130, True), (131, False)):
        activities = sorted((*lossy, trade(day(bought), 10, "9")), key=lambda each: each.at)
        assert disallowed(*activities) == (D(10) if is_wash else D(0)), bought


def test_a_gain_is_never_a_wash_sale() -> None:
    assert disallowed(trade(day(0), 10, "10"), trade(day(1), -10, "11"), trade(day(2), 10, "9")) == 0


def test_fewer_shares_bought_than_sold_disallow_their_part() -> None:
    sold, _ = shares(trade(day(0), 100, "10"), trade(day(40), -100, "9"), trade(day(50), 30, "9"))
    assert sold.disallowed == D(30)


def test_one_share_replaces_one_share_once() -> None:
    """Rev. Rul. 70-231: the first loss takes the replacement shares, and there are none for the second."""
    activities = (
        trade(day(0), 100, "10"),
        trade(day(1), 100, "10"),
        trade(day(50), -100, "9"),
        trade(day(51), -100, "8"),
        trade(day(60), 100, "8"),
    )
    first, second, _ = shares(*activities)
    assert (first.disallowed, second.disallowed) == (D(100), D(0))


def test_a_part_of_one_purchase_does_not_replace_the_rest() -> None:
    """Rev. Rul. 56-602, for a purchase of two fills too."""
    bought = trade(day(0), 60, "10", order="one"), trade(day(0), 40, "10", minute=1, order="one")
    assert disallowed(*bought, trade(day(5), -50, "9")) == 0


def test_shares_bought_before_and_sold_on_the_same_day_replace_nothing() -> None:
    bought = trade(day(0), 10, "10"), trade(day(1), 10, "10")
    assert disallowed(*bought, trade(day(5), -10, "9"), trade(day(5), -10, "9", minute=5)) == 0
    assert disallowed(*bought, trade(day(5), -10, "9"), trade(day(6), -10, "9")) == D(10)


def test_a_loss_that_an_added_cost_makes_is_disallowed_too() -> None:
    activities = (
        trade(day(0), 10, "10"),
        trade(day(40), -10, "9"),  # 10 lost, into the next purchase
        trade(day(41), 10, "9"),
        trade(day(50), -10, "9.50"),  # a gain of 5 by itself, a loss of 5 with it
        trade(day(60), 10, "9"),
    )
    first, second, last = shares(*activities)
    assert (first.disallowed, second.disallowed) == (D(10), D(5))
    assert (last.cost, last.held_before) == (D(95), timedelta(days=49))


def test_replacement_shares_are_held_as_long_as_those_that_they_replace() -> None:
    activities = (
        trade(day(0), 10, "10"),
        trade(day(300), -10, "9"),
        trade(day(305), 20, "9"),
        trade(day(400), -20, "12"),
    )
    _, replacing, rest = shares(*activities)
    assert (replacing.is_long, rest.is_long) == (True, False)
    assert (replacing.cost, rest.cost) == (D(100), D(90))


def test_shares_are_counted_alike_before_and_after_a_split() -> None:
    activities = (
        trade(day(0), 100, "10"),
        trade(day(1), 2, "9"),
        trade(day(50), -100, "9"),
        split(day(51), "2", "2", "4"),
        trade(day(52), 100, "4.50"),
    )
    assert disallowed(*activities) == D(50)  # 100 new shares are 50 old ones


def test_another_name_is_the_same_security_and_a_merger_is_not() -> None:
    lossy = trade(day(0), 20, "10"), trade(day(50), -10, "9")
    for kind, expected in ((ActionKind.NAME_CHANGE, D(10)), (ActionKind.STOCK_MERGER, D(0))):
        renamed = reorganisation(day(51), kind, "NEWN", "1", "10", "10")
        assert disallowed(*lossy, renamed, trade(day(52), 10, "9", symbol="NEWN")) == expected


def test_shares_of_the_opening_replace_nothing_and_can_be_replaced() -> None:
    opening = adjustment(day(0), "10", "10", "OPENING-AAPL")
    assert disallowed(trade(day(-40), 5, "10"), opening, trade(day(1), -5, "9")) == 0
    sold, new = shares(opening, trade(day(40), -10, "9"), trade(day(41), 10, "9"))
    assert (sold.disallowed, sold.is_long) == (D(10), None)
    assert (new.cost, new.held_before) == (D(100), None)


def test_a_short_covered_at_a_loss_is_replaced_by_another_short() -> None:
    covered, new = shares(trade(day(0), -10, "10"), trade(day(5), 10, "11"), trade(day(9), -10, "11"))
    assert (covered.disallowed, covered.is_long) == (D(10), False)
    assert (new.is_short, new.added_cost) == (True, D(10))


# --- against single shares ---------------------------------------------------------------------------


@dataclass
class Single:
    """One share, followed alone."""

    bought: int
    minute: int
    order: int
    cost: int  # cents
    sold: int | None = None
    sold_minute: int = 0
    proceeds: int = 0
    added: int = 0
    before: int = 0  # days held by the shares that it replaces
    replaces: bool = False
    lost: int = 0  # disallowed


def simulate(trades: list[tuple[int, int, int]]) -> list[Single]:
    """Each share by itself. ``trades``: day, shares (negative for a sale) and price in cents, in order; never short."""
    held: list[Single] = []
    gone: list[Single] = []
    for order, (number, quantity, price) in enumerate(trades):
        if quantity > 0:
            held += [Single(number, order, order, price) for _ in range(quantity)]
        for _ in range(-quantity):
            one = held.pop(0)
            one.sold, one.sold_minute, one.proceeds = number, order, price
            gone.append(one)
    everyone = sorted((*gone, *held), key=lambda one: (one.bought, one.minute, one.sold is None, one.sold_minute))
    for loser in gone:
        loss = loser.cost + loser.added - loser.proceeds
        if loss <= 0:
            continue
        for other in everyone:
            assert loser.sold is not None
            is_there = other.minute > loser.sold_minute or other.sold is None or other.sold > loser.sold
            if other.replaces or other.order == loser.order or abs(other.bought - loser.sold) > 30 or not is_there:
                continue
            other.replaces, other.added = True, other.added + loss
            other.before = loser.sold - loser.bought + loser.before
            loser.lost = loss
            break
    return [*gone, *held]


trade_list = st.lists(st.tuples(st.integers(0, 25), st.integers(-8, 8), st.integers(900, 1100)), max_size=14)


@settings(max_examples=300)
@given(trade_list)
def test_every_share_fares_as_if_it_were_followed_alone(drawn: list[tuple[int, int, int]]) -> None:
    number, held, trades = 0, 0, list[tuple[int, int, int]]()
    for wait, quantity, price in drawn:
        number += wait
        quantity = max(quantity, -held)
        if quantity:
            held += quantity
            trades.append((number, quantity, price))
    fills = [trade(day(n), q, str(D(p) / 100), minute=at) for at, (n, q, p) in enumerate(trades)]
    expected, found = Counter[object](), Counter[object]()
    for one in simulate(trades):
        sold = None if one.sold is None else day(one.sold)
        is_long = sold is not None and is_long_term(day(one.bought) - timedelta(days=one.before), sold)
        expected[day(one.bought), sold, one.cost + one.added, one.proceeds, one.lost, is_long] += 1
    for each in shares(*fills):
        per_share = (100 * amount / each.quantity for amount in (each.cost, each.closed, each.disallowed))
        found[each.lot.acquired, each.disposal and each.disposal.sold, *map(int, per_share), each.is_long] += int(
            each.quantity
        )
        assert sum(100 * amount % each.quantity for amount in (each.cost, each.closed)) == 0
    # a part of a row may be replaced: its disallowed loss is compared as a sum
    assert _without_loss(found) == _without_loss(expected)
    assert disallowed(*fills) == D(sum(one.lost for one in simulate(trades))) / 100


def _without_loss(counter: Counter[object]) -> Counter[object]:
    bare = Counter[object]()
    for key, many in counter.items():
        assert isinstance(key, tuple)
        bare[key[:4] + key[5:]] += many
    return bare


@given(trade_list)
def test_what_is_disallowed_is_in_the_cost_of_other_shares(drawn: list[tuple[int, int, int]]) -> None:
    number, fills = 0, list[TaxActivity]()
    for at, (wait, quantity, price) in enumerate(drawn):
        number += wait
        if quantity:
            fills.append(trade(day(number), quantity, str(D(price) / 100), "0.07", minute=at))
    everyone = shares(*fills)
    assert sum(each.disallowed for each in everyone) == sum(each.added_cost for each in everyone)
    assert all(each.disallowed <= each.cost - each.proceeds for each in everyone if each.disallowed)

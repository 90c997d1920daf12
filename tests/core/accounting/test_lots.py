from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.builders import NOW, TODAY, YESTERDAY, D, fill, lot, split
from tradebot.core.accounting.lots import book_adjustment, book_fill, book_split, shown_average
from tradebot.core.model.account import Adjustment, Fill
from tradebot.core.model.exits import Exit, ExitKind
from tradebot.core.model.holdings import FOREIGN, Lot, LotClosure
from tradebot.core.model.orders import Side
from tradebot.core.model.values import CENT


def test_a_first_fill_opens_a_lot_with_its_fee() -> None:
    bought = fill("f1", Side.BUY, "100", "50")
    booked = book_fill((), bought, "trend")
    opened = Lot("f1", "trend", "AAPL", D(100), D(50), D("1.00"), NOW, TODAY, bought.client_order_id)
    assert booked.lots == (opened,)
    assert booked.closures == ()


def test_a_round_trip_names_both_fills_and_earns_after_both_fees() -> None:
    at_target = Exit("target", ExitKind.TARGET, D(48), D(52))
    booked = book_fill((lot("f0", "100", "50"),), fill("f1", Side.SELL, "100", "52"), "trend", at_target)
    assert booked.lots == ()
    assert booked.closures == (
        LotClosure(
            trade_id="f0/f1",
            strategy="trend",
            symbol="AAPL",
            side=Side.BUY,
            quantity=D(100),
            entry_price=D(50),
            exit_price=D(52),
            fees=D("2.00"),
            pnl=D("198.00"),
            opened_at=NOW,
            closed_at=NOW,
            entry_session=YESTERDAY,
            exit_session=TODAY,
            exit_reason="target",
            exit_kind=ExitKind.TARGET,
            stop_price=D(48),
            target_price=D(52),
        ),
    )


def test_the_oldest_shares_go_first_and_the_rest_stays() -> None:
    lots = (lot("f0", "60", "50", fee="0.60"), lot("f1", "60", "51", fee="0.60"))
    booked = book_fill(lots, fill("f2", Side.SELL, "80", "52"), "trend")
    assert [(trade.trade_id, trade.quantity) for trade in booked.closures] == [("f0/f2", D(60)), ("f1/f2", D(20))]
    assert booked.lots == (lot("f1", "40", "51", fee="0.40", shown_price=D("50.5")),)


def test_fees_are_split_in_whole_cents_and_the_remainder_goes_last() -> None:
    lots = tuple(lot(f"f{place}", "1", "50", fee="0") for place in range(3))
    booked = book_fill(lots, fill("x", Side.SELL, "3", "50", fee=D("1.00")), "trend")
    assert [trade.fees for trade in booked.closures] == [D("0.33"), D("0.33"), D("0.34")]


def test_a_short_earns_when_the_price_falls() -> None:
    (trade,) = book_fill((lot("f0", "-100", "50"),), fill("f1", Side.BUY, "100", "45"), "trend").closures
    assert (trade.side, trade.pnl) == (Side.SELL, D("498.00"))


def test_a_fill_through_zero_closes_first_and_opens_the_other_side_with_what_is_left() -> None:
    booked = book_fill((lot("f0", "100", "50"),), fill("f1", Side.SELL, "150", "52", fee=D("1.50")), "trend")
    (trade,), (turned,) = booked.closures, booked.lots
    assert (trade.quantity, trade.fees) == (D(100), D("2.00"))
    assert (turned.lot_id, turned.quantity, turned.price, turned.fee) == ("f1", D(-50), D(52), D("0.50"))


def test_a_strategy_closes_its_own_lots_before_those_of_others() -> None:
    lots = (lot("f0", "50", strategy=FOREIGN), lot("f1", "50"))
    booked = book_fill(lots, fill("f2", Side.SELL, "50"), "trend")
    assert [trade.strategy for trade in booked.closures] == ["trend"]
    assert [each.lot_id for each in booked.lots] == ["f0"]


def test_a_sale_by_hand_ends_the_round_trip_of_the_strategy_that_bought() -> None:
    booked = book_fill((lot("f0", "100"),), fill("f1", Side.SELL, "60"), FOREIGN, Exit("closed outside tradebot"))
    assert [(trade.strategy, trade.quantity) for trade in booked.closures] == [("trend", D(60))]
    assert [(each.strategy, each.quantity) for each in booked.lots] == [("trend", D(40))]


# --- against a brute force that books one share at a time --------------------------------


@dataclass(frozen=True)
class Deal:
    side: Side
    shares: int
    price: Decimal
    fee: Decimal


DEALS = st.lists(
    st.builds(
        Deal,
        st.sampled_from(Side),
        st.integers(1, 40),
        st.integers(100, 20_000).map(lambda cents: D(cents) / 100),
        st.integers(0, 999).map(lambda cents: D(cents) / 100),
    ),
    min_size=1,
    max_size=25,
)


def booked_fills(deals: list[Deal]) -> tuple[tuple[Lot, ...], list[LotClosure], list[Fill]]:
    lots: tuple[Lot, ...] = ()
    trades: list[LotClosure] = []
    fills = []
    for place, deal in enumerate(deals):
        made = fill(f"f{place}", deal.side, str(deal.shares), str(deal.price), fee=deal.fee)
        booked = book_fill(lots, made, "trend")
        lots = booked.lots
        trades.extend(booked.closures)
        fills.append(made)
    return lots, trades, fills


@given(DEALS)
def test_shares_and_cash_are_conserved_to_the_cent(deals: list[Deal]) -> None:
    lots, trades, fills = booked_fills(deals)
    cash = sum((-each.side.sign * each.quantity * each.price - each.fee for each in fills), D(0))
    invested = sum((each.quantity * each.price + each.fee for each in lots), D(0))
    assert sum((trade.pnl for trade in trades), D(0)) - invested == cash
    assert sum(each.quantity for each in lots) == sum(each.side.sign * each.quantity for each in fills)
    fees = sum((trade.fees for trade in trades), D(0)) + sum((each.fee for each in lots), D(0))
    assert fees == sum((each.fee for each in fills), D(0))
    assert all(trade.fees >= 0 and trade.fees % CENT == 0 for trade in trades)


@given(DEALS)
def test_gross_profit_equals_that_of_booking_one_share_at_a_time(deals: list[Deal]) -> None:
    lots, trades, _ = booked_fills(deals)
    queue: deque[tuple[int, Decimal]] = deque()
    gross = D(0)
    for deal in deals:
        for _ in range(deal.shares):
            if queue and queue[0][0] != deal.side.sign:
                sign, price = queue.popleft()
                gross += (deal.price - price) * sign
            else:
                queue.append((deal.side.sign, deal.price))
    assert sum((trade.pnl + trade.fees for trade in trades), D(0)) == gross
    held = [(sign, price) for each in lots for sign, price in [(1 if each.quantity > 0 else -1, each.price)]]
    assert [each for each, count in zip(held, lots, strict=True) for _ in range(int(abs(count.quantity)))] == list(
        queue
    )


@given(DEALS)
def test_lots_never_face_both_ways_and_no_trade_is_empty_or_named_twice(deals: list[Deal]) -> None:
    lots, trades, _ = booked_fills(deals)
    assert len({each.quantity > 0 for each in lots}) <= 1
    assert all(each.quantity for each in lots)
    assert all(trade.quantity > 0 for trade in trades)
    assert len({trade.trade_id for trade in trades}) == len(trades)


# --- splits ------------------------------------------------------------------------------


def cost(lots: tuple[Lot, ...]) -> Decimal:
    return sum((each.quantity * each.price for each in lots), D(0))


def test_a_split_multiplies_shares_and_divides_prices() -> None:
    booked = book_split((lot("f0", "100", "50"), lot("f1", "50", "60")), split("2", "150", "300"))
    assert [(each.quantity, each.price) for each in booked.lots] == [(D(200), D(25)), (D(100), D(30))]
    assert booked.closures == ()


def test_a_short_is_split_too() -> None:
    (after,) = book_split((lot("f0", "-100", "50"),), split("2", "-100", "-200")).lots
    assert (after.quantity, after.price) == (D(-200), D(25))


def test_a_fraction_paid_out_comes_off_the_newest_lot_and_leaves_its_cost_behind() -> None:
    lots = (lot("f0", "3", "60"), lot("f1", "4", "60"))
    booked = book_split(lots, split("1.5", "7", "10"))  # 10.5, of which half a share is paid out
    assert [each.quantity for each in booked.lots] == [D("4.5"), D("5.5")]
    assert abs(cost(booked.lots) - cost(lots)) < D("1e-20")


def test_lots_too_small_to_survive_leave_cost_and_fee_to_the_one_before() -> None:
    lots = (lot("f0", "15", "1", fee="0.15"), lot("f1", "3", "2", fee="0.03"))
    booked = book_split(lots, split("0.1", "18", "1"))  # 1.8, of which 0.8 is paid out
    (after,) = booked.lots
    assert (after.lot_id, after.quantity, after.price, after.fee) == ("f0", D(1), D(21), D("0.18"))


def test_a_reverse_split_that_leaves_nothing_ends_the_round_trip_for_the_cash_event_to_pay() -> None:
    booked = book_split((lot("f0", "3", "2", fee="0.03"),), split("0.1", "3", "0"))
    assert booked.lots == ()
    (trade,) = booked.closures
    assert (trade.trade_id, trade.pnl, trade.fees) == ("f0/s1", D("-6.03"), D("0.03"))


def test_a_fraction_that_the_broker_rounds_up_goes_to_the_newest_lot() -> None:
    booked = book_split((lot("f0", "10", "1"), lot("f1", "5", "1")), split("0.1", "15", "2"))
    assert [(each.quantity, each.price) for each in booked.lots] == [(D(1), D(10)), (D(1), D(5))]


def test_thirds_add_up() -> None:
    lots = tuple(lot(f"f{place}", "1", "10") for place in range(3))
    third = D(1) / 3
    after = book_split(lots, replace(split("1", "3", "1"), ratio=third)).lots
    assert sum(each.quantity for each in after) == 1
    assert abs(cost(after) - 30) < D("1e-20")


def test_nothing_to_split_is_nothing() -> None:
    assert book_split((), split("2", "0", "0")).lots == ()


@given(
    holds=st.lists(
        st.tuples(st.integers(1, 300), st.integers(100, 50_000)),
        min_size=1,
        max_size=6,
    ),
    ratio=st.sampled_from(["2", "3", "1.5", "1.25", "7", "0.5", "0.1", "0.3333333333333333333333333333"]),
    short=st.booleans(),
)
def test_a_split_conserves_cost_and_fees_and_agrees_with_the_broker(
    holds: list[tuple[int, int]], ratio: str, short: bool
) -> None:
    sign = -1 if short else 1
    lots = tuple(
        lot(f"f{place}", str(shares * sign), str(D(cents) / 100), fee=str(place))
        for place, (shares, cents) in enumerate(holds)
    )
    before = sum(shares for shares, _ in holds)
    after = int((before * D(ratio)).quantize(D("1e-9"))) * sign
    booked = book_split(lots, split(ratio, str(before * sign), str(after)))
    assert sum(each.quantity for each in booked.lots) == after
    lost = sum((trade.quantity * trade.entry_price for trade in booked.closures), D(0)) * sign
    assert abs(cost(booked.lots) + lost - cost(lots)) < D("1e-18")
    fees = [each.fee for each in booked.lots] + [trade.fees for trade in booked.closures]
    assert sum(fees) == sum(each.fee for each in lots)
    assert all(each.quantity * sign > 0 for each in booked.lots)


@pytest.mark.parametrize("price", ["60.01", "33.33"])
def test_a_round_trip_over_an_uneven_split_has_no_dust_in_it(price: str) -> None:
    (held,) = book_split((lot("f0", "100", price, fee="0"),), split("1.5", "100", "150")).lots
    (trade,) = book_fill((held,), fill("f1", Side.SELL, "150", "45", fee=D(0)), "trend").closures
    assert trade.pnl == 150 * 45 - 100 * D(price)


# --- what the broker averages ------------------------------------------------------------


def test_a_sale_leaves_the_average_that_brokers_show() -> None:
    lots = (lot("f0", "10", "100"), lot("f1", "10", "200"))
    assert shown_average(lots) == 150
    after = book_fill(lots, fill("f2", Side.SELL, "10", "180"), "trend").lots
    assert [(each.price, each.shown_price) for each in after] == [(D(200), D(150))]
    assert shown_average(after) == 150
    more = book_fill(after, fill("f3", Side.BUY, "10", "250"), "trend").lots
    assert shown_average(more) == 200


def test_a_turned_position_is_averaged_anew() -> None:
    after = book_fill((lot("f0", "10", "100"),), fill("f1", Side.SELL, "15", "120"), "trend").lots
    assert [(each.quantity, each.price, each.shown_price) for each in after] == [(D(-5), D(120), None)]


def test_a_fraction_paid_out_leaves_its_cost_with_us_and_not_in_the_average() -> None:
    (after,) = book_split((lot("f0", "5", "30"),), split("1.5", "5", "7")).lots
    assert after.price == D(150) / 7
    assert shown_average((after,)) == 20


@given(DEALS)
def test_the_average_is_that_of_a_running_position(deals: list[Deal]) -> None:
    quantity, average = D(0), D(0)
    lots: tuple[Lot, ...] = ()
    for place, deal in enumerate(deals):
        lots = book_fill(lots, fill(f"f{place}", deal.side, str(deal.shares), str(deal.price)), "trend").lots
        change = deal.shares * deal.side.sign
        if quantity * change >= 0:
            average = (quantity * average + change * deal.price) / (quantity + change)
        elif quantity * (quantity + change) <= 0:
            average = deal.price
        quantity += change
        if lots:
            assert abs(shown_average(lots) - average) < D("1e-12")


# --- adjustments -------------------------------------------------------------------------


def adjustment(quantity: str, price: str = "55") -> Adjustment:
    return Adjustment("a1", "AAPL", D(quantity), D(price), D(0), "found", NOW, TODAY)


def test_shares_that_were_not_known_become_a_lot_at_the_brokers_price() -> None:
    booked = book_adjustment((lot("f0", "10"),), adjustment("5"), FOREIGN)
    assert booked.closures == ()
    assert [(each.lot_id, each.quantity, each.strategy, each.price) for each in booked.lots] == [
        ("f0", D(10), "trend", D(50)),
        ("a1", D(5), FOREIGN, D(55)),
    ]
    assert shown_average(booked.lots) == 55


def test_shares_that_are_gone_come_off_the_newest_lots_and_end_no_round_trip() -> None:
    lots = (lot("f0", "10"), lot("f1", "10", fee="0.30"), lot("f2", "10"))
    booked = book_adjustment(lots, adjustment("-13"), FOREIGN)
    assert booked.closures == ()
    assert [(each.lot_id, each.quantity, each.fee) for each in booked.lots] == [
        ("f0", D(10), D("1.00")),
        ("f1", D(7), D("0.21")),
    ]


def test_a_position_that_faces_the_other_way_is_foreign() -> None:
    booked = book_adjustment((lot("f0", "10"),), adjustment("-15"), FOREIGN)
    assert [(each.quantity, each.strategy) for each in booked.lots] == [(D(-5), FOREIGN)]


def test_an_average_price_alone_can_be_accepted() -> None:
    booked = book_adjustment((lot("f0", "10"), lot("f1", "10", "60")), adjustment("0"), FOREIGN)
    assert [each.price for each in booked.lots] == [D(50), D(60)]
    assert shown_average(booked.lots) == 55


@given(st.lists(st.integers(-50, 50).filter(bool), max_size=6), st.integers(-200, 200))
def test_after_an_adjustment_there_are_as_many_shares_as_it_says(held: list[int], change: int) -> None:
    lots: tuple[Lot, ...] = ()
    for place, shares in enumerate(held):
        side = Side.BUY if shares > 0 else Side.SELL
        lots = book_fill(lots, fill(f"f{place}", side, str(abs(shares))), "trend").lots
    after = book_adjustment(lots, adjustment(str(change)), FOREIGN).lots
    assert sum(each.quantity for each in after) == sum(held) + change
    assert len({each.quantity > 0 for each in after}) <= 1

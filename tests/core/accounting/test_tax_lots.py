from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.accounting.tax_builders import adjustment, at, cash_in_lieu, reorganisation, split, trade
from tests.core.builders import D
from tradebot.core.accounting.tax_lots import TaxActivity, is_long_term, tax_lots
from tradebot.core.model.account import ActionKind
from tradebot.core.model.values import to_cents

MAY = date(2008, 5, 1)


def day(number: int) -> date:
    return MAY + timedelta(days=number)


def rows(*activities: TaxActivity) -> list[tuple[Decimal, date | None, date, Decimal, Decimal]]:
    """Quantity, acquired, sold, opening amount and closing amount of each disposal."""
    lots = tax_lots(activities)
    return [(each.lot.quantity, each.lot.acquired, each.sold, each.lot.amount, each.amount) for each in lots.disposals]


def open_lots(*activities: TaxActivity) -> list[tuple[str, Decimal, Decimal]]:
    return [(each.lot.symbol, each.lot.quantity, each.lot.amount) for each in tax_lots(activities).open_lots]


def test_the_oldest_shares_are_sold_first_whoever_bought_them() -> None:
    sold = rows(trade(day(0), 100, "10", "1"), trade(day(1), 100, "20", "1"), trade(day(2), -150, "30", "1.50"))
    assert sold == [
        (D(100), day(0), day(2), D("1001.00"), D("2999.00")),
        (D(50), day(1), day(2), D("1000.50"), D("1499.50")),
    ]


def test_a_sale_beyond_what_is_held_opens_a_short_that_its_covering_ends() -> None:
    activities = (trade(day(0), 10, "10"), trade(day(1), -30, "12", "0.30"), trade(day(5), 20, "11", "0.20"))
    assert rows(*activities) == [
        (D(10), day(0), day(1), D("100.00"), D("119.90")),
        (D(-20), day(1), day(5), D("239.80"), D("220.20")),
    ]
    assert open_lots(*activities) == []


def test_fills_that_were_told_late_count_by_their_time() -> None:
    sold = rows(trade(day(1), 10, "20"), trade(day(3), -10, "30"), trade(day(0), 10, "10"))
    assert sold == [(D(10), day(0), day(3), D("100.00"), D("300.00"))]


def test_a_split_leaves_cost_and_date() -> None:
    sold = rows(trade(day(0), 100, "10", "1"), split(day(5), "2", "100", "200"), trade(day(6), -100, "6"))
    assert sold == [(D(100), day(0), day(6), D("500.50"), D("600.00"))]


def test_the_fraction_of_a_reverse_split_is_sold_for_the_cash_that_it_brings() -> None:
    bought, reverse = trade(day(0), 25, "4"), split(day(5), "0.1", "25", "2")
    assert rows(bought, reverse, cash_in_lieu(day(6), "21.00")) == [(D("0.5"), day(0), day(6), D("20.00"), D("21.00"))]
    assert open_lots(bought, reverse, cash_in_lieu(day(6), "21.00")) == [("AAPL", D(2), D("80.00"))]


def test_a_fraction_without_a_payment_is_told_and_no_row() -> None:
    lots = tax_lots([trade(day(0), 25, "4"), split(day(5), "0.1", "25", "2")])
    assert lots.disposals == ()
    [(session, remark)] = lots.remarks
    assert session == day(5)
    assert "0.5 shares of AAPL were left over" in remark


def test_a_payment_of_another_year_is_for_other_shares() -> None:
    split_then = (trade(day(0), 25, "4"), split(day(5), "0.1", "25", "2"))
    lots = tax_lots([*split_then, cash_in_lieu(day(400), "21.00")])
    assert [each.lot.quantity for each in lots.disposals] == [D(0)]
    assert len(lots.remarks) == 1


def test_a_fraction_that_is_rounded_up_costs_nothing() -> None:
    assert open_lots(trade(day(0), 25, "4"), split(day(5), "0.1", "25", "3")) == [("AAPL", D(3), D("100.00"))]


def test_cash_in_lieu_of_unknown_shares_is_a_row_without_cost() -> None:
    [disposal] = tax_lots([cash_in_lieu(day(3), "7.00")]).disposals
    assert (disposal.lot.quantity, disposal.lot.amount, disposal.amount) == (D(0), D(0), D("7.00"))
    assert disposal.lot.acquired is None


def test_another_name_changes_nothing() -> None:
    renamed = reorganisation(day(5), ActionKind.NAME_CHANGE, "NEWN", "1", "10", "10")
    activities = trade(day(0), 10, "10"), renamed, trade(day(6), -10, "9", symbol="NEWN")
    [disposal] = tax_lots(activities).disposals
    assert (disposal.lot.symbol, disposal.lot.acquired, disposal.lot.is_bought) == ("NEWN", day(0), True)


def test_a_merger_for_stock_keeps_cost_and_date() -> None:
    merged = reorganisation(day(5), ActionKind.STOCK_MERGER, "ACQR", "0.5", "10", "5")
    assert rows(trade(day(0), 10, "10"), merged, trade(day(6), -5, "30", symbol="ACQR")) == [
        (D(5), day(0), day(6), D("100.00"), D("150.00"))
    ]


def test_a_spin_off_has_the_brokers_price_and_its_parents_date() -> None:
    spun = reorganisation(day(5), ActionKind.SPIN_OFF, "SPIN", "0.5", "10", "5", price="3")
    activities = (trade(day(0), 10, "10"), spun, trade(day(6), -5, "4", symbol="SPIN"), trade(day(7), -10, "9"))
    assert rows(*activities) == [
        (D(5), day(0), day(6), D("15.00"), D("20.00")),
        (D(10), day(0), day(7), D("100.00"), D("90.00")),
    ]
    assert any("Form 8937" in text for _, text in tax_lots(activities).remarks)


def test_a_merger_for_cash_is_a_sale_for_what_was_paid() -> None:
    ended = reorganisation(day(5), ActionKind.CASH_MERGER, None, "0", "10", "0", cash="12.5")
    activities = trade(day(0), 10, "10"), ended, cash_in_lieu(day(7), "125.00")
    assert rows(*activities) == [(D(10), day(0), day(5), D("100.00"), D("125.00"))]


def test_shares_sold_under_the_new_name_before_the_change_was_booked_are_those_of_the_old() -> None:
    renamed = reorganisation(day(5), ActionKind.NAME_CHANGE, "NEWN", "1", "10", "10")
    activities = trade(day(0), 10, "10"), trade(day(4), -10, "9", symbol="NEWN"), renamed
    assert rows(*activities) == [(D(10), day(0), day(4), D("100.00"), D("90.00"))]
    assert open_lots(*activities) == []


def test_what_the_account_had_at_the_opening_has_no_date_and_the_brokers_cost() -> None:
    opening = adjustment(day(0), "10", "8", "OPENING-AAPL")
    [disposal] = tax_lots([opening, trade(day(3), -10, "9")]).disposals
    assert (disposal.lot.acquired, disposal.lot.known_since, disposal.lot.amount) == (None, day(0), D("80.00"))
    assert "before these records begin" in disposal.lot.note


def test_shares_that_a_correction_takes_away_are_told_and_not_sold() -> None:
    lots = tax_lots([trade(day(0), 10, "8"), adjustment(day(1), "-4", "8")])
    assert lots.disposals == ()
    assert [each.lot.quantity for each in lots.open_lots] == [6]
    assert "4 shares of AAPL left the account by a correction (counted again)" in lots.remarks[0][1]


def test_an_adoption_is_no_event_for_taxes() -> None:
    pair = adjustment(day(1), "-10", "8"), adjustment(day(1), "10", "8")
    assert rows(trade(day(0), 10, "8"), *pair, trade(day(2), -10, "9")) == [
        (D(10), day(0), day(2), D("80.00"), D("90.00"))
    ]


@pytest.mark.parametrize(
    ("acquired", "sold", "is_long"),
    [
        (date(2007, 1, 10), date(2008, 1, 10), False),  # exactly one year
        (date(2007, 1, 10), date(2008, 1, 11), True),
        (date(2007, 2, 28), date(2008, 2, 29), False),  # the last day of the month, Rev. Rul. 66-7
        (date(2007, 2, 28), date(2008, 3, 1), True),
        (date(2008, 2, 28), date(2009, 2, 28), False),
        (date(2008, 2, 28), date(2009, 3, 1), True),
        (date(2008, 2, 29), date(2009, 2, 28), False),
        (date(2008, 2, 29), date(2009, 3, 1), True),
        (date(2007, 12, 31), date(2008, 12, 31), False),
        (date(2007, 12, 31), date(2009, 1, 1), True),
    ],
)
def test_more_than_one_year_begins_on_the_day_after_the_purchase(acquired: date, sold: date, is_long: bool) -> None:
    assert is_long_term(acquired, sold) is is_long


RATIOS = ["2", "3", "0.5", "0.1"]
shares = st.integers(-60, 60).filter(bool)
cents = st.integers(1, 30_000).map(lambda number: str(D(number) / 100))
fees = st.integers(0, 300).map(lambda number: str(D(number) / 100))


@given(st.lists(st.tuples(shares, cents, fees), min_size=1, max_size=12))
def test_from_flat_to_flat_the_gains_are_the_cash(trades: list[tuple[int, str, str]]) -> None:
    fills = [trade(day(number), quantity, price, fee) for number, (quantity, price, fee) in enumerate(trades)]
    if held := sum(quantity for quantity, _, _ in trades):
        fills.append(trade(day(len(fills)), -held, "10", "1"))
    lots = tax_lots(fills)
    assert lots.open_lots == ()
    gains = sum((each.amount - each.lot.amount) * (1 if each.lot.quantity > 0 else -1) for each in lots.disposals)
    assert gains == sum(to_cents(-each.side.sign * each.quantity * each.price - each.fee) for each in fills)


@given(st.lists(st.tuples(st.integers(1, 60), cents), min_size=1, max_size=6), st.sampled_from(RATIOS))
def test_a_split_keeps_every_cent_of_cost(trades: list[tuple[int, str]], ratio: str) -> None:
    bought = [trade(day(number), quantity, price) for number, (quantity, price) in enumerate(trades)]
    before = sum(quantity for quantity, _ in trades)
    after = D(int(before * D(ratio)))
    event = split(day(30), ratio, str(before), str(after))
    paid: Iterable[TaxActivity] = [cash_in_lieu(day(31), "1.00")] if after != before * D(ratio) else []
    lots = tax_lots([*bought, event, *paid])
    assert sum(each.lot.quantity for each in lots.open_lots) == after
    pieces = [*(each.lot for each in lots.open_lots), *(each.lot for each in lots.disposals)]
    costs = sum(lot.amount for lot in pieces)
    assert costs == sum(to_cents(each.quantity * each.price) for each in bought)


def test_the_order_of_purchases_is_by_time_of_day() -> None:
    early, late = trade(day(0), 10, "10", minute=1), trade(day(0), 10, "20", minute=2)
    lots = tax_lots([late, early])
    assert [each.lot.at for each in lots.open_lots] == [at(day(0), 1), at(day(0), 2)]

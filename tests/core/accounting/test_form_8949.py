from __future__ import annotations

from datetime import date
from decimal import Decimal

from tests.core.accounting.tax_builders import adjustment, at, cash_in_lieu, trade
from tests.core.builders import D
from tradebot.core.accounting.form_8949 import TaxYear, tax_year
from tradebot.core.accounting.tax_lots import TaxActivity
from tradebot.core.model.account import CashEvent, CashKind

LATE = date(2010, 6, 1)


def year_of(*activities: TaxActivity, year: int = 2008, seen_until: date | None = LATE) -> TaxYear:
    return tax_year(activities, year, seen_until)


def test_a_row_has_the_columns_of_the_form() -> None:
    bought, sold = trade(date(2008, 1, 3), 100, "10", "1"), trade(date(2008, 3, 4), -100, "12", "1")
    [row] = year_of(bought, sold).rows
    assert (row.description, row.date_acquired, row.date_sold) == ("100 sh. AAPL", "01/03/2008", "03/04/2008")
    assert (row.proceeds, row.cost_basis, row.gain_or_loss) == (D("1199.00"), D("1001.00"), D("198.00"))
    assert (row.code, row.adjustment, row.term, row.note) == ("", D(0), "short", "")


def test_a_loss_of_december_is_a_candidate_by_a_purchase_of_january() -> None:
    activities = (
        trade(date(2008, 11, 3), 100, "10"),
        trade(date(2008, 12, 30), -100, "9"),
        trade(date(2009, 1, 29), 100, "9"),
        trade(date(2009, 6, 1), -100, "10"),
    )
    [row] = year_of(*activities).rows
    assert (row.code, row.adjustment, row.gain_or_loss) == ("W", D("100.00"), D("0.00"))
    assert row.note == "wash sale candidate: replacement bought on 01/29/2009"
    [next_year] = year_of(*activities, year=2009).rows
    assert (next_year.cost_basis, next_year.gain_or_loss) == (D("1000.00"), D("0.00"))
    assert next_year.note == (
        "cost includes 100.00 of disallowed losses on shares that these replace; the holding period includes theirs"
    )


def test_a_loss_of_january_is_a_candidate_by_a_purchase_of_december() -> None:
    activities = (
        trade(date(2008, 6, 2), 100, "10"),
        trade(date(2008, 12, 15), 100, "9"),
        trade(date(2009, 1, 5), -100, "9"),
    )
    year = year_of(*activities, year=2009)
    assert [row.code for row in year.rows] == ["W"]
    assert year.carried == D("100.00")


def test_shares_of_one_lot_that_were_sold_at_once_are_one_row_for_each_term() -> None:
    activities = (
        trade(date(2007, 2, 1), 10, "10"),
        trade(date(2007, 12, 3), -10, "9"),  # 10 lost on shares that were held for 305 days
        trade(date(2007, 12, 4), 30, "9"),  # of which 10 replace them
        trade(date(2008, 2, 27), -30, "8"),
    )
    short, long = sorted(year_of(*activities).rows, key=lambda row: row.term, reverse=True)
    assert (short.description, short.cost_basis, short.term) == ("20 sh. AAPL", D("180.00"), "short")
    assert (long.description, long.cost_basis, long.term) == ("10 sh. AAPL", D("100.00"), "long")
    [together] = year_of(*activities[:3], trade(date(2008, 1, 4), -30, "8")).rows
    assert (together.description, together.cost_basis, together.gain_or_loss) == (
        "30 sh. AAPL",
        D("280.00"),
        D("-40.00"),
    )


def test_a_year_is_final_thirty_days_after_its_end() -> None:
    assert year_of().window_ends == date(2009, 1, 30)
    assert not year_of(seen_until=date(2009, 1, 29)).is_final
    assert not year_of(seen_until=None).is_final
    assert year_of(seen_until=date(2009, 1, 30)).is_final


def test_an_unknown_date_is_various_and_long_once_a_year_has_passed() -> None:
    opening = adjustment(date(2008, 1, 3), "20", "8", "OPENING-AAPL")
    soon, later = trade(date(2008, 6, 2), -10, "9"), trade(date(2009, 6, 2), -10, "9")
    [row] = year_of(opening, soon, later).rows
    assert (row.date_acquired, row.term, row.cost_basis) == ("VARIOUS", "unknown", D("80.00"))
    assert "date unknown, cost by the broker's average price" in row.note
    [row] = year_of(opening, soon, later, year=2009).rows
    assert (row.date_acquired, row.term) == ("VARIOUS", "long")


def test_a_cost_that_the_broker_did_not_give_is_said_to_be_unknown() -> None:
    [row] = year_of(adjustment(date(2008, 1, 3), "10", "0"), trade(date(2008, 6, 2), -10, "9")).rows
    assert row.cost_basis == 0
    assert "cost unknown, 0.00 stands for it" in row.note


def test_a_short_is_reported_when_it_is_covered() -> None:
    [row] = year_of(trade(date(2007, 12, 3), -10, "9"), trade(date(2008, 1, 4), 10, "8")).rows
    assert (row.description, row.date_acquired, row.date_sold) == (
        "10 sh. AAPL short sale",
        "01/04/2008",
        "01/04/2008",
    )
    assert (row.term, row.gain_or_loss, row.note) == ("short", D("10.00"), "sold short on 12/03/2007")


def test_cash_for_unknown_shares_is_a_row_that_says_so() -> None:
    [row] = year_of(cash_in_lieu(date(2008, 2, 1), "7.00")).rows
    assert (row.description, row.date_acquired, row.proceeds) == ("cash in lieu, AAPL", "VARIOUS", D("7.00"))
    assert row.term == "unknown"


def test_totals_are_by_term_and_fees_of_their_own_are_told() -> None:
    fee_day = date(2008, 5, 5)
    activities = (
        trade(date(2006, 1, 3), 10, "10"),
        trade(date(2008, 1, 3), 10, "10"),
        trade(date(2008, 6, 2), -20, "12"),
        CashEvent("fee", CashKind.FEE, D("-0.35"), at(fee_day), fee_day),
    )
    year = year_of(*activities)
    assert [(each.term, each.rows, each.gain_or_loss) for each in year.by_term] == [
        ("short", 1, D("20.00")),
        ("long", 1, D("20.00")),
    ]
    assert year.fees == D("0.35")
    assert sum((row.proceeds for row in year.rows), Decimal(0)) == D("240.00")

"""The bridge between two moments of an account, by hand: each term counts once, and a cent too much is left over."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.core.builders import NOW, D
from tradebot.core.accounting.bridge import Booked, Bridge, Holdings, Moment, Movements, bridge
from tradebot.core.model.account import CashKind

#: 10 ACME were bought at 50 before; 4 of them are sold at 55 and 5 BOLT bought at 20, for a fee of 1.50 each.
BEFORE = Holdings(cash=D(9500), shares={"ACME": D(10)}, cost=D(500))
AFTER = Holdings(cash=D("10612.50"), shares={"ACME": D(6), "BOLT": D(5)}, cost=D(400))
MOVED = Movements(
    shares={"ACME": D(-4), "BOLT": D(5)},
    bought=D(100 - 220),
    fill_fees=D(3),
    closed_by_prices=D(20),
    closed_by_pnl=D(20),
    cash={
        CashKind.DEPOSIT: D(1000),
        CashKind.WITHDRAWAL: D(-10),
        CashKind.DIVIDEND: D("6.25"),
        CashKind.INTEREST: D("-0.25"),
        CashKind.FEE: D("-0.50"),
    },
)
START = Moment(NOW, D(10_010), {"ACME": D(51)}, is_close=True)
END = Moment(NOW + timedelta(days=1), D("11061.00"), {"ACME": D("56.5"), "BOLT": D("21.9")}, is_close=True)


def crossed(
    start: Moment = START,
    end: Moment = END,
    before: Holdings = BEFORE,
    after: Holdings = AFTER,
    moved: Movements = MOVED,
) -> Bridge:
    return bridge(start, end, Booked(before, after, moved))


def total(of: Bridge) -> object:
    earned = of.realised + of.unrealised + of.dividends + of.interest - of.fees
    return of.opening_equity + earned + of.paid_in - of.paid_out + of.corrections + of.not_explained


def test_each_term_by_hand() -> None:
    found = crossed()
    assert (found.realised, found.unrealised) == (D(20), D("38.50"))
    assert (found.dividends, found.interest, found.fees) == (D("6.25"), D("-0.25"), D("3.50"))
    assert (found.paid_in, found.paid_out, found.corrections) == (D(1000), D(10), D(0))
    assert (found.not_explained, found.notes) == (D(0), ())
    assert total(found) == found.closing_equity
    assert sum(found.terms.values()) == found.change


CENT = D("0.01")


@pytest.mark.parametrize(
    "moved",
    [
        replace(MOVED, shares={**MOVED.shares, "ACME": MOVED.shares["ACME"] + CENT / D("56.5")}),
        replace(MOVED, bought=MOVED.bought + CENT),
        replace(MOVED, fill_fees=MOVED.fill_fees + CENT),
        replace(MOVED, closed_by_prices=MOVED.closed_by_prices + CENT),
        replace(MOVED, closed_by_pnl=MOVED.closed_by_pnl + CENT),
        replace(MOVED, paid_for_ended=CENT),
        replace(MOVED, spun_off=CENT),
        replace(MOVED, added=CENT),
        replace(MOVED, corrected_cash=CENT),
        *(replace(MOVED, cash={**MOVED.cash, kind: MOVED.cash.get(kind, D(0)) + CENT}) for kind in CashKind),
    ],
)
def test_a_cent_in_any_sum_is_not_explained(moved: Movements) -> None:
    found = crossed(moved=moved)
    assert abs(found.not_explained) == CENT
    assert total(found) == found.closing_equity


def test_a_cent_in_either_equity_or_in_the_cost_is_not_explained() -> None:
    assert crossed(end=replace(END, equity=END.equity + CENT)).not_explained == CENT
    assert crossed(start=replace(START, equity=START.equity - CENT)).not_explained == CENT
    assert abs(crossed(after=replace(AFTER, cost=AFTER.cost + CENT)).not_explained) == CENT


def test_what_is_not_explained_says_what_to_do() -> None:
    (note,) = crossed(replace(START, equity=START.equity - CENT)).notes
    assert "`tradebot reconcile` books it" in note


def test_fractions_of_a_cent_are_explained() -> None:
    """The broker rounds the equity to the cent: 0.0049 more in prices changes none."""
    prices = {"ACME": D("56.5008"), "BOLT": D("21.9")}
    assert crossed(end=replace(END, prices=prices)).not_explained == 0


def test_what_a_busted_fill_was_worth_is_a_correction() -> None:
    found = crossed(start=replace(START, equity=START.equity + 7), before=replace(BEFORE, busted=D(7)))
    assert (found.corrections, found.not_explained) == (D(-7), D(0))


def test_shares_without_a_price_are_told() -> None:
    found = crossed(end=replace(END, prices={"ACME": D("56.5")}))
    assert found.not_explained != 0
    assert found.notes == ("no price at the end for BOLT: what it was worth is left out",)


def test_shares_that_no_row_brought_are_not_explained_at_the_price_of_a_fill_where_there_is_no_other() -> None:
    """ACME is sold whole before the end: neither end has its price, and the mean of its fills stands for it."""
    gone = replace(AFTER, shares={"BOLT": D(5)}, cost=D(200), fill_prices={"ACME": D(55)})
    start, end = replace(START, prices={}), replace(END, prices={"BOLT": D("21.9")})
    honest, other = (
        crossed(start, end, after=gone, moved=replace(MOVED, shares={"ACME": D(sold), "BOLT": D(5)}))
        for sold in (-10, -9)
    )
    assert abs(honest.not_explained - other.not_explained) == D(55)


def test_a_fill_stands_for_a_price_and_the_note_says_so() -> None:
    """A busted sale: the shares were not at the broker, which told no price of them."""
    end = replace(END, prices={"ACME": D("56.5")})
    found = crossed(end=end, after=replace(AFTER, fill_prices={"BOLT": D("21.9")}))
    assert found.not_explained == 0
    assert found.notes == ("no price at the end for BOLT: the mean price of its fills stands for it",)

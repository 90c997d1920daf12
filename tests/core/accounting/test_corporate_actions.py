"""What explains a difference between the ledger and the broker, and what does not."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tests.core.builders import NOW, TODAY, YESTERDAY, D, cash, fill, lot, reorganisation, split
from tradebot.core.accounting.corporate_actions import Evidence, found_by_evidence, has_other_asset, is_told_again
from tradebot.core.model.account import (
    ActionKind,
    Activity,
    CashEvent,
    CashKind,
    CorporateAction,
    Fill,
    Position,
    Reorganisation,
    SplitEvent,
)
from tradebot.core.model.exchange_time import start_of_day
from tradebot.core.model.holdings import Lot
from tradebot.core.model.ledger_rows import BookedActivity, SymbolHistory
from tradebot.core.model.orders import Side
from tradebot.core.model.values import tick_size

LOT = lot("f0", "100", "50")


def shown(symbol: str, quantity: str, price: str = "50", asset_id: str | None = None) -> Position:
    return Position(symbol, D(quantity), average_price=D(price), market_price=D(price), asset_id=asset_id)


def announced(kind: ActionKind, value: str = "1", new: str | None = None, **more: Any) -> CorporateAction:
    return replace(CorporateAction("AAPL", TODAY, kind, D(value), new), **more)


def found(*positions: Position, actions: tuple[CorporateAction, ...] = (), **more: Any) -> tuple[Activity, ...]:
    usual = Evidence((LOT,), positions, actions, {}, (), (), D(0), NOW, TODAY)
    return found_by_evidence(replace(usual, **more))


# --- splits --------------------------------------------------------------------------------


def test_a_split_is_found_where_shares_and_average_price_moved_by_its_ratio() -> None:
    (event,) = found(shown("AAPL", "200", "25"), actions=(announced(ActionKind.SPLIT, "2"),))
    assert event == SplitEvent(
        "evidence:split:AAPL:2007-01-04", "AAPL", D(2), D(100), D(200), NOW, TODAY, start_of_day(TODAY)
    )


@pytest.mark.parametrize(
    ("quantity", "price"),
    [
        ("50", "50"),  # a person sold half
        ("51", "100"),  # not to the share
        ("100", "50"),  # nothing happened yet
        ("100", "100"),
    ],
)
def test_what_only_looks_like_a_reverse_split_is_none(quantity: str, price: str) -> None:
    assert found(shown("AAPL", quantity, price), actions=(announced(ActionKind.SPLIT, "0.5"),)) == ()


def test_the_fraction_of_a_share_may_be_paid_in_cash() -> None:
    (event,) = found(shown("AAPL", "33", "150"), actions=(announced(ActionKind.SPLIT, str(Decimal(1) / 3)),))
    assert isinstance(event, SplitEvent) and event.quantity_after == 33


def test_a_split_that_is_booked_is_not_found_again() -> None:
    action = announced(ActionKind.SPLIT, "2")
    assert found(shown("AAPL", "200", "25"), actions=(action,), booked=(split("2", "100", "200"),)) == ()


def test_a_lot_of_the_ex_date_or_later_is_on_its_basis_already() -> None:
    assert found(shown("AAPL", "200", "25"), actions=(announced(ActionKind.SPLIT, "2", ex_date=YESTERDAY),)) == ()


@given(
    quantity=st.integers(1, 100_000),
    cents=st.integers(100, 1_000_000),
    terms=st.tuples(st.integers(1, 50), st.integers(1, 50)),
)
def test_every_split_is_followed_to_the_share(quantity: int, cents: int, terms: tuple[int, int]) -> None:
    ratio = Decimal(terms[0]) / Decimal(terms[1])
    assume(abs(ratio - 1) >= D("0.02"))
    price, after = Decimal(cents) / 100, Decimal(int((quantity * ratio).quantize(D("1e-9"))))
    assume(after > 0 and after != quantity and price / ratio >= D("0.05"))
    average = (price / ratio).quantize(tick_size(price / ratio))
    assume(abs(average - price) > abs(average - price / ratio))
    (event,) = found(
        replace(shown("AAPL", str(after)), average_price=average),
        actions=(announced(ActionKind.SPLIT, str(ratio)),),
        lots=(lot("f0", str(quantity), str(price)),),
    )
    assert isinstance(event, SplitEvent)
    assert event.quantity_before == quantity and event.quantity_after == after


@given(quantity=st.integers(2, 100_000), sold=st.integers(1, 99_999), cents=st.integers(100, 1_000_000))
def test_no_sale_is_taken_for_a_split(quantity: int, sold: int, cents: int) -> None:
    assume(sold < quantity)
    left, price = quantity - sold, str(Decimal(cents) / 100)
    ratio = str(Decimal(left) / Decimal(quantity))
    assume(Decimal(ratio) < D("0.98"))
    actions = (announced(ActionKind.SPLIT, ratio),)
    assert found(shown("AAPL", str(left), price), actions=actions, lots=(lot("f0", str(quantity), price),)) == ()


# --- fills since ---------------------------------------------------------------------------

BOUGHT = fill("f0", at=NOW - timedelta(days=1), session=YESTERDAY)
SPLIT = (announced(ActionKind.SPLIT, "2"),)


def after_fills(*fills: Fill, lots: tuple[Lot, ...] = ()) -> dict[str, Any]:
    """What the ledger holds after a purchase yesterday of 100 AAPL at 50, and these fills today."""
    booked: dict[str, SymbolHistory] = {"AAPL": SymbolHistory((BookedActivity(BOUGHT, "trend"),))}
    for each in fills:
        past = booked.get(each.symbol, SymbolHistory())
        booked[each.symbol] = SymbolHistory((*past.activities, BookedActivity(each, "trend")))
    return {"lots": lots, "histories": booked, "closes": {"AAPL": D(25)}}


def sold(quantity: str, price: str, symbol: str = "AAPL") -> Fill:
    return fill("f1", Side.SELL, quantity, price, symbol=symbol)


def test_a_split_is_found_after_a_stop_has_sold_all_that_it_made() -> None:
    oversold = lot("f1", "-100", "24")
    (event,) = found(actions=SPLIT, **after_fills(sold("200", "24"), lots=(oversold,)))
    assert isinstance(event, SplitEvent)
    assert (event.quantity_before, event.quantity_after) == (D(100), D(200))
    assert event.effective_at == start_of_day(TODAY)


def test_a_split_is_found_after_a_sale_of_as_many_shares_as_the_ledger_knew() -> None:
    (event,) = found(shown("AAPL", "100", "25"), actions=SPLIT, **after_fills(sold("100", "26")))
    assert isinstance(event, SplitEvent) and event.quantity_after == 200


@pytest.mark.parametrize(
    ("position", "price"),
    [
        (None, "49"),  # sold at the old price
        (shown("AAPL", "1", "25"), "24"),  # one share too many
        (shown("AAPL", "-100", "24"), "24"),  # the ledger is right: there was no split
    ],
)
def test_fills_that_do_not_come_from_a_split_find_none(position: Position | None, price: str) -> None:
    positions = () if position is None else (position,)
    assert found(*positions, actions=SPLIT, **after_fills(sold("200", price), lots=(lot("f1", "-100", price),))) == ()


def test_a_person_who_sells_half_twice_is_no_reverse_split() -> None:
    """One sale is told, the other is not: 100 * 1/2 - 50 is what the broker shows, and the price is the old one."""
    half = (announced(ActionKind.SPLIT, "0.5"),)
    left = (lot("f0", "50", "50"),)
    assert found(actions=half, **after_fills(sold("50", "50"), lots=left) | {"closes": {"AAPL": D(100)}}) == ()


def test_without_a_close_nothing_that_is_gone_is_taken_for_split() -> None:
    gone = after_fills(sold("200", "24"), lots=(lot("f1", "-100", "24"),)) | {"closes": {}}
    assert found(actions=SPLIT, **gone) == ()


def test_a_change_of_name_takes_effect_between_the_fills_of_both_names() -> None:
    actions = (announced(ActionKind.NAME_CHANGE, new="NEWN"),)
    early = replace(sold("40", "52", "NEWN"), at=NOW - timedelta(hours=12))
    lots = (LOT, lot("f1", "-40", "52", symbol="NEWN"))
    (event,) = found(shown("NEWN", "60"), actions=actions, **after_fills(early, lots=lots))
    assert isinstance(event, Reorganisation)
    assert (event.quantity_after, event.effective_at) == (D(100), early.at)
    late = fill("f2", at=NOW - timedelta(minutes=5))
    more = after_fills(late, lots=(LOT, lot("f2")))
    (event,) = found(shown("NEWN", "200"), actions=actions, **more)
    assert isinstance(event, Reorganisation) and event.effective_at is not None
    assert late.at < event.effective_at < NOW


def test_a_name_that_nothing_announces_takes_effect_before_the_first_fill_under_it() -> None:
    early = replace(sold("40", "52", "NEWN"), at=NOW - timedelta(hours=12))
    booked = after_fills(early, lots=(LOT, lot("f1", "-40", "52", symbol="NEWN")))
    (event,) = found(shown("NEWN", "60", asset_id="a-1"), asset_ids={"AAPL": "a-1"}, **booked)
    assert isinstance(event, Reorganisation)
    assert (event.quantity_before, event.effective_at) == (D(100), early.at)


def test_a_spin_off_counts_the_shares_that_its_parent_had_on_its_day() -> None:
    actions = (announced(ActionKind.SPIN_OFF, "0.1", "SPUN"),)
    booked = after_fills(sold("40", "45"), lots=(lot("f0", "60"),))
    (event,) = found(shown("AAPL", "60"), shown("SPUN", "10", "20"), actions=actions, **booked)
    assert isinstance(event, Reorganisation)
    assert (event.quantity_before, event.quantity_after, event.effective_at) == (D(100), D(10), start_of_day(TODAY))


# --- names ---------------------------------------------------------------------------------


def test_an_announced_name_is_followed() -> None:
    (event,) = found(shown("NEWN", "100"), actions=(announced(ActionKind.NAME_CHANGE, new="NEWN"),))
    assert isinstance(event, Reorganisation)
    assert (event.symbol, event.new_symbol, event.quantity_before, event.quantity_after) == (
        "AAPL",
        "NEWN",
        D(100),
        D(100),
    )


@pytest.mark.parametrize(
    "positions",
    [
        (shown("NEWN", "90"),),  # other shares
        (shown("NEWN", "100"), shown("AAPL", "100")),  # the old one is still there
        (shown("NEWN", "100", "51", asset_id="n-9"),),  # another asset at another cost
        (),
    ],
)
def test_what_only_looks_like_a_change_of_name_is_none(positions: tuple[Position, ...]) -> None:
    actions = (announced(ActionKind.NAME_CHANGE, new="NEWN"),)
    assert found(*positions, actions=actions, asset_ids={"AAPL": "a-1"}) == ()


def test_an_announced_name_with_a_new_id_is_followed_by_its_cost() -> None:
    actions = (announced(ActionKind.NAME_CHANGE, new="NEWN"),)
    assert len(found(shown("NEWN", "100", asset_id="n-9"), actions=actions, asset_ids={"AAPL": "a-1"})) == 1


def test_the_id_of_the_asset_alone_is_enough() -> None:
    (event,) = found(shown("NEWN", "100", asset_id="a-1"), asset_ids={"AAPL": "a-1"})
    assert isinstance(event, Reorganisation)
    assert (event.kind, event.new_symbol) == (ActionKind.NAME_CHANGE, "NEWN")


def test_the_old_symbol_may_be_another_companys_by_now() -> None:
    positions = shown("NEWN", "100", asset_id="a-1"), shown("AAPL", "7", asset_id="a-2")
    assert has_other_asset(positions[1], {"AAPL": "a-1"})
    assert len(found(*positions, asset_ids={"AAPL": "a-1"})) == 1


def test_shares_that_were_sold_under_the_new_name_already_count() -> None:
    actions = (announced(ActionKind.NAME_CHANGE, new="NEWN"),)
    lots = (LOT, lot("f1", "-40", "52", symbol="NEWN"))
    (event,) = found(shown("NEWN", "60"), actions=actions, lots=lots)
    assert isinstance(event, Reorganisation) and event.quantity_after == 100


# --- mergers -------------------------------------------------------------------------------


def test_a_merger_for_stock_makes_the_shares_of_its_terms() -> None:
    (event,) = found(shown("BUYR", "50", "100"), actions=(announced(ActionKind.STOCK_MERGER, "0.5", "BUYR"),))
    assert isinstance(event, Reorganisation)
    assert (event.kind, event.quantity_after, event.ratio) == (ActionKind.STOCK_MERGER, D(50), D("0.5"))


def test_the_cash_that_a_merger_for_stock_pays_besides_is_booked_where_the_broker_shows_it() -> None:
    action = announced(ActionKind.STOCK_MERGER, "0.5", "BUYR", cash=D("1.25"))
    _, paid = found(shown("BUYR", "50", "100"), actions=(action,), cash=D("125.00"))
    assert isinstance(paid, CashEvent)
    assert (paid.kind, paid.amount, paid.symbol) == (CashKind.CASH_IN_LIEU, D(125), "AAPL")


def test_a_spin_off_leaves_the_parent_where_it_is() -> None:
    actions = (announced(ActionKind.SPIN_OFF, "0.1", "SPUN"),)
    (event,) = found(shown("AAPL", "100"), shown("SPUN", "10", "20"), actions=actions)
    assert isinstance(event, Reorganisation)
    assert (event.kind, event.quantity_after, event.price) == (ActionKind.SPIN_OFF, D(10), D(20))
    assert found(shown("SPUN", "10", "20"), actions=actions) == ()


def test_a_merger_for_cash_ends_a_holding_once_its_price_is_there() -> None:
    actions = (announced(ActionKind.CASH_MERGER, "60"),)
    assert found(actions=actions) == ()
    ended, paid = found(actions=actions, cash=D(6000))
    assert isinstance(ended, Reorganisation) and isinstance(paid, CashEvent)
    assert (ended.new_symbol, ended.quantity_before, ended.quantity_after, ended.cash) == (None, D(100), D(0), D(60))
    assert paid.amount == 6000


def test_a_price_that_a_row_has_told_is_not_booked_again() -> None:
    actions, told = (announced(ActionKind.CASH_MERGER, "60"),), cash("6000", CashKind.CASH_IN_LIEU, "AAPL")
    (ended,) = found(actions=actions, payments=(told,))
    assert isinstance(ended, Reorganisation)


def test_a_worthless_delisting_needs_no_payment() -> None:
    (ended,) = found(actions=(announced(ActionKind.DELISTING, "0"),))
    assert isinstance(ended, Reorganisation) and ended.cash == 0


# --- rows that come later ------------------------------------------------------------------

EVIDENT = (
    replace(split("2", "100", "200"), event_id="evidence:split:AAPL:2007-01-04"),
    replace(reorganisation(ActionKind.NAME_CHANGE, "NEWN"), event_id="evidence:name_change:AAPL:2007-01-04"),
    replace(cash("6000", CashKind.CASH_IN_LIEU, "AAPL"), event_id="evidence:cash_merger:AAPL:2007-01-04:cash"),
)


@pytest.mark.parametrize(
    "told",
    [
        replace(split("2", "100", "200"), session=date(2007, 1, 9)),
        reorganisation(ActionKind.NAME_CHANGE, "NEWN"),
        cash("6000.01", CashKind.CASH_IN_LIEU),
    ],
)
def test_a_row_of_what_evidence_booked_is_told_again(told: Activity) -> None:
    assert is_told_again(told, EVIDENT)
    assert not is_told_again(told, [replace(each, event_id="X1") for each in EVIDENT])


@pytest.mark.parametrize(
    "told",
    [
        split("3", "200", "600"),
        replace(split("2", "100", "200"), session=date(2007, 3, 9)),
        split("2", "100", "200", "MSFT"),
        reorganisation(ActionKind.NAME_CHANGE, "NEWER"),
        cash("6000", CashKind.DEPOSIT),
        cash("5000", CashKind.CASH_IN_LIEU, "AAPL"),
        fill(),
    ],
)
def test_another_row_is_not(told: Activity) -> None:
    assert not is_told_again(told, EVIDENT)

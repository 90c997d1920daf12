from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tests.core.builders import NOW, TODAY, YESTERDAY, D, account, cash, fill, lot, position, quote
from tradebot.core.accounting.day_result import DayLook, DayRecords, ExplainedEquity, day_result, explain
from tradebot.core.model.account import CashEvent, CashKind, Fill
from tradebot.core.model.exchange_time import new_york_instant
from tradebot.core.model.orders import Side
from tradebot.core.model.values import ZERO

CLOSE = new_york_instant(YESTERDAY, time(16))
BASELINE, FIFTY = D(100_000), D(50)


@dataclass(frozen=True)
class Day:
    """100 shares of AAPL from the day before, which closed at 50, beside 95,000 USD of cash."""

    price: Decimal = FIFTY  # of AAPL now
    fills: tuple[Fill, ...] = ()  # of AAPL today
    income: tuple[CashEvent, ...] = ()
    flow: Decimal = ZERO  # paid in or out since the close
    booked: CashEvent | None = None  # the activity of the flow
    booked_late: bool = False  # after the session's first look
    told: bool = True  # whether the fills are booked

    @property
    def bought(self) -> Decimal:
        return sum((each.side.sign * each.quantity for each in self.fills), ZERO)

    @property
    def earned_cash(self) -> Decimal:
        paid = sum((each.side.sign * each.quantity * each.price + each.fee for each in self.fills), ZERO)
        return sum((each.amount for each in self.income), ZERO) - paid

    @property
    def result(self) -> Decimal:
        return (100 + self.bought) * self.price - 5000 + self.earned_cash

    def look(self) -> DayLook:
        held, there = 100 + self.bought, 95_000 + self.earned_cash + self.flow
        shown = account(str(there + held * self.price), cash=there, last_equity=BASELINE)
        at = position("AAPL", str(held), price=str(self.price), previous_close=D(50))
        quotes = {"AAPL": quote("AAPL", str(self.price), before="50")}
        return DayLook(shown, (at,) if held else (), quotes)

    def records(self) -> DayRecords:
        held = 100 + (self.bought if self.told else 0)
        booked = self.booked.amount if self.booked else ZERO
        explained = self.earned_cash if self.told else sum((each.amount for each in self.income), ZERO)
        return DayRecords(
            session=TODAY,
            previous_close=CLOSE,
            baseline=BASELINE,
            cash=95_000 + explained + booked,
            lots=(lot(quantity=str(held)),) if held else (),
            fills=self.fills if self.told else (),
            cash_events=(*self.income, *([self.booked] if self.booked else [])),
            flow_since_first_look=booked if self.booked_late else ZERO,
        )

    def explained(self) -> ExplainedEquity:
        return explain(self.look(), self.records())

    @property
    def booked_equity(self) -> Decimal:
        """The equity that the ledger explains."""
        records = self.records()
        assert records.cash is not None
        return records.cash + sum((each.quantity for each in records.lots), ZERO) * self.price

    @property
    def counted(self) -> Decimal:
        """The result that the day's loss is measured by."""
        explained = self.explained()
        return self.look().account.equity - explained.uncounted_today - explained.base


def moved(amount: Decimal, at: datetime = NOW, session: date = TODAY) -> CashEvent:
    kind = CashKind.DEPOSIT if amount > 0 else CashKind.WITHDRAWAL
    return CashEvent("flow", kind, amount, at, session)


NIGHT = CLOSE + timedelta(hours=5)  # 21:00 in New York
LAST_WEEK = TODAY - timedelta(days=6)
CENTS = st.integers(100, 20_000).map(lambda cents: D(cents) / 100)
FILLS = st.lists(st.tuples(st.sampled_from(Side), st.integers(1, 40), CENTS), max_size=4).map(
    lambda made: tuple(fill(f"f{n}", side, str(shares), str(at)) for n, (side, shares, at) in enumerate(made))
)
FLOWS = st.integers(-60_000, 500_000).map(D)


@st.composite
def days(draw: st.DrawFn) -> Day:
    """A day with any result, and money that moved at any hour, with its activity booked or not."""
    flow = draw(FLOWS)
    whens = st.sampled_from([(NOW, TODAY), (NIGHT, YESTERDAY), (NOW, LAST_WEEK), (CLOSE, YESTERDAY)])
    booked = draw(st.none() | whens.map(lambda when: moved(flow, *when))) if flow else None
    income = tuple(cash(str(amount)) for amount in draw(st.lists(st.integers(-50, 50), max_size=2)))
    late = draw(st.booleans())
    return Day(draw(CENTS), draw(FILLS), income, flow, booked, late)


@given(day=days())
def test_money_that_moves_at_any_hour_changes_no_result_while_the_shares_agree(day: Day) -> None:
    assert abs(day.counted - day.result) <= D("0.01")
    assert day.explained().uncounted == (0 if day.booked else day.flow)


@given(day=days())
def test_a_loss_counts_as_no_smaller_a_part_for_money_that_came_since_the_first_look(day: Day) -> None:
    alone = replace(day, flow=ZERO, booked=None)
    came_late = day.booked is None or (day.booked_late and day.flow < 50_000)
    if came_late:
        assert day.explained().base <= alone.explained().base


@given(day=days(), told=st.booleans())
def test_a_fill_that_is_not_told_hides_no_loss(day: Day, told: bool) -> None:
    untold = replace(day, told=told, flow=ZERO, booked=None)
    assume(told or untold.bought)  # shares that were bought and sold in one go leave nothing that disagrees
    assert untold.counted <= untold.result + D("0.01")


@given(day=days(), price=st.integers(34, 74).map(D), more=st.integers(1, 100_000).map(D))
def test_money_that_nothing_explains_never_counts_as_a_gain(day: Day, price: Decimal, more: Decimal) -> None:
    """A price further from the close of 50 may be a split's."""
    for told in (True, False):
        without = replace(day, price=price, told=told, flow=ZERO, booked=None)
        paid_in = replace(without, flow=more)
        assert paid_in.explained().high <= max(without.booked_equity, without.look().account.equity)
        assert paid_in.counted <= max(without.counted, day_result(without.look(), without.records()).amount)


# --- by hand ---------------------------------------------------------------------------------------


def test_a_days_result_is_marks_fills_and_income() -> None:
    day = Day(price=D(49), fills=(fill(side=Side.SELL, quantity="40", price="48"),), income=(cash("7"),))
    done = day_result(day.look(), day.records())
    assert done.amount == 60 * -1 + 40 * -2 - 1 + 7
    assert done.complete


def test_a_loss_in_the_hour_of_a_deposit_is_a_loss_of_the_capital_before_it() -> None:
    explained = Day(price=D(20), flow=D(15_000)).explained()
    assert explained == ExplainedEquity(D(100_000), uncounted_today=D(15_000), uncounted=D(15_000), high=D(97_000))


def test_a_deposit_of_the_night_is_capital_of_the_day_once_it_is_booked() -> None:
    explained = Day(price=D(20), flow=D(15_000), booked=moved(D(15_000), NIGHT, YESTERDAY)).explained()
    assert explained == ExplainedEquity(D(115_000), uncounted_today=ZERO, uncounted=ZERO, high=D(112_000))


@pytest.mark.parametrize(("flow", "base"), [(100_000, 100_000), (100_001, 200_001), (-50_000, 50_000)])
def test_money_that_came_since_the_first_look_is_capital_of_the_day_where_the_account_was_opened_with_it(
    flow: int, base: int
) -> None:
    assert Day(flow=D(flow), booked=moved(D(flow)), booked_late=True).explained().base == base


@pytest.mark.parametrize(
    ("at", "session", "counted"),
    [(NOW, TODAY, -4_000), (NIGHT, YESTERDAY, -4_000), (CLOSE, YESTERDAY, 0), (NOW, YESTERDAY, 0)],
)
def test_a_charge_of_the_night_is_a_loss_of_the_day_and_a_late_one_is_none(
    at: datetime, session: date, counted: int
) -> None:
    charged = Day(income=(CashEvent("fee", CashKind.FEE, D(-4_000), at, session),))
    assert charged.counted == counted


def test_cash_that_is_missing_raises_no_peak() -> None:
    """A stale answer may show the cash from before a sale beside the equity from after it."""
    assert Day(flow=D(-6_000)).explained().high == Day(flow=D(-6_000)).look().account.equity


def test_a_withdrawal_whose_activity_is_to_come_is_no_loss() -> None:
    explained = Day(flow=D(-6_000)).explained()
    assert explained == ExplainedEquity(D(94_000), uncounted_today=ZERO, uncounted=D(-6_000), high=D(94_000))


def test_cash_that_left_is_a_loss_while_a_share_is_not_explained() -> None:
    sold = (fill(side=Side.SELL, quantity="100", price="50", fee=ZERO),)
    day = Day(fills=sold, told=False, flow=D(-6_000))
    assert day.counted == -6_000
    assert day.explained().uncounted == 0


def test_a_stop_that_gapped_is_a_loss_before_its_fill_is_told() -> None:
    sold = (fill(side=Side.SELL, quantity="100", price="10", fee=ZERO),)
    assert Day(price=D(10), fills=sold, told=False).counted == -4_000
    assert Day(price=D(10), fills=sold, told=False, flow=D(15_000)).counted == -4_000


@pytest.mark.parametrize("doubt", ["in doubt", "no previous close", "shares became others", "the next day already"])
def test_without_a_whole_result_the_plain_change_counts_without_unexplained_gains(doubt: str) -> None:
    day = Day(price=D(20), flow=D(15_000))
    look, records = day.look(), day.records()
    match doubt:
        case "in doubt":
            look = replace(look, settled=False)
        case "no previous close":
            bare = tuple(replace(each, previous_close=None) for each in look.positions)
            look = replace(look, positions=bare, quotes={})
        case "shares became others":
            records = replace(records, reorganised=True)
        case _:
            look = replace(look, account=replace(look.account, last_equity=D(97_000)))
    explained = explain(look, records)
    assert look.account.equity - explained.uncounted_today - explained.base == -3_000
    assert explained.base == 100_000


@pytest.mark.parametrize(("told", "quoted", "complete"), [("50", "25", True), ("25", "25", True), ("50", "50", False)])
def test_after_a_split_the_quotes_previous_close_counts_where_it_can_be_right(
    told: str, quoted: str, *, complete: bool
) -> None:
    """AAPL closed at 50 and was split 2 for 1; it stands at 24. Some brokers tell the old close all day."""
    look = DayLook(
        account("99800", cash=D(95_000), last_equity=BASELINE),
        (position("AAPL", "200", price="24", previous_close=D(told)),),
        {"AAPL": quote("AAPL", "24", before=quoted)},
    )
    records = replace(Day().records(), lots=(lot(quantity="200", price="25"),), split=frozenset({"AAPL"}))
    done = day_result(look, records)
    assert done.complete == complete
    assert explain(look, records).base == BASELINE
    if complete:
        assert done.amount == -200


def test_nor_does_the_close_before_a_split_that_nothing_tells_of_make_a_loss() -> None:
    look = DayLook(
        account("99800", cash=D(95_000), last_equity=BASELINE),
        (position("AAPL", "200", price="24", previous_close=D(50)),),
        {},
    )
    explained = explain(look, Day().records())
    assert explained.base - look.account.equity + explained.uncounted_today == 200


def test_a_transfer_of_the_weekend_after_a_session_is_no_result_of_it() -> None:
    day = Day(flow=D(-6_000), booked=moved(D(-6_000), NOW + timedelta(days=2), TODAY + timedelta(days=2)))
    look = replace(day.look(), settled=False)
    assert explain(look, day.records()) == ExplainedEquity(D(94_000), ZERO, ZERO, D(94_000))


def test_on_the_day_of_its_opening_an_accounts_result_begins_with_that() -> None:
    """AAPL fell from 50 to 40 before the account was met, and to 39 since; 6,000 USD were taken out."""
    day = Day(price=D(39), flow=D(-6_000))
    records = replace(day.records(), baseline=D(99_000), opening={"AAPL": D(40)})
    assert day_result(day.look(), records).amount == -100
    assert explain(day.look(), records) == ExplainedEquity(D(93_000), D(-0), D(-6_000), D(92_900))

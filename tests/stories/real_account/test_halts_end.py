"""A halt that ends by itself says so, and every halt is told when it begins, once a day, and when it ends."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from tests.jobs.brokers import Around
from tests.jobs.conftest import MakeHouse
from tests.jobs.house import FLAT, House, Script
from tests.jobs.latches import BY_HAND, by_damaged_latch_file, by_environment, by_latch_file, by_ledger, latch_path
from tradebot.core.model.account import AccountSnapshot, Activity, CashEvent, CashKind, Position
from tradebot.core.model.halts import Halt, HaltEnd, HaltLevel, HaltRule, HaltSource
from tradebot.core.results.outcomes import Outcome
from tradebot.errors import ExitCode
from tradebot.home.halt_file import LatchFile
from tradebot.jobs import reconcile_accept
from tradebot.ports import Broker

SECOND, THIRD = date(2007, 1, 4), date(2007, 1, 5)
MONEY = Decimal(-2_000)


def holding(make_house: MakeHouse, **settings: str) -> House:
    """A home that holds 100 ACME, in which 1,000 USD that nobody can explain halt."""
    house = make_house(
        Script(enter={"ACME": [SECOND]}, policy='stop=Decimal("0.50")'),
        prices={"ACME": [FLAT] * 16},
        settings={"RISK_PER_TRADE_PCT": "5%", "MAX_PORTFOLIO_RISK_PCT": "20%", "BREAK_HALT_VALUE": "1000", **settings},
    )
    house.daily()
    house.next()
    return house


class LacksCash(Around):
    """Cash is gone, and no row says why."""

    def account(self) -> AccountSnapshot:
        shown = super().account()
        return replace(shown, cash=shown.cash + MONEY, equity=shown.equity + MONEY)


class Fee(LacksCash):
    """The same, with the row that says why."""

    def activities(self, after: str | None) -> tuple[Activity, ...]:
        row = CashEvent("fee", CashKind.FEE, MONEY, datetime(2007, 1, 5, 14, tzinfo=UTC), THIRD)
        return () if after == "fee" else (*super().activities(after), row)


class LacksMore(Fee):
    """Twice as much cash is gone, and the row explains half of it."""

    def account(self) -> AccountSnapshot:
        shown = super().account()
        return replace(shown, cash=shown.cash + MONEY)


class LacksShares(Around):
    """All but 60 shares are gone, and no row says why."""

    def positions(self) -> tuple[Position, ...]:
        return tuple(replace(each, quantity=Decimal(60)) for each in super().positions())


def the_halt(outcome: Outcome) -> Halt | None:
    return next((halt for halt in outcome.halts if halt.rule is HaltRule.BREAKS), None)


def told(house: House) -> list[str]:
    return [row["title"] for row in house.rows("SELECT title FROM alerts ORDER BY seq") if "halt" in row["title"]]


# --- the end of a halt for breaks --------------------------------------------------------------------


def test_two_jobs_in_a_row_that_explain_everything_end_it(make_house: MakeHouse) -> None:
    house = holding(make_house)
    halted = house.reconcile(wrap=LacksCash)
    halt = the_halt(halted)
    assert halt is not None
    assert (halt.ends_by, halted.exit_code) == (HaltEnd.EXPLAINED, ExitCode.HALTED)
    assert halt.holds == "until two jobs in a row explain everything, or until `tradebot resume`"

    first = house.reconcile(wrap=Fee)
    assert (the_halt(first), first.exit_code) == (the_halt(halted), ExitCode.HALTED)
    second = house.reconcile(wrap=Fee)
    assert (second.halts, second.exit_code) == ((), ExitCode.OK)
    assert "two jobs in a row explained everything: the halt for breaks is over" in second.notes
    assert told(house) == ["halted: breaks", "a halt is over"]
    (row,) = house.rows("SELECT cleared_reason FROM halts")
    assert row["cleared_reason"] == "two jobs in a row explained everything"


def test_a_job_between_that_does_not_begins_the_count_anew(make_house: MakeHouse) -> None:
    house = holding(make_house)
    house.reconcile(wrap=LacksCash)
    house.reconcile(wrap=Fee)
    house.reconcile(wrap=LacksMore)
    assert the_halt(house.reconcile(wrap=Fee)) is not None
    assert the_halt(house.reconcile(wrap=Fee)) is None


def test_trading_goes_on_in_the_job_that_ends_it(make_house: MakeHouse) -> None:
    house = holding(make_house)
    house.told(Script(enter={"ACME": [SECOND], "BOLT": [THIRD]}, policy='stop=Decimal("0.50")'))
    house.check_exits(at="09:32", wrap=LacksCash)
    house.check_exits(at="09:33", wrap=Fee)
    assert house.daily(wrap=Fee).exit_code is not ExitCode.HALTED


def test_shares_that_come_back_without_a_row_do_not_count(make_house: MakeHouse) -> None:
    house = holding(make_house)
    assert the_halt(house.reconcile(wrap=LacksShares)) is not None
    back = house.reconcile()
    assert "ACME: the shares agree again, and no activity says why; the halt stays" in back.notes
    for outcome in (house.reconcile(), house.reconcile()):
        halt = the_halt(outcome)
        assert halt is not None
        assert halt.ends_by is HaltEnd.RESUME
    assert house.resume().exit_code is ExitCode.OK
    assert told(house) == ["halted: breaks", "a halt is over"]


def test_shares_that_a_person_accepted_count(make_house: MakeHouse) -> None:
    house = holding(make_house)
    house.reconcile(wrap=LacksShares)
    with house.desk(wrap=LacksShares) as desk:
        reconcile_accept.run(desk, "ACME", "sold by phone")
    house.reconcile(wrap=LacksShares)
    assert the_halt(house.reconcile(wrap=LacksShares)) is None


def test_where_the_setting_says_so_a_person_alone_ends_it(make_house: MakeHouse) -> None:
    house = holding(make_house, BREAKS_HALT_ENDS="resume")
    house.reconcile(wrap=LacksCash)
    for _ in range(3):
        halt = the_halt(house.reconcile(wrap=Fee))
    assert halt is not None
    assert halt.ends_by is HaltEnd.RESUME


@pytest.mark.parametrize(("sessions", "ends"), [(5, HaltEnd.RESUME), (6, HaltEnd.EXPLAINED)])
def test_one_that_returns_within_five_sessions_needs_a_person(
    make_house: MakeHouse, sessions: int, ends: HaltEnd
) -> None:
    house = holding(make_house)
    house.reconcile(wrap=LacksCash)
    house.reconcile(wrap=Fee)
    house.reconcile(wrap=Fee)
    for _ in range(sessions):
        house.next()
    again = the_halt(house.reconcile(wrap=LacksMore))
    assert again is not None
    assert again.ends_by is ends


def test_a_halt_of_an_earlier_version_ends_as_it_said(make_house: MakeHouse) -> None:
    house = holding(make_house)
    with house.desk() as desk:
        old = Halt(HaltSource.LEDGER, HaltRule.BREAKS, HaltLevel.HALTED, "a break", since=desk.clock.now())
        desk.ledger.halts_and_breaks.latch(old, desk.clock.now())
    for _ in range(3):
        halt = the_halt(house.reconcile())
    assert halt is not None
    assert halt.holds == "until `tradebot resume`"


# --- telling ------------------------------------------------------------------------------------------


def all_day(house: House, wrap: Callable[[Broker], Broker] | None = None) -> None:
    for at in ("09:35", "10:00", "10:15", "12:00"):
        house.check_exits(at=at, wrap=wrap)
    house.reconcile(wrap=wrap)


@pytest.mark.parametrize("latch", [by_environment, by_latch_file, by_damaged_latch_file, by_ledger])
def test_a_halt_is_told_when_it_begins_once_a_day_and_when_it_ends(
    make_house: MakeHouse, latch: Callable[[House], None]
) -> None:
    house = holding(make_house)
    latch(house)
    all_day(house)
    assert len(told(house)) == 1
    house.next()
    all_day(house)
    assert len(told(house)) == 2

    if latch is by_environment:
        house.set(EMERGENCY_STOP_ENABLED="false")
    else:
        house.resume()
    all_day(house)
    assert told(house)[2:] == ["a halt is over"]
    if latch is by_latch_file:  # as a later `tradebot halt` writes it; the one that was cleared stays so
        LatchFile(latch_path(house)).set(replace(BY_HAND, since=datetime(2007, 1, 5, tzinfo=UTC)))
    else:
        latch(house)
    all_day(house)
    assert len(told(house)) == 4, "another halt, though of the same rule"


def test_a_latch_that_was_removed_by_hand_is_told_as_long_as_the_ledger_holds_it(make_house: MakeHouse) -> None:
    house = holding(make_house)
    by_latch_file(house)
    house.reconcile()
    latch_path(house).unlink()
    house.reconcile()
    assert told(house) == ["halted: operator"]


def test_a_halt_of_the_day_is_told_as_over_in_the_next_session(make_house: MakeHouse) -> None:
    house = make_house(
        Script(enter={"ACME": [SECOND]}, policy='stop=Decimal("0.50")'),
        prices={"ACME": [FLAT, FLAT, *["70 71 69 70"] * 4]},
        settings={"RISK_PER_TRADE_PCT": "5%", "MAX_PORTFOLIO_RISK_PCT": "20%"},
    )
    house.daily()
    house.next()
    house.daily()
    all_day(house)
    assert told(house) == ["halted: daily loss"]
    house.next()
    house.daily()
    assert told(house) == ["halted: daily loss", "a halt is over"]
    (message,) = (row["message"] for row in house.rows("SELECT message FROM alerts WHERE title = 'a halt is over'"))
    assert "the session that it held for is over" in message


def test_status_says_what_since_when_what_ends_it_and_what_to_do(make_house: MakeHouse) -> None:
    house = holding(make_house)
    house.reconcile(wrap=LacksCash)
    (alert,) = house.rows("SELECT message FROM alerts WHERE title = 'halted: breaks'")
    for words in (
        "the ledger and the broker differ by $2,000.00 (in USD), and $1,000.00 is the limit",
        "since 2007-01-05",
        "until two jobs in a row explain everything",
        'tradebot resume --reason "what was found and done"',
    ):
        assert words in alert["message"]

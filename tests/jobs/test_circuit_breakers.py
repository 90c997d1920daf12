"""Breakers at work: a loss makes an emergency stop, and what else halts by itself says why and ends as it should."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from tests.fakes.orders import Requests
from tests.jobs.brokers import Around, Crash, Unreachable, Watched
from tests.jobs.conftest import MakeHouse
from tests.jobs.house import FLAT, House, Script
from tradebot.core.model.account import AccountSnapshot, Activity, CashEvent, CashKind, Position
from tradebot.core.model.halts import Halt, HaltLevel, HaltRule, distinct
from tradebot.core.model.ledger_rows import RunStatus
from tradebot.core.model.orders import OrderState, Purpose
from tradebot.core.model.schedule import Job
from tradebot.core.results.outcomes import Outcome
from tradebot.errors import BrokerUnavailable, ExitCode, UsageError
from tradebot.home import paths
from tradebot.home.halt_file import LatchFile
from tradebot.jobs import reconcile_accept
from tradebot.ports import Broker

SECOND, THIRD, FOURTH = date(2007, 1, 4), date(2007, 1, 5), date(2007, 1, 8)
ROOM = {
    "RISK_PER_TRADE_PCT": "5%",
    "MAX_PORTFOLIO_RISK_PCT": "20%",
    "PROBATION_SESSIONS": "0",
    "PRICE_COLLAR_PCT": "100%",
}
WIDE = 'stop=Decimal("0.50")'
FALLS = "70 71 69 70"  # 100 shares at 100 USD lose 3,000 of 100,000 USD, which is the default limit of a day


def the_halt(outcome: Outcome) -> Halt:
    (same,) = distinct(outcome.halts)
    return same[0]


def in_latch_file(house: House) -> list[HaltRule]:
    return [halt.rule for halt in LatchFile(paths.latch_file(house.home)).read()]


def holding_acme(make_house: MakeHouse, *bars: str, bolt: tuple[date, ...] = (), **settings: str) -> House:
    """A home that has bought 100 ACME at 100 USD and stands at the next session."""
    script = Script(enter={"ACME": [SECOND], "BOLT": bolt}, policy=WIDE)
    prices = {"ACME": [FLAT, FLAT, *bars], "BOLT": [FLAT] * 6}
    house = make_house(script, prices=prices, settings={**ROOM, **settings})
    house.daily()
    assert house.positions()["ACME"].quantity == 100
    house.next()
    return house


# --- a day's loss, and a drawdown -------------------------------------------------------------------


def test_a_days_loss_makes_an_emergency_stop(make_house: MakeHouse) -> None:
    house = holding_acme(make_house, FALLS, bolt=(THIRD,))
    entry = house.id(2, Purpose.ENTRY, "BOLT", strategy="other")
    with house.by_hand() as broker:  # an entry of ours that rests still
        broker.submit(Requests("BOLT").buy(10, client_id=entry, limit="50"))
    outcome = house.daily()

    assert the_halt(outcome).level is HaltLevel.HALTED
    assert in_latch_file(house) == [HaltRule.DAILY_LOSS]
    resting = house.order(entry)
    assert resting is not None
    assert resting.state is OrderState.CANCELLED
    assert set(house.positions()) == {"ACME"}
    assert house.stops() == [(Decimal(100), Decimal(50))]
    assert "emergency stop: stopped: no order of ours that could open or add is left" in outcome.notes
    assert outcome.exit_code is ExitCode.HALTED


def test_it_closes_what_is_held_where_that_is_wanted(make_house: MakeHouse) -> None:
    house = holding_acme(make_house, FALLS, EMERGENCY_CLOSE_POSITIONS="true")
    outcome = house.daily()
    assert house.positions() == {}
    assert house.open_orders() == ()
    assert outcome.account is not None
    assert outcome.account.equity == 97_000
    assert outcome.breaks == ()
    assert house.reconcile().breaks == ()  # its orders are intents of the ledger like any other


def test_it_only_reduces_where_that_is_wanted(make_house: MakeHouse) -> None:
    house = holding_acme(make_house, FALLS, bolt=(THIRD,), DAILY_LOSS_ACTION="reduce", EMERGENCY_CLOSE_POSITIONS="true")
    outcome = house.daily()
    halt = the_halt(outcome)
    assert (halt.rule, halt.level, halt.until) == (HaltRule.DAILY_LOSS, HaltLevel.REDUCING, FOURTH)
    assert in_latch_file(house) == []
    assert set(house.positions()) == {"ACME"}
    assert [denial.code for denial in outcome.denials] == ["HALTED", "DAILY_LOSS"]


def test_a_stop_that_was_cut_short_is_brought_to_its_end_by_the_next_job(make_house: MakeHouse) -> None:
    house = holding_acme(make_house, FALLS, EMERGENCY_CLOSE_POSITIONS="true")

    class DiesAsItSells(Around):
        def before(self, call: str, asked: object = None) -> None:
            if call == "submit":
                raise Crash

    with pytest.raises(Crash):
        house.daily(wrap=DiesAsItSells)
    assert set(house.positions()) == {"ACME"}
    assert in_latch_file(house) == [HaltRule.DAILY_LOSS]

    outcome = house.check_exits()
    assert house.positions() == {}
    assert len(house.rows("SELECT 1 FROM halts")) == 1
    assert [note for note in outcome.notes if note.startswith("emergency stop:")]


def test_a_stop_that_is_over_is_not_made_again(make_house: MakeHouse) -> None:
    house = holding_acme(make_house, FALLS)
    house.daily()
    later = house.check_exits()
    assert [note for note in later.notes if note.startswith("emergency stop")] == []
    assert later.exit_code is ExitCode.HALTED


def test_money_taken_out_is_no_loss(make_house: MakeHouse) -> None:
    house = holding_acme(make_house, FLAT)
    gone = Decimal(-20_000)
    withdrawal = CashEvent("W", CashKind.WITHDRAWAL, gone, datetime(2007, 1, 5, 14, tzinfo=UTC), THIRD)

    class TakesMoneyOut(Around):
        def account(self) -> AccountSnapshot:
            shown = super().account()
            return replace(shown, equity=shown.equity + gone, cash=shown.cash + gone)

        def activities(self, after: str | None) -> tuple[Activity, ...]:
            if after == withdrawal.event_id:
                return ()
            return (*super().activities(after), withdrawal)

    outcome = house.daily(wrap=TakesMoneyOut)
    assert outcome.account is not None
    assert outcome.account.equity == 80_000
    assert outcome.halts == ()


def test_equity_that_is_shown_wrong_once_stops_nothing(make_house: MakeHouse) -> None:
    house = holding_acme(make_house, FLAT, bolt=(THIRD,))

    class ShowsTooLittleAtFirst(Around):
        def account(self) -> AccountSnapshot:
            shown = super().account()
            return replace(shown, equity=Decimal(90_000)) if self.calls.count("account") == 1 else shown

    outcome = house.daily(wrap=ShowsTooLittleAtFirst)
    assert outcome.halts == ()
    assert house.stops() == [(Decimal(100), Decimal(50))]


def test_a_loss_is_found_by_reconcile_too(make_house: MakeHouse) -> None:
    house = holding_acme(make_house, "100 101 69 70")
    assert house.daily().halts == ()
    outcome = house.reconcile()
    assert the_halt(outcome).rule is HaltRule.DAILY_LOSS
    assert outcome.exit_code is ExitCode.HALTED


def test_a_latch_file_that_cannot_be_written_leaves_the_halt_to_the_ledger(make_house: MakeHouse) -> None:
    house = holding_acme(make_house, FALLS)
    paths.latch_file(house.home).mkdir()
    outcome = house.daily()
    assert {halt.rule for halt in outcome.halts} == {HaltRule.DAILY_LOSS, HaltRule.UNREADABLE}
    assert [note for note in outcome.notes if note.startswith("emergency stop: stopped")]


def test_a_halt_that_is_over_is_put_away(make_house: MakeHouse) -> None:
    house = holding_acme(make_house, FALLS, FALLS)
    house.daily()
    house.next()
    house.daily()
    (row,) = house.rows("SELECT cleared_reason FROM halts")
    assert row["cleared_reason"] == "the session that it held for is over"
    assert not paths.latch_file(house.home).exists()


# --- between orders ---------------------------------------------------------------------------------


def entering_two(make_house: MakeHouse) -> House:
    """A home that holds ACME and is to enter BOLT and COAL; the market falls between them."""
    symbols = ("ACME", "BOLT", "COAL")
    script = Script(enter={"ACME": [SECOND], "BOLT": [THIRD], "COAL": [THIRD]}, symbols=symbols, policy=WIDE)
    prices = {"ACME": [FLAT, FLAT, "100 101 69 70"], "BOLT": [FLAT] * 3, "COAL": [FLAT] * 3}
    house = make_house(script, prices=prices, settings=ROOM)
    house.daily()
    house.next()
    return house


def test_a_loss_between_two_entries_stops_the_second(make_house: MakeHouse) -> None:
    house = entering_two(make_house)

    def fall(broker: Broker, call: str, asked: object) -> None:
        if call == "submit":
            house_falls.append(call)

    house_falls: list[str] = []

    class FallsAfterTheFirst(Watched):
        """ACME stands at 70 once BOLT was bought: the rest of the day has passed."""

        def account(self) -> AccountSnapshot:
            if house_falls:
                house.passes("15:00")
            return super().account()

    outcome = house.daily(wrap=lambda broker: FallsAfterTheFirst(broker, fall))
    assert set(house.positions()) == {"ACME", "BOLT"}
    assert [(line.symbol, line.state) for line in outcome.orders if line.purpose is Purpose.ENTRY] == [
        ("BOLT", OrderState.FILLED),
        ("COAL", OrderState.ABANDONED),
    ]
    assert the_halt(outcome).rule is HaltRule.DAILY_LOSS
    assert outcome.status is RunStatus.BLOCKED


def test_money_taken_out_between_two_entries_stops_nothing(make_house: MakeHouse) -> None:
    house = make_house(
        Script(enter={"ACME": [SECOND], "BOLT": [THIRD], "COAL": [THIRD]}, policy=WIDE),
        prices=dict.fromkeys(("ACME", "BOLT", "COAL"), [FLAT] * 4),
        settings=ROOM,
    )
    house.daily()
    house.next()
    taken: list[str] = []

    def take_out(broker: Broker, call: str, asked: object) -> None:
        if call == "submit" and not taken:
            taken.append(call)
            with house.exchange() as exchange, exchange.writing() as view:
                view.book.cash -= 6_000

    outcome = house.daily(wrap=lambda broker: Watched(broker, take_out))
    assert taken
    assert outcome.halts == ()
    assert set(house.positions()) == {"ACME", "BOLT", "COAL"}


def _requests(house: House) -> dict[str, int]:
    """How often run-daily asks for what the account is and holds."""
    asked: list[str] = []

    def look(broker: Broker, call: str, what: object) -> None:
        asked.append(call)

    house.daily(wrap=lambda broker: Watched(broker, look))
    return {call: asked.count(call) for call in ("account", "positions", "open_orders")}


def test_looking_between_orders_takes_one_request_and_none_before_the_first(make_house: MakeHouse) -> None:
    counts = []
    for symbols in (("ACME",), ("ACME", "BOLT"), ("ACME", "BOLT", "COAL")):
        house = make_house(
            Script(enter={symbol: [SECOND] for symbol in symbols}, symbols=symbols),
            prices=dict.fromkeys(symbols, [FLAT] * 3),
            settings=ROOM,
        )
        counts.append(_requests(house))
    one, two, three = counts
    assert two == {**one, "account": one["account"] + 1}
    assert three == {**one, "account": one["account"] + 2}


# --- a limit that is breached ------------------------------------------------------------------------


def test_a_breached_limit_reduces_until_it_is_gone_and_needs_nobody(make_house: MakeHouse) -> None:
    house = holding_acme(make_house, FLAT, FLAT, FLAT, bolt=(THIRD, FOURTH))
    house.set(MAX_POSITION_SIZE_PCT="5%")
    outcome = house.daily()
    halt = the_halt(outcome)
    assert (halt.rule, halt.level) == (HaltRule.LIMIT_BREACH, HaltLevel.REDUCING)
    assert halt.reason == ("ACME is $10,000.00, 10% of equity, and 5% is the limit, with 25% of it for drift")
    assert set(house.positions()) == {"ACME"}
    assert house.resume().exit_code is ExitCode.HALTED
    assert "a breached limit halts until the breach is gone" in house.resume().notes[0]

    house.set(MAX_POSITION_SIZE_PCT="10%")
    house.next()
    outcome = house.daily()
    assert outcome.exit_code is ExitCode.OK
    assert outcome.halts == ()
    assert set(house.positions()) == {"ACME", "BOLT"}
    (row,) = house.rows("SELECT cleared_reason FROM halts")
    assert row["cleared_reason"] == "the breach is gone"


def test_a_price_that_rose_breaches_nothing(make_house: MakeHouse) -> None:
    house = holding_acme(make_house, "300 301 299 300", bolt=(THIRD,), MAX_PORTFOLIO_RISK_PCT="50%")
    assert house.daily().exit_code is ExitCode.OK
    assert set(house.positions()) == {"ACME", "BOLT"}


def test_an_exit_is_made_while_a_limit_is_breached(make_house: MakeHouse) -> None:
    script = Script(enter={"ACME": [SECOND]}, leave={"ACME": [THIRD]}, policy=WIDE)
    house = make_house(script, prices={"ACME": [FLAT] * 5}, settings=ROOM)
    house.daily()
    house.set(MAX_POSITION_SIZE_PCT="5%")
    house.next()
    assert the_halt(house.daily()).rule is HaltRule.LIMIT_BREACH
    assert house.positions() == {}
    assert house.check_exits().halts == ()


# --- breaks -----------------------------------------------------------------------------------------


def test_dollars_that_nobody_can_explain_halt_until_a_person_resumes(make_house: MakeHouse) -> None:
    house = holding_acme(make_house, FLAT, FLAT, bolt=(THIRD,), BREAK_HALT_VALUE="1000")

    class ShowsFewer(Around):
        def positions(self) -> tuple[Position, ...]:
            return tuple(p for p in super().positions() if p.symbol != "ACME")

    outcome = house.reconcile(wrap=ShowsFewer)
    halt = the_halt(outcome)
    assert (halt.rule, halt.level) == (HaltRule.BREAKS, HaltLevel.HALTED)
    assert halt.value == 10_000
    assert halt.reason.startswith(
        "the ledger and the broker differ by $10,000.00 (in ACME), and $1,000.00 is the limit"
    )

    assert the_halt(house.reconcile()).rule is HaltRule.BREAKS  # gone, and still to be looked at
    assert house.resume().exit_code is ExitCode.OK
    assert house.reconcile().halts == ()


def test_a_small_break_halts_nothing(make_house: MakeHouse) -> None:
    house = holding_acme(make_house, FLAT)
    with house.by_hand() as broker:
        inner = broker.account()

    class ShowsMoreCash(Around):
        def account(self) -> AccountSnapshot:
            return replace(super().account(), cash=inner.cash + 4999)

    outcome = house.reconcile(wrap=ShowsMoreCash)
    assert outcome.halts == ()
    assert outcome.exit_code is ExitCode.BREAKS


# --- failed runs ------------------------------------------------------------------------------------


def unreachable(house: House, job: Job) -> None:
    with pytest.raises(BrokerUnavailable):
        house.run(job, wrap=lambda broker: Unreachable(broker, "positions"))


def test_runs_that_fail_in_a_row_halt_and_resume_counts_anew(make_house: MakeHouse) -> None:
    house = make_house(Script(enter={"ACME": [SECOND, THIRD]}), settings=ROOM)
    for _ in range(3):
        unreachable(house, Job.CHECK_EXITS)
    assert house.rows("SELECT 1 FROM halts") == []

    unreachable(house, Job.CHECK_EXITS)  # latched although the broker still does not answer
    (row,) = house.rows("SELECT rule, level, value, limit_value, reason FROM halts")
    assert (row["rule"], row["level"], row["value"], row["limit_value"]) == ("failed_runs", "halted", "3", "3")
    assert row["reason"].startswith(
        "the last 3 runs of check-exits failed, and 3 in a row are the limit; the first began"
    )
    assert "no route to host" in row["reason"]

    assert house.resume("the broker is back").exit_code is ExitCode.OK
    unreachable(house, Job.CHECK_EXITS)
    unreachable(house, Job.CHECK_EXITS)
    assert house.check_exits().halts == ()


def test_a_run_that_works_ends_the_row_and_one_that_finds_nothing_to_do_does_not(make_house: MakeHouse) -> None:
    house = make_house(Script(), settings=ROOM)
    for _ in range(2):
        unreachable(house, Job.CHECK_EXITS)
    assert house.check_exits().exit_code is ExitCode.OK
    for _ in range(2):
        unreachable(house, Job.CHECK_EXITS)
    assert house.reconcile().halts == ()
    assert house.check_exits("16:30").status is RunStatus.IDLE
    house.next()
    unreachable(house, Job.CHECK_EXITS)
    assert the_halt(house.check_exits()).rule is HaltRule.FAILED_RUNS


def test_a_mistyped_command_is_no_failed_run_and_hides_none(make_house: MakeHouse) -> None:
    house = make_house(Script(), settings=ROOM)
    for _ in range(3):
        mistype_accept(house)
    assert house.reconcile().halts == ()
    for _ in range(3):
        unreachable(house, Job.RECONCILE)
    for _ in range(9):
        mistype_accept(house)
    assert the_halt(house.reconcile()).value == 3


def mistype_accept(house: House) -> None:
    with house.desk() as desk, pytest.raises(UsageError):
        reconcile_accept.run(desk, "NOSUCH", "a slip of the finger")


def test_runs_that_died_count_as_failed(make_house: MakeHouse) -> None:
    house = make_house(Script(), settings={**ROOM, "FAILED_RUNS_LIMIT": "2"})
    with house.desk() as desk:
        for _ in range(2):
            desk.ledger.runs.begin(Job.RECONCILE, SECOND, desk.clock.now(), desk.clock.wall(), 1)
    halt = the_halt(house.reconcile())
    assert halt.rule is HaltRule.FAILED_RUNS
    assert halt.value == 2
    assert "the last said: nothing, it died" in halt.reason


def test_runs_of_another_home_that_have_not_ended_may_be_alive(make_house: MakeHouse) -> None:
    house = make_house(Script(), settings={**ROOM, "FAILED_RUNS_LIMIT": "2"})
    with house.desk() as desk:
        for home_id in ("another home", desk.home_id, "a third"):
            desk.ledger.runs.begin(Job.RECONCILE, SECOND, desk.clock.now(), desk.clock.wall(), 1, home_id=home_id)
    assert house.reconcile().halts == ()
    with house.desk() as desk:
        for _ in range(2):
            desk.ledger.runs.begin(
                Job.CHECK_EXITS, SECOND, desk.clock.now(), desk.clock.wall(), 1, home_id=desk.home_id
            )
    assert the_halt(house.reconcile()).value == 2


# --- how far limits were used -----------------------------------------------------------------------


def limits_used(house: House, session: date) -> dict[str, list[tuple[str, str]]]:
    """The uses and the settings that were stored in a session, by limit, in order."""
    found: dict[str, list[tuple[str, str]]] = {}
    for row in house.rows("SELECT used FROM limits_used WHERE session = ? ORDER BY seq", session.isoformat()):
        for setting, (used, limit) in json.loads(row["used"]).items():
            found.setdefault(setting, []).append((used, limit))
    return found


def test_the_use_of_every_limit_is_stored_against_its_setting_then(make_house: MakeHouse) -> None:
    house = holding_acme(make_house, "99 100 98 99", MAX_POSITIONS="4")
    second = limits_used(house, SECOND)
    assert (second["MAX_POSITIONS"][0], second["MAX_POSITIONS"][-1]) == (("0", "4"), ("1", "4"))
    assert second["MAX_DAILY_TRADES"][-1] == ("1", "20")
    assert second["MAX_ORDER_VALUE"] == [("10000", "10000")]
    assert second["MAX_GROSS_EXPOSURE_PCT"][-1] == ("0.1", "1")
    assert second["RISK_PER_TRADE_PCT"] == [("0.05", "0.05")]
    house.check_exits()
    third = limits_used(house, THIRD)
    assert third["DAILY_LOSS_LIMIT_PCT"] == [("0.001", "0.03")], "100 shares fell by a dollar"
    assert third["MAX_POSITIONS"] == [("1", "4")], "where nothing rises, one row is stored"


def test_failed_runs_use_their_limit(make_house: MakeHouse) -> None:
    house = make_house(Script())
    with pytest.raises(BrokerUnavailable):
        house.daily(wrap=lambda broker: Unreachable(broker, "positions"))
    house.daily()
    assert limits_used(house, SECOND)["FAILED_RUNS_LIMIT"] == [("1", "3")]

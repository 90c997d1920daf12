"""preflight: every check has a result and a figure, a failed one blocks, and one that can't be made has failed."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

from tests.jobs.brokers import Around, LosesRequests, Unreachable
from tests.jobs.conftest import MakeHouse
from tests.jobs.house import FLAT, House, Script, Wrap
from tests.jobs.test_run_daily import OnAHoliday
from tradebot.core.model.account import AccountDay, AccountSnapshot, MarketClock, Permissions
from tradebot.core.model.ledger_rows import RunStatus
from tradebot.core.model.plan import DenialCode
from tradebot.core.model.schedule import Job
from tradebot.core.results.preflight_checks import Check, CheckResult, PreflightOutcome
from tradebot.errors import BrokerUnavailable, ExitCode
from tradebot.jobs import preflight

SECOND, THIRD = date(2007, 1, 4), date(2007, 1, 5)
PASS, WARN, FAIL = CheckResult.PASS, CheckResult.WARN, CheckResult.FAIL


def checked(house: House, wrap: Wrap | None = None, **told: object) -> PreflightOutcome:
    with house.desk("09:00", wrap) as desk:
        return preflight.run(desk, **told)  # type: ignore[arg-type]


def named(outcome: PreflightOutcome, name: str) -> Check:
    return next(check for check in outcome.checks if check.name == name)


def others_pass(outcome: PreflightOutcome, *besides: str) -> bool:
    besides = (*besides, "schedule")  # these houses run no whole days
    return all(check.result is PASS for check in outcome.checks if check.name not in besides)


def test_a_sound_home_passes_every_check(make_house: MakeHouse) -> None:
    house = make_house(Script(enter={"ACME": [SECOND]}))
    with house.desk("09:00") as desk:
        preflight.run(desk)
    for job in (Job.RUN_DAILY, Job.CHECK_EXITS, Job.RECONCILE):
        house.run(job)
    house.next()
    outcome = checked(house)
    assert others_pass(outcome)
    assert named(outcome, "schedule").figure == "report: 2007-01-04 missed"
    assert (outcome.status, outcome.exit_code) == (RunStatus.RAN, ExitCode.OK)
    assert outcome.headline == f"{len(outcome.checks) - 1} checks passed, 1 warn, 0 fail"
    assert named(outcome, "session").figure == "2007-01-05: 09:30 to 16:00 in New York"
    assert named(outcome, "exposure").figure == "$5,000.00 of $100,000.00"
    assert named(outcome, "bars").figure == "2 symbols up to 2007-01-04"
    assert named(outcome, "calendar").figure == "as the broker's: 2007-01-05: 09:30 to 16:00 in New York"
    assert named(outcome, "clock").figure == "0.0 s from the broker's"
    assert named(outcome, "mode").figure == "paper: no money is at stake"
    assert "scripted" in " ".join(check.name for check in outcome.checks)


def test_a_halt_blocks(make_house: MakeHouse) -> None:
    outcome = checked(make_house(settings={"EMERGENCY_STOP_ENABLED": "true"}))
    assert named(outcome, "halts").result is FAIL
    assert "EMERGENCY_STOP_ENABLED is unset" in named(outcome, "halts").remedy
    assert outcome.status is RunStatus.BLOCKED
    assert outcome.codes == {ExitCode.BLOCKED, ExitCode.HALTED}
    assert others_pass(outcome, "halts")


class BlockedAccount(Around):
    def account(self) -> AccountSnapshot:
        return replace(super().account(), blocked=True)


class PoorAccount(Around):
    def account(self) -> AccountSnapshot:
        account = super().account()
        return replace(account, buying_power=account.buying_power * 0)


def test_a_blocked_account_blocks(make_house: MakeHouse) -> None:
    outcome = checked(make_house(), BlockedAccount)
    assert named(outcome, "broker").result is FAIL
    assert outcome.exit_code is ExitCode.BLOCKED


def test_no_buying_power_is_a_warning(make_house: MakeHouse) -> None:
    outcome = checked(make_house(), PoorAccount)
    assert named(outcome, "broker").result is WARN
    assert outcome.exit_code is ExitCode.OK


def test_a_check_that_can_not_be_made_has_failed_and_the_others_go_on(make_house: MakeHouse) -> None:
    outcome = checked(make_house(), lambda broker: Unreachable(broker, "positions"))
    failed = [check.name for check in outcome.checks if check.result is FAIL]
    assert "protection" in failed
    assert "exposure" in failed
    assert "no route to host" in named(outcome, "protection").figure
    assert named(outcome, "bars").result is PASS
    assert outcome.exit_code is ExitCode.BLOCKED


def test_limits_that_allow_no_order_block(make_house: MakeHouse) -> None:
    outcome = checked(make_house(settings={"MAX_POSITION_SIZE_PCT": "0.1%", "MIN_ORDER_VALUE": "101"}))
    assert named(outcome, "limits").result is FAIL
    assert outcome.exit_code is ExitCode.BLOCKED


def test_a_missing_stop_is_a_warning_with_its_dollars(make_house: MakeHouse) -> None:
    house = make_house(Script(enter={"ACME": [SECOND]}))
    house.daily()
    with house.by_hand() as broker:
        (stop,) = broker.open_orders()
        broker.cancel(stop.broker_order_id)
    house.next()
    outcome = checked(house)
    assert named(outcome, "protection").result is WARN
    assert "ACME (missing)" in named(outcome, "protection").figure
    assert outcome.unprotected == 5000


def test_a_break_and_an_unknown_order_are_warnings(make_house: MakeHouse) -> None:
    house = make_house(Script(enter={"ACME": [SECOND]}))
    with pytest.raises(BrokerUnavailable):
        house.daily(wrap=lambda broker: Unreachable(LosesRequests(broker), "order"))
    outcome = checked(house)
    assert named(outcome, "unknown orders").result is WARN
    assert "ACME-entry-1" in named(outcome, "unknown orders").figure


def test_a_split_of_something_held_is_announced(make_house: MakeHouse) -> None:
    house = make_house(
        Script(enter={"ACME": [SECOND]}),
        prices={"ACME": [FLAT, FLAT, FLAT, "50 51 49 50"]},
        actions=["ACME,2007-01-08,split,2"],
    )
    house.daily()
    house.next()
    outcome = checked(house)
    assert named(outcome, "corporate actions").result is WARN
    assert named(outcome, "corporate actions").figure == "ACME split 2 on 2007-01-08"


def test_a_broken_strategy_is_a_warning_of_its_own(make_house: MakeHouse) -> None:
    house = make_house(Script("broken", code="raise RuntimeError('no')"), Script())
    outcome = checked(house)
    assert named(outcome, "strategy broken").result is WARN
    assert named(outcome, "strategy scripted").result is PASS
    assert outcome.exit_code is ExitCode.DEGRADED


def test_a_symbol_without_its_newest_bar_is_a_warning(make_house: MakeHouse) -> None:
    house = make_house(prices={"ACME": [FLAT] * 3, "BOLT": [None, FLAT, FLAT]})
    outcome = checked(house)
    assert named(outcome, "bars").result is WARN
    assert "BOLT" in named(outcome, "bars").figure


def test_a_holiday_is_a_warning(make_house: MakeHouse) -> None:
    outcome = checked(make_house(), OnAHoliday)
    assert named(outcome, "session").result is WARN
    assert "2007-01-16" in named(outcome, "session").figure


def test_what_was_odd_about_opening_the_desk_is_told(make_house: MakeHouse) -> None:
    outcome = checked(make_house(), lock_holder="run-daily, pid 7", warnings=("WEB_PORT has no use yet",))
    assert named(outcome, "lock").result is WARN
    assert named(outcome, "configuration").result is WARN
    assert "WEB_PORT" in named(outcome, "configuration").figure
    assert outcome.exit_code is ExitCode.OK


# --- prices that nobody should trade on ------------------------------------------------------


def test_a_gap_in_the_bars_is_told_with_its_last_session(make_house: MakeHouse) -> None:
    house = make_house(prices={"ACME": [FLAT] * 4, "BOLT": [FLAT, None, FLAT, FLAT]})
    house.next()
    house.next()
    outcome = checked(house)
    assert named(outcome, "bars").result is WARN
    assert named(outcome, "bars").figure == "BOLT has no bar in 1 session, last on 2007-01-04"


@pytest.mark.parametrize(
    ("price", "said"),
    [("205 206 204 205", "ACME jumped to 205% of the close before on 2007-01-04, and no action says why"),
     ("49 50 48 49", "ACME jumped to 49% of the close before on 2007-01-04, and no action says why"),
     ("195 196 194 195", ""), ("51 52 50 51", "")],
)  # fmt: skip
def test_a_jump_that_nothing_explains_is_told(make_house: MakeHouse, price: str, said: str) -> None:
    house = make_house(prices={"ACME": [FLAT, price, price, price]})
    house.next()
    bars = named(checked(house), "bars")
    assert (bars.result, bars.figure if said else "") == (WARN if said else PASS, said)


def test_a_split_explains_its_jump(make_house: MakeHouse) -> None:
    halved = "50 51 49 50"
    house = make_house(prices={"ACME": [FLAT, halved, halved]}, actions=["ACME,2007-01-04,split,2"])
    house.next()
    assert named(checked(house), "bars").result is PASS


# --- the checks that decide about the day ----------------------------------------------------


class Ahead(Around):
    """The broker's clock goes ahead of ours by so many seconds."""

    seconds = 31.0

    def clock(self) -> MarketClock:
        market = super().clock()
        return replace(market, now=market.now + timedelta(seconds=self.seconds))


class SlightlyAhead(Ahead):
    seconds = 2.0


class ClosesEarly(Around):
    """The broker says that today is a half day, of which our calendar knows nothing."""

    def clock(self) -> MarketClock:
        market = super().clock()
        assert market.today is not None
        return replace(market, today=replace(market.today, closes=market.today.opens.replace(hour=18), half_day=True))


class Behind(Around):
    """The broker's newest session is one that our bars do not reach to."""

    def clock(self) -> MarketClock:
        market = super().clock()
        assert market.today is not None
        return replace(market, previous=market.today)


@pytest.mark.parametrize(
    ("wrap", "name"), [(Ahead, "clock"), (ClosesEarly, "calendar"), (BlockedAccount, "broker"), (Behind, "bars")]
)
def test_run_daily_enters_nothing_while_one_fails_and_may_be_run_again(
    make_house: MakeHouse, wrap: Wrap, name: str
) -> None:
    house = make_house(Script(enter={"ACME": [SECOND]}))
    assert named(checked(house, wrap), name).result is FAIL

    outcome = house.daily(wrap=wrap)

    assert (outcome.status, outcome.exit_code) == (RunStatus.BLOCKED, ExitCode.BLOCKED)
    assert f"no entries ({name}: " in outcome.headline or f"; {name}: " in outcome.headline
    assert DenialCode.PREFLIGHT in {denial.code for denial in outcome.denials}
    assert house.positions() == {}
    assert house.daily().status is RunStatus.RAN
    assert house.positions()["ACME"].quantity == 50


def test_exits_go_on_while_nothing_may_be_entered(make_house: MakeHouse) -> None:
    house = make_house(Script(enter={"ACME": [SECOND]}, leave={"ACME": [THIRD]}))
    house.daily()
    house.next()
    outcome = house.daily(wrap=ClosesEarly)
    assert outcome.status is RunStatus.BLOCKED
    assert house.positions() == {}


def test_a_clock_that_is_a_little_off_is_a_warning(make_house: MakeHouse) -> None:
    outcome = checked(make_house(), SlightlyAhead)
    assert named(outcome, "clock").result is WARN
    assert named(outcome, "clock").figure == "2.0 s from the broker's"


class Live(Around):
    @property
    def mode(self) -> str:
        return "live"


def test_real_money_is_said_in_capital_letters(make_house: MakeHouse) -> None:
    assert named(checked(make_house(), Live), "mode").figure == "LIVE: REAL MONEY IS AT STAKE"


def test_jobs_that_nothing_ran_are_told_until_one_of_their_kind_ran(make_house: MakeHouse) -> None:
    house = make_house()
    house.daily()
    house.next()
    found = named(checked(house), "schedule")
    assert found.result is WARN
    assert "check-exits: 2007-01-04 missed" in found.figure
    assert "run-daily" not in found.figure


# --- the broker's books ----------------------------------------------------------------------------


class Tells(Around):
    """Says something else of the account's configuration or its past."""

    may = Permissions(trading=True, shorting=False, fractions=True)
    close: AccountDay | None = None
    today: AccountDay | None = None

    def permissions(self) -> Permissions:
        return self.may

    def days(self, first: date, last: date) -> tuple[AccountDay, ...]:
        return tuple(day for day in (self.close, self.today) if day is not None)


def test_an_account_whose_owner_suspended_trading_fails(make_house: MakeHouse) -> None:
    class Suspended(Tells):
        may = Permissions(trading=False, shorting=True, fractions=True)

    check = named(checked(make_house(), Suspended), "permissions")
    assert (check.result, check.figure.split(",")[0]) == (FAIL, "trading not allowed")


def test_an_account_that_may_not_sell_short_passes_and_says_so(make_house: MakeHouse) -> None:
    check = named(checked(make_house(), Tells), "permissions")
    assert (check.result, check.figure.split(", ")[1]) == (PASS, "short sales not allowed")


@pytest.mark.parametrize(("equity", "result"), [("100400", PASS), ("101000", WARN), ("99000", WARN)])
def test_a_baseline_that_is_not_what_the_books_say_of_the_close_is_told(
    make_house: MakeHouse, equity: str, result: CheckResult
) -> None:
    class Remembers(Tells):
        close = AccountDay(date(2007, 1, 3), Decimal(equity), Decimal(0))

    check = named(checked(make_house(), Remembers), "baseline")
    assert check.result is result
    assert check.figure.startswith("the day is counted from $100,000.00")


def test_a_deposit_that_no_activity_tells_of_is_told(make_house: MakeHouse) -> None:
    class Paid(Tells):
        today = AccountDay(SECOND, Decimal(100_500), Decimal(500))

    check = named(checked(make_house(), Paid), "baseline")
    assert check.result is WARN
    assert "$500.00 was paid in by the broker's books, $0.00 by its activities" in check.figure

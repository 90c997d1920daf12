"""Halts in a replay: told with session and rule, and met as --on-halt says."""

from __future__ import annotations

from datetime import date

import pytest

from tests.jobs.conftest import MakeHouse
from tests.jobs.house import FLAT, House, Script
from tests.jobs.latches import FALLS, FIVE_PERCENT_A_TRADE, by_environment, by_latch_file
from tradebot.core.model.halts import HaltRule
from tradebot.errors import ExitCode, Halted
from tradebot.jobs.replay_halts import REASON, OnHalt

BOUGHT, FELL = date(2007, 1, 4), date(2007, 1, 8)


@pytest.fixture
def falling(make_house: MakeHouse) -> House:
    """A home whose ACME, bought on the first session, falls 2 % of the account below its peak on the third."""
    script = Script(enter={"ACME": [BOUGHT]}, policy='stop=Decimal("0.50")')
    prices = {"ACME": [FLAT, FLAT, "100 110 99 110", FALLS, *["89.80 90 89 89.80"] * 3], "BOLT": [FLAT] * 7}
    settings = {**FIVE_PERCENT_A_TRADE, "EMERGENCY_STOP_LOSS_PCT": "2%", "DAILY_LOSS_LIMIT_PCT": "50%"}
    return make_house(script, prices=prices, settings=settings)


def test_it_goes_on_under_a_halt_and_tells_it_with_session_and_rule(falling: House) -> None:
    outcome = falling.replay(falling.days[-1])
    (met,) = outcome.halts_met
    assert (met.session, met.halt.rule, met.then) == (FELL, HaltRule.DRAWDOWN, "the replay went on")
    assert outcome.sessions == 6


def test_it_stops_after_the_session_of_a_halt_and_does_not_begin_under_one(falling: House) -> None:
    outcome = falling.replay(falling.days[-1], on_halt=OnHalt.STOP)
    assert (outcome.exit_code, outcome.sessions) == (ExitCode.HALTED, 3)
    assert outcome.headline.startswith(
        "stopped after 3 of 6 sessions: the account is halted by drawdown since 2007-01-08: "
    )
    assert [met.then for met in outcome.halts_met] == ["the replay stopped"]
    with pytest.raises(
        Halted, match=r"by drawdown since 2007-01-08: .*It holds until `tradebot resume`; --on-halt continue"
    ):
        falling.replay(falling.days[-1], on_halt=OnHalt.STOP)
    falling.resume()
    assert falling.replay(falling.days[-1], on_halt=OnHalt.STOP).exit_code is ExitCode.OK


def test_it_resumes_what_its_own_jobs_set(falling: House) -> None:
    outcome = falling.replay(falling.days[-1], on_halt=OnHalt.RESUME)
    assert outcome.exit_code is ExitCode.OK, outcome.headline
    (met,) = outcome.halts_met
    assert (met.session, met.then) == (FELL, "resumed")
    assert falling.rows("SELECT cleared_reason FROM halts") == [{"cleared_reason": REASON}]
    assert outcome.halts == ()


@pytest.mark.parametrize(
    ("latch", "since"),
    [(by_latch_file, " since 2007-01-03 19:00 EST, by this machine's clock"), (by_environment, "")],
)
def test_it_resumes_nothing_that_a_person_set(falling: House, latch: object, since: str) -> None:
    assert callable(latch)
    latch(falling)
    with pytest.raises(
        Halted, match=rf"by operator{since}: .*--on-halt resume ends only halts that jobs of this replay set"
    ):
        falling.replay(falling.days[-1], on_halt=OnHalt.RESUME)
    assert len(falling.reconcile().halts) > 0


def test_a_halt_of_another_run_stops_it_and_one_of_its_own_from_before_does_not(falling: House) -> None:
    falling.replay(FELL)
    with pytest.raises(Halted, match=r"by drawdown"):
        falling.replay(falling.days[-1], on_halt=OnHalt.RESUME)
    with falling.desk() as desk:
        (halt,) = desk.ledger.halts_and_breaks.halts()
    outcome = falling.replay(falling.days[-1], on_halt=OnHalt.RESUME, own=[halt.key])
    assert (outcome.exit_code, outcome.halts) == (ExitCode.OK, ())

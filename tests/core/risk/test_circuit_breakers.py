from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.builders import NOW, TODAY, D, account, counters, limits_with, position
from tradebot.core.model.breaks import Break, BreakKind
from tradebot.core.model.halts import Halt, HaltEnd, HaltLevel, HaltRule, HaltSource
from tradebot.core.model.ledger_rows import Run, RunStatus
from tradebot.core.model.limits import BreaksHaltEnds, LossAction
from tradebot.core.model.schedule import Job
from tradebot.core.risk.circuit_breakers import (
    LimitInputs,
    active_halts,
    breaks_halt,
    failed_runs_halt,
    limit_breach_halt,
    loss_halts,
)
from tradebot.errors import ExitCode

LIMITS = limits_with(daily_loss_limit_pct=D("0.03"), emergency_stop_loss_pct=D("0.10"))


def rules(equity: str, baseline: str, peak: str, flow: str = "0") -> list[HaltRule]:
    today = counters(baseline, peak, uncounted_today=D(flow), uncounted=D(flow))
    return [halt.rule for halt in loss_halts(account(equity), today, LIMITS, TODAY, NOW)]


@pytest.mark.parametrize(
    ("equity", "baseline", "peak", "expected"),
    [
        ("100000", "100000", "100000", []),
        ("97000.01", "100000", "100000", []),
        ("97000", "100000", "100000", [HaltRule.DAILY_LOSS]),
        ("90001", "91000", "100000", []),
        ("90000", "91000", "100000", [HaltRule.DRAWDOWN]),
        ("80000", "100000", "100000", [HaltRule.DAILY_LOSS, HaltRule.DRAWDOWN]),
        ("105000", "100000", "100000", []),
        ("0", "0", "0", []),
        ("-1", "0", "0", [HaltRule.DAILY_LOSS, HaltRule.DRAWDOWN]),
    ],
)
def test_a_loss_that_reaches_its_limit_trips(equity: str, baseline: str, peak: str, expected: list[HaltRule]) -> None:
    assert rules(equity, baseline, peak) == expected


def test_money_taken_out_is_no_loss_and_money_put_in_hides_none() -> None:
    assert rules("90000", "100000", "100000", flow="-10000") == []
    assert rules("102000", "100000", "100000", flow="5000") == [HaltRule.DAILY_LOSS]
    assert rules("102000", "91000", "100000", flow="12000") == [HaltRule.DRAWDOWN]


MONEY = st.integers(1, 1_000_000).map(Decimal)


@given(equity=MONEY, baseline=MONEY, flow=st.integers(-500_000, 500_000).map(Decimal))
def test_money_that_moved_changes_no_halt_and_no_figure(equity: Decimal, baseline: Decimal, flow: Decimal) -> None:
    alone = counters(str(baseline), str(baseline))
    moved = replace(alone, uncounted_today=flow, uncounted=flow)
    assert loss_halts(account(str(equity + flow)), moved, LIMITS, TODAY, NOW) == loss_halts(
        account(str(equity)), alone, LIMITS, TODAY, NOW
    )


@given(equity=MONEY, baseline=MONEY, less=MONEY)
def test_who_has_lost_more_is_halted_at_least_as_much(equity: Decimal, baseline: Decimal, less: Decimal) -> None:
    today = counters(str(baseline), str(baseline))
    here = {halt.rule for halt in loss_halts(account(str(equity)), today, LIMITS, TODAY, NOW)}
    worse = {halt.rule for halt in loss_halts(account(str(equity - less)), today, LIMITS, TODAY, NOW)}
    assert here <= worse


@given(equity=MONEY, baseline=MONEY)
def test_the_fraction_told_is_what_was_lost_of_the_base(equity: Decimal, baseline: Decimal) -> None:
    for halt in loss_halts(account(str(equity)), counters(str(baseline), str(baseline)), LIMITS, TODAY, NOW):
        assert halt.value is not None
        assert abs(baseline * (1 - halt.value) - equity) < D("0.000001")


def test_a_halt_says_what_was_compared() -> None:
    (halt,) = loss_halts(account("96500"), counters(), LIMITS, TODAY, NOW)
    assert (halt.source, halt.level, halt.session, halt.since) == (HaltSource.LEDGER, HaltLevel.HALTED, TODAY, NOW)
    assert (halt.value, halt.limit, halt.until) == (D("0.035"), D("0.03"), None)
    assert "$96,500.00" in halt.reason
    assert "3.5%" in halt.reason


def test_a_days_loss_only_reduces_where_that_is_wanted_and_a_drawdown_never() -> None:
    limits = replace(LIMITS, daily_loss_action=LossAction.REDUCE)
    loss, fall = loss_halts(account("80000"), counters(), limits, TODAY, NOW)
    assert (loss.rule, loss.level) == (HaltRule.DAILY_LOSS, HaltLevel.REDUCING)
    assert (fall.rule, fall.level) == (HaltRule.DRAWDOWN, HaltLevel.HALTED)


# --- the account as it is --------------------------------------------------------------------------


def test_a_breached_limit_only_reduces_and_ends_by_itself() -> None:
    many = tuple(position(f"S{number}", "1") for number in range(11))
    halt = limit_breach_halt(LimitInputs(D(100000), many, (), (), (), {}, LIMITS), TODAY, NOW)
    assert halt is not None
    assert (halt.rule, halt.level, halt.ends_by) == (HaltRule.LIMIT_BREACH, HaltLevel.REDUCING, HaltEnd.ITSELF)
    assert [halt.value, halt.limit] == [11, 10]
    assert halt.reason == "11 positions are open or under way, foreign ones included, and 10 is the most"
    assert limit_breach_halt(LimitInputs(D(100000), many[:10], (), (), (), {}, LIMITS), TODAY, NOW) is None


# --- breaks ----------------------------------------------------------------------------------------


def difference(kind: BreakKind, symbol: str, dollars: str) -> Break:
    return Break(kind, symbol, D(0), D(1), "differs", dollars=D(dollars))


def test_breaks_halt_by_the_dollars_they_come_to_together() -> None:
    shares, cash = difference(BreakKind.QUANTITY, "AAPL", "3000"), difference(BreakKind.CASH, "USD", "1999.99")
    assert breaks_halt([shares, cash], LIMITS, TODAY, NOW) is None
    halt = breaks_halt([shares, replace(cash, dollars=D(2000))], LIMITS, TODAY, NOW)
    assert halt is not None
    assert (halt.rule, halt.level) == (HaltRule.BREAKS, HaltLevel.HALTED)
    assert [halt.value, halt.limit] == [5000, 5000]
    assert halt.reason.startswith("the ledger and the broker differ by $5,000.00 (in AAPL, USD), and $5,000.00 is")


@pytest.mark.parametrize("kind", [BreakKind.UNKNOWN_ORDER, BreakKind.UNKNOWN_OUTCOME, BreakKind.UNPROTECTED])
def test_an_order_under_way_and_a_missing_stop_are_no_missing_money(kind: BreakKind) -> None:
    assert breaks_halt([difference(kind, "AAPL", "9000")], LIMITS, TODAY, NOW) is None


@pytest.mark.parametrize(
    ("since_last", "setting", "ends"),
    [
        (None, BreaksHaltEnds.EXPLAINED, HaltEnd.EXPLAINED),
        (6, BreaksHaltEnds.EXPLAINED, HaltEnd.EXPLAINED),
        (5, BreaksHaltEnds.EXPLAINED, HaltEnd.RESUME),
        (0, BreaksHaltEnds.EXPLAINED, HaltEnd.RESUME),
        (None, BreaksHaltEnds.RESUME, HaltEnd.RESUME),
    ],
)
def test_breaks_halt_until_they_are_explained_unless_they_return_or_a_person_wants_to_look(
    since_last: int | None, setting: BreaksHaltEnds, ends: HaltEnd
) -> None:
    limits = replace(LIMITS, breaks_halt_ends=setting)
    halt = breaks_halt([difference(BreakKind.QUANTITY, "AAPL", "9000")], limits, TODAY, NOW, since_last)
    assert halt is not None
    assert halt.ends_by is ends


# --- failed runs -----------------------------------------------------------------------------------

LETTERS = {"F": RunStatus.FAILED, "R": RunStatus.RAN, "D": RunStatus.RUNNING}


def runs(letters: str) -> list[Run]:
    """Runs newest first, from letters oldest first: failed, ran, or died."""
    made = []
    for number, letter in enumerate(letters, start=1):
        code = {"F": ExitCode.BROKER, "R": ExitCode.OK}.get(letter)
        at = NOW + timedelta(minutes=15 * number)
        made.append(Run(number, Job.CHECK_EXITS, TODAY, LETTERS[letter], code, at, at, at, at, 1, "no route"))
    return made[::-1]


@pytest.mark.parametrize(
    ("letters", "halts"),
    [
        ("", False),
        ("FF", False),
        ("FFF", True),
        ("RFFF", True),
        ("FFFR", False),
        ("FRFF", False),
        ("FDF", True),
        ("DDD", True),
    ],
)
def test_failed_runs_in_a_row_halt(letters: str, halts: bool) -> None:
    assert (failed_runs_halt(runs(letters), LIMITS, TODAY, NOW) is not None) == halts


def test_the_halt_says_which_job_failed_since_when_and_how() -> None:
    halt = failed_runs_halt(runs("RFFF"), LIMITS, TODAY, NOW)
    assert halt is not None
    assert (halt.rule, halt.level) == (HaltRule.FAILED_RUNS, HaltLevel.HALTED)
    assert [halt.value, halt.limit] == [3, 3]
    assert halt.reason == (
        "the last 3 runs of check-exits failed, and 3 in a row are the limit; "
        "the first began 2007-01-04 10:05 EST, the last said: no route"
    )


# --- until when ------------------------------------------------------------------------------------


def _halt(until: date | None) -> Halt:
    return Halt(HaltSource.LEDGER, HaltRule.DAILY_LOSS, HaltLevel.HALTED, "loss", until=until)


def test_a_halt_holds_until_its_session_comes() -> None:
    for_ever, today, tomorrow = _halt(None), _halt(TODAY), _halt(TODAY + timedelta(days=1))
    assert active_halts((for_ever, today, tomorrow), TODAY) == (for_ever, tomorrow)
    assert active_halts((for_ever, today, tomorrow), None) == (for_ever, today, tomorrow)
    assert [halt.ends_by for halt in (for_ever, tomorrow)] == [HaltEnd.RESUME, HaltEnd.SESSION]

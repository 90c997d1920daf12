"""The state of an account in a word, with why and what needs somebody."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.reports.builders import HALT
from tests.reports.conftest import NOON, SESSION
from tradebot.core.model.halts import HaltLevel, HaltRule, HaltScope, HaltSource
from tradebot.core.model.ledger_rows import RunStatus
from tradebot.core.model.schedule import Job
from tradebot.core.results.halt_texts import since_text
from tradebot.core.results.outcomes import Outcome
from tradebot.core.results.status_outcome import StatusOutcome
from tradebot.reports.layout import Tone
from tradebot.web.pages.glance import age_text, glance, unreadable

BASE = Outcome(Job.STATUS, SESSION, RunStatus.RAN, "no position")


@pytest.mark.parametrize(
    ("level", "word", "tone"),
    [
        (HaltLevel.RUNNING, "RUNNING", Tone.GOOD),
        (HaltLevel.REDUCING, "REDUCING", Tone.WARN),
        (HaltLevel.HALTED, "STOPPED", Tone.BAD),
    ],
)
def test_each_level_has_its_word(level: HaltLevel, word: str, tone: Tone) -> None:
    found = glance(StatusOutcome.of(BASE, level=level))
    assert (found.word, found.tone, found.is_known) == (word, tone, True)


def test_a_halt_is_told_once_with_what_ends_it() -> None:
    of_symbol = replace(
        HALT, source=HaltSource.LEDGER, rule=HaltRule.REPEATED_ORDERS, level=HaltLevel.REDUCING,
        scope=HaltScope.SYMBOL, scope_name="AAPL", reason="too often",
    )  # fmt: skip
    halts = (HALT, replace(HALT, source=HaltSource.LEDGER), of_symbol)
    found = glance(StatusOutcome.of(replace(BASE, halts=halts), level=HaltLevel.HALTED))
    assert [reason.text for reason in found.reasons] == ["a drill", "REDUCING symbol AAPL: too often"]
    assert "latch file and ledger" in found.reasons[0].detail
    assert "until `tradebot resume`" in found.reasons[0].detail
    assert found.may_resume
    assert not glance(StatusOutcome.of(replace(BASE, halts=(replace(HALT, source=HaltSource.ENVIRONMENT),)))).may_resume


def test_a_stop_that_was_run_again_is_one_reason_with_its_times() -> None:
    later = [replace(HALT, since=HALT.since + timedelta(minutes=n)) for n in (0, 4, 2) if HALT.since]
    (reason,) = glance(StatusOutcome.of(replace(BASE, halts=tuple(later)), level=HaltLevel.HALTED)).reasons
    assert reason.text == "a drill"
    first, last = (since_text(each) for each in (later[0], later[1]))
    assert f" on {first}, and 2 more times up to {last}, " in reason.detail
    other = replace(later[1], reason="another one")
    found = glance(StatusOutcome.of(replace(BASE, halts=(*later, other)), level=HaltLevel.HALTED)).reasons
    assert [each.text for each in found] == ["a drill", "another one"]


def test_what_cannot_be_read_counts_as_halted() -> None:
    found = unreadable("the ledger is damaged")
    assert (found.word, found.tone, found.is_readable, found.is_known) == (
        "HALTED (unreadable)",
        Tone.BAD,
        False,
        False,
    )
    assert "The emergency stop works" in found.meaning
    assert found.reasons[0].text == "the ledger is damaged"
    stopped = unreadable("the ledger is damaged", [HALT]).reasons[1]
    assert stopped.text == "a drill"
    assert "until `tradebot resume`" in stopped.detail


def test_without_the_broker_it_is_not_said_that_nothing_is_needed() -> None:
    assert not glance(StatusOutcome.of(BASE, trouble="no route")).is_known


def test_ages() -> None:
    ages = [age_text(timedelta(seconds=seconds), NOON) for seconds in (-3, 12, 59, 60, 3599, 3600, 86399, 86400)]
    assert ages == ["0 s ago", "12 s ago", "59 s ago", "1 min ago", "59 min ago", "1 h ago", "23 h ago",
                    "at 2007-01-03 12:00 EST"]  # fmt: skip

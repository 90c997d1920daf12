"""What a diff found, in words: the headline, the alert, and what to do about each cause."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from tradebot.core.model.ledger_rows import RunStatus
from tradebot.core.model.schedule import Job
from tradebot.core.results.diff_outcome import Cause, Compared, DiffLine, DiffOutcome, Fact
from tradebot.core.results.diff_run import REMEDIES, alert_of, diff_run, remedy
from tradebot.core.results.outcomes import Outcome
from tradebot.errors import ExitCode

DAY, NEXT = date(2007, 1, 4), date(2007, 1, 5)
BASE = Outcome(Job.DIFF, NEXT, RunStatus.RAN, "")


def line(cause: Cause | None, symbol: str = "ACME", why: str = "") -> DiffLine:
    sold = Fact("sold: stop", Decimal(10), Decimal("25.10"))
    return DiffLine(Compared.EXIT, "rsi2", symbol, sold, None, cause, why)


def found(*causes: Cause | None, session: date = DAY) -> DiffOutcome:
    return DiffOutcome(session, None, tuple(map(line, causes)))


def test_the_headline_counts_what_nothing_explains() -> None:
    slip, unexplained = Cause.SLIPPAGE, Cause.UNEXPLAINED
    told = {
        (found(None),): "2007-01-04: no difference; 1 line agrees",
        (found(None, None, slip, slip),): "2007-01-04: none of 2 differences unexplained (slippage 2); 2 lines agree",
        (found(unexplained),): "2007-01-04: 1 of 1 difference unexplained; 0 lines agree",
        (DiffOutcome(DAY, None, (), is_recorded=False),):
            "2007-01-04: not compared, what it was decided on is not stored",
        (DiffOutcome(DAY, None, (), is_recorded=False), found(None, session=NEXT)):
            "2 sessions from 2007-01-04 to 2007-01-05: no difference; 1 line agrees; 1 not compared",
        (found(unexplained, slip), found(None, session=NEXT)):
            "2 sessions from 2007-01-04 to 2007-01-05: 1 of 2 differences unexplained (slippage 1); 1 line agrees",
    }  # fmt: skip
    for compared, headline in told.items():
        outcome = diff_run(BASE, compared)
        assert outcome.headline == headline
        assert outcome.diffs == compared
        is_unexplained = any(each.unexplained for each in compared)
        assert outcome.exit_code is (ExitCode.BREAKS if is_unexplained else ExitCode.OK)
    assert (outcome.causes, outcome.unexplained_count) == ({slip: 1, unexplained: 1}, 1)


def test_an_alert_names_each_that_is_unexplained_and_what_to_do() -> None:
    assert alert_of(found(None, Cause.HALT)) is None
    alarm = alert_of(DiffOutcome(DAY, None, (line(Cause.SLIPPAGE), line(Cause.UNEXPLAINED, "BOLT", "no rule says so"))))
    assert alarm is not None
    assert alarm.title == "2007-01-04: 1 difference to the backtest unexplained"
    assert alarm.message.startswith(
        "BOLT exit (rsi2): live sold: stop 10 at 25.10, backtest nothing: no rule says so. "
        "`tradebot explain BOLT --date 2007-01-04` tells what live did;"
    )
    assert alarm.key == "diff:2007-01-04:1:exit-rsi2-BOLT"


def test_the_key_of_an_alert_is_that_of_its_causes() -> None:
    many = tuple(line(Cause.UNEXPLAINED, f"SYM{number}") for number in range(30))
    alarm = alert_of(DiffOutcome(DAY, None, many))
    again = alert_of(DiffOutcome(DAY, None, many[::-1]))
    other = alert_of(DiffOutcome(DAY, None, (*many, line(Cause.UNEXPLAINED, "ZZZ"))))
    assert alarm and again and other
    assert "22 more differences: `tradebot diff 2007-01-04` shows each." in alarm.message
    assert alarm.key == again.key != other.key
    assert len(other.key) <= 200


def test_every_cause_says_what_to_do() -> None:
    assert set(REMEDIES) == set(Cause)
    for cause in Cause:
        said = remedy(line(cause), DAY)
        assert said
        assert "SYMBOL" not in said
        assert "SESSION" not in said
    assert remedy(line(None), DAY) == ""

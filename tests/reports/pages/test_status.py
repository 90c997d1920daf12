"""The pages of status and resume."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from tests.core.builders import limits_with
from tests.reports.builders import HALT, POSITION, Plain
from tests.reports.conftest import NOON, SESSION, Place
from tradebot.core.model.halts import Halt, HaltLevel, HaltRule, HaltSource
from tradebot.core.model.ledger_rows import Run, RunStatus
from tradebot.core.model.limits import Counters
from tradebot.core.model.schedule import Job
from tradebot.core.results.outcomes import Outcome
from tradebot.core.results.status_outcome import StatusOutcome
from tradebot.core.risk.circuit_breakers import EquityLoss, LimitUse
from tradebot.reports.layout import Cell, Table, Tone
from tradebot.reports.pages.status import resume_page, status_page

USED = LimitUse(
    positions=1,
    gross_exposure=Decimal("0.999"),
    daily_loss=EquityLoss(Decimal(1000), Decimal(970), Decimal("0.03"), Decimal("0.03")),
    drawdown=EquityLoss(Decimal(1200), Decimal(970), Decimal("0.0999"), Decimal("0.1")),
)


def test_status_shows_the_halt_the_lock_the_runs_and_the_limits(base: Outcome, place: Place, plain: Plain) -> None:
    run = Run(1, Job.RUN_DAILY, SESSION, RunStatus.FAILED, 6, NOON, NOON, NOON, NOON, 17, "the broker is away")
    status = StatusOutcome.of(
        replace(base, halts=(HALT,)), level=HaltLevel.HALTED, lock_holder="pid 17 (run-daily)", last_runs=(run,),
        positions=(replace(POSITION, protected=False),), limits=limits_with(), now=NOON,
        counters=Counters(SESSION, 20, Decimal(1000), Decimal(1200)), used=USED,
    )  # fmt: skip
    text = plain(status_page(status, place))
    for words in (
        "HALTED: only cancels", "pid 17 (run-daily)", "HALTED: a drill", "latch file (operator)",
        "until `tradebot resume`",
        "    now  tradebot status --home /home/me/desk\n",
        '         tradebot resume --reason "what was found and done" --home /home/me/desk\n',
        "the broker is away", "NO ", "2007-01-03 12:00 EST",
    ):  # fmt: skip
        assert words in text
    figures = {name.strip(): row for name, *row in (line.rsplit(maxsplit=2) for line in text.splitlines() if line)}
    assert figures["entries sent"] == ["20", "20"]
    assert figures["gross exposure, without gains"] == ["99.90%", "100.00%"]
    assert figures["loss today"] == ["3.00%", "3.00%"]
    assert figures["fall from the peak"] == ["9.99%", "10.00%"]


def test_status_marks_a_figure_that_reached_its_limit(base: Outcome, place: Place) -> None:
    status = StatusOutcome.of(
        base, limits=limits_with(), now=NOON, used=USED, counters=Counters(SESSION, 0, Decimal(1000), Decimal(1200))
    )
    tables = (block for block in status_page(status, place) if isinstance(block, Table))
    (limits,) = (table for table in tables if table.columns[0].name == "limit")
    marked = {row[0] for row in limits.rows if isinstance(row[1], Cell) and row[1].tone is Tone.BAD}
    assert marked == {"loss today"}


def test_the_rest_of_a_shared_position_has_a_line_and_no_word_on_its_stop(
    base: Outcome, place: Place, plain: Plain
) -> None:
    rest = replace(POSITION, strategy="foreign", quantity=Decimal(7), stop=None, protected=None)
    status = StatusOutcome.of(base, positions=(POSITION, rest), limits=limits_with(), counters=Counters(
        SESSION, 0, Decimal(1000), Decimal(1200)
    ), now=NOON, used=USED)  # fmt: skip
    text = plain(status_page(status, place))
    ours, foreign = (line.split() for line in text.splitlines() if "AAPL" in line)
    assert (ours[1], ours[-2:]) == ("10", ["yes", "rsi2"])
    assert (foreign[1], foreign[-2:]) == ("7", ["-", "foreign"])
    assert next(line.split() for line in text.splitlines() if "positions  " in line)[1] == "1"


def test_a_halt_in_the_latch_file_and_the_ledger_is_told_once(base: Outcome, place: Place, plain: Plain) -> None:
    text = plain(resume_page(replace(base, halts=(HALT, replace(HALT, source=HaltSource.LEDGER))), place))
    assert text.count("a drill") == 1
    assert "set by latch file and ledger (operator)" in text


def test_a_halt_of_the_environment_ends_where_it_was_set(base: Outcome, place: Place, plain: Plain) -> None:
    halt = Halt(HaltSource.ENVIRONMENT, HaltRule.OPERATOR, HaltLevel.HALTED, "EMERGENCY_STOP_ENABLED=true")
    text = plain(resume_page(replace(base, halts=(halt,)), place))
    assert "until EMERGENCY_STOP_ENABLED is unset" in text
    assert "tradebot resume" not in text

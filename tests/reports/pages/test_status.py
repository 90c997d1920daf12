"""The pages of status and resume."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from tests.core.builders import account, limits_with
from tests.reports.builders import HALT, POSITION, Plain
from tests.reports.conftest import NOON, SESSION, Place, Terminal
from tradebot.core.model.halts import Halt, HaltLevel, HaltRule, HaltSource
from tradebot.core.model.ledger_rows import Run, RunStatus
from tradebot.core.model.limits import Counters
from tradebot.core.model.schedule import DAY, Job
from tradebot.core.results.needs import Need
from tradebot.core.results.outcomes import Outcome
from tradebot.core.results.status_outcome import StatusOutcome
from tradebot.core.risk.circuit_breakers import EquityLoss, LimitUse
from tradebot.core.safety.schedule_status import JobStatus, SessionJob
from tradebot.core.safety.stop_losses import StopLossTotal
from tradebot.reports.layout import Cell, Table, Tone
from tradebot.reports.pages.status import resume_page, status_page
from tradebot.reports.terminal import draw

USED = LimitUse(
    positions=1,
    gross_exposure=Decimal("0.999"),
    daily_loss=EquityLoss(Decimal(1000), Decimal(970), Decimal("0.03"), Decimal("0.03"), "the last close"),
    drawdown=EquityLoss(Decimal(1200), Decimal(970), Decimal("0.0999"), Decimal("0.1"), "its peak"),
)


def test_status_shows_the_halt_the_lock_the_runs_and_the_limits(base: Outcome, place: Place, plain: Plain) -> None:
    run = Run(1, Job.RUN_DAILY, SESSION, RunStatus.FAILED, 6, NOON, NOON, NOON, NOON, 17, "the broker is away")
    status = StatusOutcome.of(
        replace(base, halts=(HALT,)), level=HaltLevel.HALTED, lock_holder="pid 17 (run-daily)", last_runs=(run,),
        positions=(replace(POSITION, protected=False),), limits=limits_with(), now=NOON,
        counters=Counters(SESSION, 20, Decimal(1000), Decimal(1200)), used=USED,
    )  # fmt: skip
    text = plain(status_page(status, place, full=True))
    for words in (
        "HALTED: only cancels", "pid 17 (run-daily)", "HALTED: a drill", "latch file (operator)",
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
    tables = (block for block in status_page(status, place, full=True) if isinstance(block, Table))
    (limits,) = (table for table in tables if table.columns[0].name == "limit")
    marked = {row[0] for row in limits.rows if isinstance(row[1], Cell) and row[1].tone is Tone.BAD}
    assert marked == {"loss today"}


def test_the_rest_of_a_shared_position_has_a_line_and_no_word_on_its_stop(
    base: Outcome, place: Place, plain: Plain
) -> None:
    rest = replace(POSITION, strategy="foreign", quantity=Decimal(7), stop=None, protected=None, target=Decimal(30))
    status = StatusOutcome.of(base, positions=(POSITION, rest), limits=limits_with(), counters=Counters(
        SESSION, 0, Decimal(1000), Decimal(1200)
    ), now=NOON, used=USED)  # fmt: skip
    text = plain(status_page(status, place, full=True))
    ours, foreign = (line.split() for line in text.splitlines() if "AAPL" in line)
    assert (ours[1], ours[4:7]) == ("10", ["24.85", "4.4%", "-"])
    assert (foreign[1], foreign[4:7]) == ("7", ["-", "-", "-"])
    assert "rsi2" in ours
    assert "foreign" in foreign
    assert next(line.split() for line in text.splitlines() if "positions  " in line)[1] == "1"


def test_what_needs_the_operator_stands_before_everything_else_and_says_what_to_do(
    base: Outcome, place: Place, plain: Plain
) -> None:
    needs = (Need("AAPL: the stop of 10 shares is missing, $260.00 without one", "`tradebot check-exits` places it"),)
    status = StatusOutcome.of(
        replace(base, halts=(HALT,)), level=HaltLevel.HALTED, positions=(POSITION,), needs=needs, now=NOON
    )
    text = plain(status_page(status, place))
    order = [
        text.index(words) for words in ("Needs you", "a drill", needs[0].what, needs[0].do, status.headline, "symbol")
    ]
    assert order == sorted(order)
    assert text.count("a drill") == 1
    assert "  nothing needs you\n" in plain(status_page(StatusOutcome.of(base, now=NOON), place))


def test_what_the_stops_would_lose_is_told_with_the_shares_that_have_none(
    base: Outcome, place: Place, plain: Plain
) -> None:
    bare = replace(POSITION, symbol="BOLT", protected=False, to_stop=Decimal(0), bare=Decimal(260))
    known = replace(POSITION, to_stop=Decimal("11.50"), bare=Decimal(0))
    status = StatusOutcome.of(
        replace(base, account=account("1000")), positions=(known, bare), now=NOON,
        if_all_stops_fill=StopLossTotal(Decimal("11.50"), Decimal(260), Decimal("271.50")),
    )  # fmt: skip
    text = " ".join(plain(status_page(status, place)).split())
    assert (
        "If every stop fills at its price, 271.50 is lost from here (27.2% of equity), 260.00 of it shares without a "
        "stop, in full. A gap through a stop loses more."
    ) in text
    assert "BOLT 10 26.00 +9.00 24.85 NO STOP 260.00 260.00 rsi2 25.10" in text
    assert "If every stop" not in plain(status_page(replace(status, positions=()), place))


def test_the_jobs_of_the_newest_session_are_a_line_and_the_others_are_for_full(
    base: Outcome, place: Place, plain: Plain
) -> None:
    before = SESSION - timedelta(days=1)
    jobs = (SessionJob(before, Job.REPORT, JobStatus.MISSED), SessionJob(SESSION, Job.RUN_DAILY, JobStatus.RAN, NOON))
    status = StatusOutcome.of(base, schedule=(*jobs, SessionJob(SESSION, Job.REPORT, JobStatus.DUE)), now=NOON)
    text = plain(status_page(status, place))
    assert "Jobs of 2007-01-03\n  run-daily ran 12:00, report due\n" in text
    assert "missed" not in text
    assert "missed" in plain(status_page(status, place, full=True))


@pytest.mark.parametrize("width", [60, 80, 140])
def test_status_is_one_screen_without_a_cut_figure(
    base: Outcome, place: Place, width: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    lost = replace(POSITION, to_stop=Decimal(2469), bare=Decimal(0))
    held = replace(lost, strategy="rsi2_mean_reversion", last=Decimal("1234.56"), stop=Decimal("1134.5625"))
    many = tuple(replace(held, symbol=f"ABC.{letter}", pnl=Decimal("-12345.67")) for letter in "ABCDE")
    jobs = tuple(SessionJob(SESSION, job, JobStatus.RAN, NOON) for job in DAY)
    status = StatusOutcome.of(
        replace(base, account=account()), positions=many, schedule=jobs, now=NOON,
        if_all_stops_fill=StopLossTotal(Decimal(12345), Decimal(0), Decimal(12345)),
    )  # fmt: skip
    text = re.sub(r"\x1b\[[0-9;]*m", "", draw(status_page(status, place), Terminal())).splitlines()
    assert len(text) <= 22, "with what stands before it a screen of 25 lines"
    assert max(map(len, text)) <= width
    rows = [line.split() for line in text if "ABC." in line]
    assert [row[:6] for row in rows] == [
        [f"ABC.{letter}", "10", "1234.56", "-12,345.67", "1134.5625", "8.1%"] for letter in "ABCDE"
    ]
    assert ("2,469.00" in rows[0]) == (width >= 80), "what is lost at the stop goes last"
    assert ("rsi2_mean_reversion" in rows[0]) == (width > 80)


def test_a_halt_in_the_latch_file_and_the_ledger_is_told_once(base: Outcome, place: Place, plain: Plain) -> None:
    text = plain(resume_page(replace(base, halts=(HALT, replace(HALT, source=HaltSource.LEDGER))), place))
    assert text.count("a drill") == 1
    assert "set by latch file and ledger (operator)" in text


def test_a_halt_of_the_environment_ends_where_it_was_set(base: Outcome, place: Place, plain: Plain) -> None:
    halt = Halt(HaltSource.ENVIRONMENT, HaltRule.OPERATOR, HaltLevel.HALTED, "EMERGENCY_STOP_ENABLED=true")
    text = plain(resume_page(replace(base, halts=(halt,)), place))
    assert "until EMERGENCY_STOP_ENABLED is unset" in text
    assert "tradebot resume" not in text

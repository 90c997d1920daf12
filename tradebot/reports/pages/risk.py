"""The pages of risk and jobs: the limits with their use and what is at stake, and the jobs of a session."""

from __future__ import annotations

from tradebot.core.results.job_lines import JobLine, SessionJobs
from tradebot.core.results.period_lines import LimitLine
from tradebot.core.results.risk_outcome import RiskOutcome
from tradebot.core.safety.schedule_status import JobStatus
from tradebot.reports.formatting import NOTHING, day, instant, percent_text, usd
from tradebot.reports.layout import Cell, Facts, Line, Page, Tone, section, table
from tradebot.reports.pages import common
from tradebot.reports.pages.status import JOB_TONES
from tradebot.reports.pages.trading_cost import in_unit


def risk_page(found: RiskOutcome) -> Page:
    """The use of each limit, then exposure and what the stops would lose, by symbol."""
    if found.session is None:
        return common.notes(found.notes)
    rows = (
        (each.symbol, usd(each.gross_exposure), percent_text(each.share), usd(each.lost_at_stop))
        for each in found.symbols
    )
    bare = Cell(usd(found.unprotected), Tone.BAD if found.unprotected else Tone.PLAIN)
    return (
        *((Line(f"The broker could not be asked: {found.trouble}", Tone.BAD),) if found.trouble else ()),
        *((Line(f"as known at {instant(found.known_at)}", Tone.WARN),) if found.known_at else ()),
        *section(
            "Limits, the most used first",
            *table("limit | >used | >allowed | >share used", map(_limit_row, found.limits_used)),
        ),
        *section(
            "At stake",
            Facts(
                (
                    ("equity", usd(found.equity)),
                    ("gross exposure", usd(found.gross_exposure)),
                    ("lost if every stop is hit", usd(found.lost_at_stops)),
                    ("largest symbol", percent_text(found.concentration)),
                    ("without a stop", bare),
                )
            ),
            *table("symbol | >exposure | >share | >lost at the stop", rows),
        ),
        *common.notes(found.notes),
    )


def _limit_row(line: LimitLine) -> tuple[str | Cell, ...]:
    used = Cell(percent_text(line.share, 0), Tone.BAD if line.share >= 1 else Tone.PLAIN)
    return line.setting, in_unit(line.setting, line.value), in_unit(line.setting, line.limit), used


def jobs_page(found: SessionJobs) -> Page:
    """A line for each job of the session, New York time."""
    if not found.lines:
        return (Line("no session has begun since the schedule is tracked", Tone.QUIET),)
    return section(f"Jobs of {day(found.session)}", *table(_JOBS, map(_job_row, found.lines)))


_JOBS = "job | status | due | began | >code | ?~what it said"


def _job_row(line: JobLine) -> tuple[str | Cell, ...]:
    return (
        str(line.job),
        Cell(str(line.mark), Tone.BAD if line.mark is JobStatus.MISSED else JOB_TONES.get(line.mark, Tone.PLAIN)),
        instant(line.due_at),
        instant(line.began_at),
        NOTHING if line.run_code is None else str(line.run_code),
        line.run_summary,
    )

"""The page of the weekly review and the yearly self-assessment: a report's figures, what to look at, and questions."""

from __future__ import annotations

from collections.abc import Iterable

from tradebot.core.model.values import plural
from tradebot.core.results.report_outcome import ReportOutcome
from tradebot.core.results.report_periods import Period
from tradebot.core.results.review import APPROACHED, Review, approached
from tradebot.reports.formatting import percent_text
from tradebot.reports.layout import Heading, Line, Page, Tone, lines, section
from tradebot.reports.pages import common, period, trading_cost
from tradebot.reports.pages.equity import equity
from tradebot.reports.pages.report import statistics_table
from tradebot.reports.run_header import RunHeader
from tradebot.reports.statistics import Figure


def review_page(outcome: ReportOutcome, where: RunHeader, review: Review, figures: Iterable[Figure]) -> Page:
    """What happened, what broke, limits approached, cost, halts and drills, what to look at, questions to answer."""
    title = "yearly self-assessment" if outcome.period is Period.YEAR else "weekly review"
    _, *rest = common.headline(outcome)
    return (
        Heading(title),
        *rest,
        *common.halts(outcome.halts, where.home),
        *equity(outcome),
        *common.totals(outcome.totals, unrealised=outcome.unrealised),
        *(statistics_table(figures, outcome.not_compared) if outcome.period is Period.YEAR else ()),
        *period.by_strategy(outcome),
        *period.by_month(outcome),
        *period.best_and_worst(outcome),
        *(period.troubles(outcome.jobs, outcome.breaks_in_period) or _nothing("What went wrong", "nothing")),
        *_limits(outcome),
        *(trading_cost.trading_cost(outcome.cost) or _nothing("Slippage and cost, USD", "nothing was traded")),
        *(
            period.halts_and_drills(outcome.halts_in_period, outcome.drills)
            or _nothing("Halts and drills", "no halt, no drill")
        ),
        *common.bare(outcome.bare),
        *section("Look at", *(lines(review.look_at, Tone.WARN) or (Line("nothing stands out", Tone.GOOD),))),
        *section("Questions to answer", *_numbered(review.questions)),
        *common.record_files(where),
    )


def _limits(outcome: ReportOutcome) -> Page:
    close = approached(outcome)
    if close:
        return trading_cost.limits_table("Limits approached", close)
    if not outcome.limits_used:
        return _nothing("Limits approached", trading_cost.NOT_RECORDED)
    text = (
        f"none of {plural(len(outcome.limits_used), 'limit')} was used to {percent_text(APPROACHED, 0)} or more, save "
        "those that each order is sized by"
    )
    return _nothing("Limits approached", text)


def _nothing(title: str, text: str) -> Page:
    return section(title, Line(text, Tone.QUIET))


def _numbered(questions: Iterable[str]) -> tuple[Line, ...]:
    return tuple(Line(f"{number}. {question}") for number, question in enumerate(questions, start=1))

"""The pages of report and replay: the figures of a period, compared with the S&P 500 over the same sessions."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from tradebot.core.model.account import CashEvent
from tradebot.core.model.values import ZERO
from tradebot.core.results.report_outcome import HaltMet, ReplayOutcome, ReportOutcome
from tradebot.core.results.report_periods import Period
from tradebot.reports.formatting import day, percent_text, ratio, signed_usd, usd
from tradebot.reports.layout import Cell, Line, Page, Tone, lines, section, table
from tradebot.reports.pages import common, period
from tradebot.reports.pages import trading_cost as cost
from tradebot.reports.pages.equity import equity
from tradebot.reports.run_header import RunHeader
from tradebot.reports.statistics import Figure


def report_page(outcome: ReportOutcome, where: RunHeader, figures: Iterable[Figure]) -> Page:
    """The page of a period. A single day is too short for statistics, so its page has none."""
    shown = () if outcome.period is Period.DAY else figures
    halts = common.halts(outcome.halts, where.home)
    return (*common.headline(outcome), *halts, *_period_sections(outcome, where, shown))


def replay_page(outcome: ReplayOutcome, where: RunHeader, figures: Iterable[Figure]) -> Page:
    """Sessions, jobs and speed of a replay, then its report."""
    speed = f"in {outcome.seconds:.1f} s"
    if outcome.seconds > 0 and outcome.sessions:
        speed += f", {outcome.sessions / outcome.seconds:.1f} sessions a second"
    return (
        *common.headline(outcome),
        Line(speed),
        *halts_met(outcome.halts_met),
        *common.halts(outcome.halts, where.home),
        *common.failures(outcome.failures),
        *common.notes(outcome.notes),
        *(_period_sections(outcome.report, where, figures) if outcome.report else ()),
    )


def halts_met(halts: Iterable[HaltMet]) -> Page:
    """The halts that were set while sessions were replayed."""
    return section(
        "Halts on the way",
        *table(
            "session | rule | halted | ~why | ~then",
            (
                (
                    day(met.session),
                    Cell(met.halt.rule.replace("_", " "), Tone.WARN),
                    met.halt.subject,
                    met.halt.reason,
                    met.then,
                )
                for met in halts
            ),
        ),
    )


def _period_sections(outcome: ReportOutcome, where: RunHeader, figures: Iterable[Figure]) -> Page:
    return (
        *equity(outcome),
        *common.totals(outcome.totals, unrealised=outcome.unrealised),
        *statistics_table(figures, outcome.not_compared),
        *period.by_strategy(outcome),
        *period.by_symbol(outcome.by_symbol),
        *period.by_month(outcome),
        *period.best_and_worst(outcome),
        *period.positions(outcome),
        *_unprotected(outcome),
        *period.turnover(outcome),
        *cost.trading_cost(outcome.cost),
        *cost.limits_used(outcome),
        *common.bare(outcome.bare),
        *denials(outcome),
        *period.halts_and_drills(outcome.halts_in_period, outcome.drills),
        *period.troubles(outcome.jobs, outcome.breaks_in_period),
        *cash(outcome.cash_events),
        *common.breaks(outcome.breaks),
        *common.record_files(where),
    )


def statistics_table(figures: Iterable[Figure], missing: Iterable[str] = ()) -> Page:
    """Each statistic with its convention, then what is missing beside them."""
    return section(
        "Statistics",
        *table(
            "figure | >value | ~convention",
            (
                (
                    figure.label,
                    percent_text(figure.value, 2) if figure.is_share else ratio(figure.value),
                    Cell(figure.convention, Tone.QUIET),
                )
                for figure in figures
            ),
        ),
        *lines(missing, Tone.QUIET),
    )


def _unprotected(outcome: ReportOutcome) -> Page:
    if not outcome.unprotected:
        return ()
    return (Line(f"{usd(outcome.unprotected)} USD have no stop at the broker", Tone.BAD),)


def denials(outcome: ReportOutcome) -> Page:
    """The denials by code, the most first."""
    by_count = sorted(outcome.denial_counts.items(), key=lambda item: (-item[1], item[0]))
    return section("Denials", *table("code | >times", ((code, str(count)) for code, count in by_count)))


def cash(events: Iterable[CashEvent]) -> Page:
    """The sums of cash that moved without a trade."""
    sums: dict[str, Decimal] = {}
    for event in events:
        sums[event.kind] = sums.get(event.kind, ZERO) + event.amount
    rows = ((kind.replace("_", " "), signed_usd(amount)) for kind, amount in sorted(sums.items()))
    return section("Cash without a trade, USD", *table("kind | >sum", rows))

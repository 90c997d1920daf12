"""Bars of what trading cost and of how far the limits were used, with their tables. Amounts are USD."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal

from tradebot.core.accounting.trading_cost import CostLine
from tradebot.core.model.values import ZERO, plural
from tradebot.core.results.period_lines import LimitLine
from tradebot.core.results.report_outcome import ReportOutcome
from tradebot.reports.charts.bar_chart import Bar, BarChart, bar_chart
from tradebot.reports.formatting import NOTHING, day, number, percent_text, ratio, signed_usd, usd
from tradebot.reports.html_report.document import Figure
from tradebot.reports.layout import Table, columns


def trading_figures(outcome: ReportOutcome, hide: Callable[[str], str]) -> tuple[Figure, ...]:
    """The figures for which there are records: cost by strategy and by hour, and the use of limits.

    ``hide`` masks what must not leave the machine in the names that are drawn.
    """
    cost = outcome.cost
    return (
        *(_cost("strategy", cost.by_strategy, hide) if cost and cost.total.fills else ()),
        *(_cost("hour", cost.by_hour, hide) if cost and len(cost.by_hour) > 1 else ()),
        *(_limits(outcome) if outcome.limits_used else ()),
    )


def _cost(unit: str, lines: Sequence[CostLine], hide: Callable[[str], str]) -> tuple[Figure, ...]:
    title = f"Cost of trading by {unit}"
    text = "Commissions and fees, and slippage from the price at the decision to the fill; below zero is a gain."
    if unit == "hour":
        text += " Hours are New York's."
    if missing := sum(line.without_planned for line in lines):
        text += f" The price at the decision of {plural(missing, 'fill')} is not recorded: their slippage is not in it."
    bars = tuple(Bar(hide(_name(unit, line)), float(_whole(line)), usd(_whole(line))) for line in lines)
    rows = tuple(
        (
            _name(unit, line),
            f"{line.fills:,}",
            usd(line.value),
            _recorded(line.slippage),
            NOTHING if line.slippage_bps is None else ratio(line.slippage_bps),
            usd(line.commissions),
        )
        for line in lines
    )
    names = f"{unit} | >fills | >traded | >slippage | >basis points | >commissions and fees"
    chart = BarChart(f"cost-by-{unit}", f"{title}, USD", text, bars)
    return (Figure(title, bar_chart(chart), text, Table(columns(names), rows)),)


def _limits(outcome: ReportOutcome) -> tuple[Figure, ...]:
    lines = outcome.limits_used
    text = "The highest use of each limit in the period, against its setting at that time. The mark is the limit."
    if outcome.sessions_without_limits:
        text += f" For {plural(outcome.sessions_without_limits, 'session')} it is not recorded."
    bars = tuple(_limit_bar(line) for line in lines)
    rows = tuple(
        (line.setting, number(line.used), number(line.limit), percent_text(line.share), day(line.session))
        for line in lines
    )
    chart = BarChart("limits", "Limits used", text, bars, limit=1.0)
    table = Table(columns("limit | >highest use | >setting then | >share | session"), rows)
    return (Figure("Limits used", bar_chart(chart), text, table),)


def _limit_bar(line: LimitLine) -> Bar:
    return Bar(line.setting, float(line.share), percent_text(line.share), line.share > 1)


def _name(unit: str, line: CostLine) -> str:
    return f"{line.name}:00" if unit == "hour" else line.name


def _whole(line: CostLine) -> Decimal:
    return line.commissions + (line.slippage or ZERO)


def _recorded(amount: Decimal | None) -> str:
    return "not recorded" if amount is None else signed_usd(amount).text

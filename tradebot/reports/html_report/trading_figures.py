"""Bars of what trading cost and of how far the limits were used. The sections that they stand in have their tables."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal

from tradebot.core.accounting.trading_cost import CostLine
from tradebot.core.model.values import ZERO
from tradebot.core.results.period_lines import LimitLine
from tradebot.core.results.report_outcome import ReportOutcome
from tradebot.reports.charts.bar_chart import Bar, BarChart, bar_chart
from tradebot.reports.formatting import percent_text, usd
from tradebot.reports.html_report.document import Figure
from tradebot.reports.pages.trading_cost import COST, LIMITS

_USED = "Highest use of each limit"
_USED_TEXT = "The highest use of each limit in the period, against its setting at that time. The mark is the limit."


def trading_figures(outcome: ReportOutcome, hide: Callable[[str], str]) -> Mapping[str, tuple[Figure, ...]]:
    """The charts by the title of the section that they belong to.

    ``hide`` masks what must not leave the machine in the names that are drawn.
    """
    cost = outcome.cost
    return {
        COST: (
            *((_cost("strategy", cost.by_strategy, hide),) if cost and len(cost.by_strategy) > 1 else ()),
            *((_cost("hour", cost.by_hour, hide),) if cost and len(cost.by_hour) > 1 else ()),
        ),
        LIMITS: (limits_figure(_USED, _USED_TEXT, outcome.limits_used),) if outcome.limits_used else (),
    }


def _cost(unit: str, lines: Sequence[CostLine], hide: Callable[[str], str]) -> Figure:
    text = "Commissions, and slippage from the price at the decision to the fill, USD. Below zero is a gain."
    if unit == "hour":
        text += " Hours are New York's."
    if any(line.without_planned for line in lines):
        text += " Slippage that is not recorded is not in it."
    bars = tuple(
        Bar(hide(f"{line.name}:00" if unit == "hour" else line.name), float(_whole(line)), usd(_whole(line)))
        for line in lines
    )
    title = f"Cost by {unit}"
    return Figure(title, bar_chart(BarChart(f"cost-by-{unit}", title, text, bars)), text)


def limits_figure(title: str, text: str, lines: Sequence[LimitLine]) -> Figure:
    """A bar for each limit, as long as its use."""
    bars = tuple(
        Bar(line.setting, float(line.share), percent_text(line.share), is_bad=line.share > 1) for line in lines
    )
    return Figure(title, bar_chart(BarChart("limits", title, text, bars, limit=1.0)), text)


def _whole(line: CostLine) -> Decimal:
    return line.commissions + (line.slippage or ZERO)

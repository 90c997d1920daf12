"""The sections of a report on what trading cost and how far limits were used."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from tradebot.core.accounting.trading_cost import CostLine, TradingCost
from tradebot.core.model.values import plural
from tradebot.core.results.period_lines import LimitLine
from tradebot.core.results.report_outcome import ReportOutcome
from tradebot.core.results.review import APPROACHED, SIZED_TO
from tradebot.reports.formatting import NOTHING, day, number, percent_text, ratio, usd
from tradebot.reports.layout import Block, Cell, Facts, Line, Page, Tone, section, table

#: The titles of the sections.
COST, LIMITS = "Slippage and cost, USD", "Limits used"
NOT_RECORDED = "not recorded"


def trading_cost(cost: TradingCost | None) -> Page:
    """Slippage in its parts and commissions, in all, by strategy and by hour of New York; empty without a fill."""
    if cost is None or not cost.total.fills:
        return ()
    total = cost.total
    slippage = Cell(NOT_RECORDED, Tone.QUIET)
    if total.slippage is not None:
        slippage = Cell(f"{usd(total.slippage)}, {ratio(total.slippage_bps)} basis points of what was traded")
    blocks: list[Block] = [
        Facts(
            (
                ("traded", f"{usd(total.value)} in {plural(total.fills, 'fill')}"),
                ("slippage", slippage),
                ("  until orders left", _part(total.delay)),
                ("  from then to the fills", _part(total.execution)),
                ("  stops and targets", _part(total.resting, NOTHING)),
                ("commissions", usd(total.commissions)),
            )
        ),
        *_gaps(total),
        *_lines("~strategy", cost.by_strategy),
        *_lines("hour, New York", cost.by_hour),
    ]
    return section(COST, *blocks)


def limits_used(outcome: ReportOutcome) -> Page:
    """The highest use of each limit in the period against its setting then."""
    missing = outcome.sessions_without_limits
    if not outcome.limits_used and not missing:
        return ()
    gaps = (Line(f"{NOT_RECORDED} for {plural(missing, 'session')} of the period", Tone.QUIET),) if missing else ()
    if not outcome.limits_used:
        return section(LIMITS, *gaps)
    return (*limits_table(LIMITS, outcome.limits_used), *gaps)


def limits_table(title: str, used: Iterable[LimitLine]) -> Page:
    """A section with the highest uses of limits."""
    return section(
        title,
        *table(
            "limit | >highest use | >setting then | >share | session",
            (
                (
                    line.setting,
                    in_unit(line.setting, line.value),
                    in_unit(line.setting, line.limit),
                    Cell(percent_text(line.share, 0), _tone(line)),
                    day(line.session),
                )
                for line in used
            ),
        ),
    )


def in_unit(setting: str, amount: Decimal) -> str:
    """A use or a setting of a limit in the unit of the setting."""
    if setting.endswith("_PCT"):
        return percent_text(amount, 2)
    return usd(amount) if setting.endswith("_VALUE") else number(amount)


def _tone(line: LimitLine) -> Tone:
    """An order is sized up to its limit: to use that up is as it should be."""
    if line.setting in SIZED_TO:
        return Tone.BAD if line.share > 1 else Tone.PLAIN
    if line.share >= 1:
        return Tone.BAD
    return Tone.STRONG if line.share >= APPROACHED else Tone.PLAIN


def _part(amount: Decimal | None, missing: str = NOT_RECORDED) -> Cell:
    return Cell(missing, Tone.QUIET) if amount is None else Cell(usd(amount))


def _gaps(total: CostLine) -> tuple[Line, ...]:
    """Sentences on the fills that are left out because their prices are not recorded."""
    found = []
    if total.without_planned:
        found.append(f"the planned price of {plural(total.without_planned, 'fill')} is {NOT_RECORDED}")
    if total.without_sent:
        found.append(f"the price at sending of {plural(total.without_sent, 'fill')} is {NOT_RECORDED}")
    return tuple(Line(text, Tone.QUIET) for text in found)


def _lines(name: str, lines: Iterable[CostLine]) -> tuple[Block, ...]:
    return table(
        f"{name} | >fills | >traded | >slippage | >bp | ?>delay | ?>execution | ?>resting | >commissions",
        (
            (
                line.name,
                str(line.fills),
                usd(line.value),
                usd(line.slippage),
                ratio(line.slippage_bps),
                usd(line.delay),
                usd(line.execution),
                usd(line.resting),
                usd(line.commissions),
            )
            for line in lines
        ),
    )

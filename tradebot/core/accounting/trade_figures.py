"""The totals of round trips in all, by strategy, by symbol and by month, from one pass over their results."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from tradebot.core.accounting.performance import RunningTotals, Totals


class TradeResult(NamedTuple):
    """The result of one round trip, USD. There may be a million of them."""

    strategy: str
    symbol: str
    exit_session: str  # ISO 8601
    pnl: Decimal  # after fees
    fees: Decimal


@dataclass(frozen=True, slots=True)
class TradeFigures:
    """The totals of the round trips of a period."""

    totals: Totals
    by_strategy: Mapping[str, Totals]
    by_symbol: Mapping[str, Totals]
    by_month: Mapping[date, Totals]  # by the first day of the month


def trade_figures(results: Iterable[TradeResult]) -> TradeFigures:
    """The totals of round trips, which are read once."""
    whole = RunningTotals()
    strategies: dict[str, RunningTotals] = {}
    symbols: dict[str, RunningTotals] = {}
    months: dict[str, RunningTotals] = {}
    for strategy, symbol, session, pnl, fees in results:
        whole.add(pnl, fees)
        for groups, name in ((strategies, strategy), (symbols, symbol), (months, session[:7])):
            group = groups.get(name)
            if group is None:
                group = groups[name] = RunningTotals()
            group.add(pnl, fees)
    return TradeFigures(
        totals=whole.totals(),
        by_strategy=_totals(strategies),
        by_symbol=_totals(symbols),
        by_month={date.fromisoformat(f"{month}-01"): each for month, each in _totals(months).items()},
    )


def _totals(groups: Mapping[str, RunningTotals]) -> dict[str, Totals]:
    return {name: groups[name].totals() for name in sorted(groups)}

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
    smallest: dict[tuple[str, str, str], RunningTotals] = {}  # by strategy, symbol and month
    for strategy, symbol, session, pnl, fees in results:
        key = (strategy, symbol, session[:7])
        found = smallest.get(key)
        if found is None:
            found = smallest[key] = RunningTotals()
        found.add(pnl, fees)
    whole = RunningTotals()
    groups: tuple[dict[str, RunningTotals], ...] = ({}, {}, {})
    for names, part in smallest.items():
        for group, name in zip(groups, names, strict=True):
            group.setdefault(name, RunningTotals()).merge(part)
    strategies, symbols, months = groups
    for each in strategies.values():
        whole.merge(each)
    return TradeFigures(
        totals=whole.totals(),
        by_strategy=_totals(strategies),
        by_symbol=_totals(symbols),
        by_month={date.fromisoformat(f"{month}-01"): each for month, each in _totals(months).items()},
    )


def _totals(groups: Mapping[str, RunningTotals]) -> dict[str, Totals]:
    return {name: groups[name].totals() for name in sorted(groups)}

"""The outcome of `explain`."""

from __future__ import annotations

from dataclasses import dataclass

from tradebot.core.model.holdings import Holding
from tradebot.core.model.ledger_rows import DecisionRow
from tradebot.core.results.outcomes import Outcome


@dataclass(frozen=True, slots=True)
class ExplainOutcome(Outcome):
    """The outcome of `explain`: the decisions about a symbol, and its holdings."""

    symbol: str = ""
    decisions: tuple[DecisionRow, ...] = ()
    holdings: tuple[Holding, ...] = ()

"""explain: every decision about a symbol, with the numbers that were compared."""

from __future__ import annotations

from datetime import date

from tradebot.core.outcomes import ExplainOutcome
from tradebot.core.records import RunStatus
from tradebot.core.schedule import Job
from tradebot.jobs.desk import Desk, open_story


def run(desk: Desk, symbol: str, first: date | None, last: date | None) -> ExplainOutcome:
    """What was decided about ``symbol`` in a span of sessions, both included; reads the ledger only."""
    story = open_story(desk, Job.EXPLAIN)
    decisions = desk.ledger.journal.decisions(symbol, first, last)
    if decisions:
        headline = f"{symbol}: {len(decisions)} decisions from {decisions[0].session} to {decisions[-1].session}"
    else:
        headline = f"{symbol}: nothing was decided about it in this span"
    base = story.outcome(RunStatus.RAN, headline)
    return ExplainOutcome.of(
        base,
        symbol=symbol,
        decisions=decisions,
        holdings=tuple(holding for holding in desk.ledger.books.holdings() if holding.symbol == symbol),
        actions=desk.market.upcoming_actions([symbol], story.market, days=30),
    )

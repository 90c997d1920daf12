"""explain: every decision about a symbol, with the numbers that were compared."""

from __future__ import annotations

from datetime import date

from tradebot.core.model.ledger_rows import RunStatus
from tradebot.core.model.schedule import Job
from tradebot.core.model.values import plural
from tradebot.core.results.explain_outcome import ExplainOutcome
from tradebot.core.results.outcomes import Outcome
from tradebot.jobs.ledger_desk import LedgerDesk


def run(desk: LedgerDesk, symbol: str, first: date | None, last: date | None) -> ExplainOutcome:
    """The decisions about ``symbol`` from ``first`` to ``last``, both included (None: no bound).

    Where there are none, a note says which strategies trade the symbol.
    """
    decisions = desk.ledger.decisions.between(symbol, first, last)
    if decisions:
        count = plural(len(decisions), "decision")
        headline = f"{symbol}: {count} from {decisions[0].session} to {decisions[-1].session}"
    else:
        headline = f"{symbol}: nothing was decided about it in this span"
    session = desk.session_at(desk.now).session
    base = Outcome(
        Job.EXPLAIN, session, RunStatus.RAN, headline, notes=() if decisions else (_who_trades(desk, symbol),)
    )
    return ExplainOutcome.of(
        base,
        symbol=symbol,
        decisions=decisions,
        holdings=tuple(holding for holding in desk.ledger.books.holdings() if holding.symbol == symbol),
    )


def _who_trades(desk: LedgerDesk, symbol: str) -> str:
    names = ", ".join(info.name for info in desk.strategies.loaded if symbol in info.symbols)
    return f"{symbol} is traded by {names}" if names else f"no configured strategy trades {symbol}"

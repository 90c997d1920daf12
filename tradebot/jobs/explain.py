"""explain: every decision about a symbol, with the numbers that were compared."""

from __future__ import annotations

from datetime import date

from tradebot.core.model.ledger_rows import RunStatus
from tradebot.core.model.schedule import Job
from tradebot.core.model.values import plural
from tradebot.core.results.explain_outcome import ExplainOutcome
from tradebot.jobs.desk import Desk
from tradebot.jobs.job_run import open_run
from tradebot.jobs.step_results import StepResult, noted
from tradebot.jobs.steps.planning import price_source


def run(desk: Desk, symbol: str, first: date | None, last: date | None) -> ExplainOutcome:
    """The decisions about ``symbol`` from ``first`` to ``last``, both included (None: no bound).

    Where there are none, notes say which strategies trade the symbol, and whether it has bars.
    """
    run = open_run(desk, Job.EXPLAIN)
    decisions = desk.ledger.decisions.between(symbol, first, last)
    if decisions:
        count = plural(len(decisions), "decision")
        headline = f"{symbol}: {count} from {decisions[0].session} to {decisions[-1].session}"
    else:
        headline = f"{symbol}: nothing was decided about it in this span"
        run.add(_who_knows(desk, symbol))
    base = run.outcome(RunStatus.RAN, headline)
    return ExplainOutcome.of(
        base,
        symbol=symbol,
        decisions=decisions,
        holdings=tuple(holding for holding in desk.ledger.books.holdings() if holding.symbol == symbol),
        actions=desk.market.upcoming_actions([symbol], run.market, days=30),
    )


def _who_knows(desk: Desk, symbol: str) -> StepResult:
    names = ", ".join(info.name for info in desk.strategies.loaded if symbol in info.symbols)
    traded = f"{symbol} is traded by {names}" if names else f"no configured strategy trades {symbol}"
    has = "has" if desk.market.known([symbol]) else "has no"
    return noted(traded, f"{symbol} {has} bars in {price_source(desk)}")

"""A session of the live ledger against the backtest of the same bars, parameters and limits."""

from __future__ import annotations

from datetime import date

from tradebot.core.results.diff_outcome import DiffOutcome
from tradebot.errors import UsageError
from tradebot.jobs.desk import Desk


def diff_session(desk: Desk, session: date | None = None) -> DiffOutcome:
    """Compare a session that is over; None for the newest. Nothing is written and nothing sent.

    Raises UsageError for a day that is no session, or one that is not over, and BrokerUnavailable where its bars cannot
    be read.
    """
    raise UsageError(f"session {session} cannot be compared yet.")

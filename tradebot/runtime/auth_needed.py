"""What is told with the error that a session with the broker is over: the shares that were without a stop."""

from __future__ import annotations

from contextlib import closing

from tradebot.core.model.values import ZERO, canonical, plural
from tradebot.core.safety.bare_time import BarePeriod
from tradebot.errors import LedgerError
from tradebot.ledger.database import open_database
from tradebot.reports.formatting import instant
from tradebot.settings import Settings


def last_seen_bare(settings: Settings) -> str:
    """The shares that had no live stop when a job saw the account last, in words with their USD."""
    return f"{_bare(settings)}\nStops that rest at the broker go on resting."


def _bare(settings: Settings) -> str:
    try:
        with closing(open_database(settings.database_path, create=False)) as database:
            pinned = database.pinned_accounts.pinned(settings.broker, settings.trading_mode)
            if pinned is None:
                return "No job has seen the account yet."
            periods = database.bind(pinned.key).bare_periods
            bare, seen = periods.standing(), periods.last_look()
    except LedgerError as error:
        return f"Which shares were without a stop cannot be read: {error}"
    when = f"when a job saw the account last, at {instant(seen)}" if seen else "as far as known"
    if not bare:
        return f"No shares of tradebot's were without a stop {when}."
    total = sum((period.dollars for period in bare), ZERO)
    told = f"Without a stop {when}: {plural(len(bare), 'position')}, {total:,.2f} USD. Protect or sell them in the app:"
    return told + "".join(f"\n  {_line(period)}" for period in bare)


def _line(period: BarePeriod) -> str:
    shares, since = canonical(period.shares), instant(period.began_at)
    return f"{period.symbol}: {shares} shares, {period.dollars:,.2f} USD, since {since}"

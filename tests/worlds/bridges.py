"""What the bridge of a world's whole history leaves over: nothing, once the ledger explains cash and positions."""

from __future__ import annotations

from datetime import date

from tests.worlds.story import Promise
from tests.worlds.town import Town
from tradebot.jobs.steps.equity_bridge import bridge_ends, equity_bridge
from tradebot.ledger.database import open_database
from tradebot.market.calendar import NyseCalendar


def equity_explained(town: Town) -> None:
    """The change since the opening, and that of each session, is explained to the cent."""
    key = next(iter(town.ledger.texts("SELECT history FROM accounts JOIN pins USING (account_key)")), None)
    sessions = list(map(date.fromisoformat, town.ledger.texts("SELECT DISTINCT session FROM equity ORDER BY session")))
    if key is None or not sessions:
        return
    database = open_database(town.database, create=False, durable=False)
    try:
        ledger, calendar = database.bind(key), NyseCalendar()
        whole = equity_bridge(ledger, bridge_ends(ledger, calendar, None, sessions[-1]))
        days = [equity_bridge(ledger, bridge_ends(ledger, calendar, each, each)) for each in sessions]
    finally:
        database.close()
    for term in ("realised", "dividends", "fees", "paid_in", "paid_out"):
        town.story.met[f"bridge: {term}"] += bool(getattr(whole, term, 0))
    for found in filter(None, (whole, *days)):
        if found.not_explained:
            town.story.violate(Promise.EXPLAINED, f"{found.not_explained} of the equity is not explained: {found}")

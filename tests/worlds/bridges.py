"""What the bridge of a world's whole history leaves over: nothing, once the ledger explains cash and positions."""

from __future__ import annotations

from datetime import date

from tests.worlds.story import Promise
from tests.worlds.town import Town
from tradebot.jobs.steps.equity_bridge import bridge_ends, equity_bridge
from tradebot.ledger.database import open_database
from tradebot.market.calendar import NyseCalendar


def equity_explained(town: Town) -> None:
    """The change since the opening is explained to the cent at the newest close, or at the newest look."""
    newest = town.ledger.texts("SELECT MAX(session) FROM equity")
    key = next(iter(town.ledger.texts("SELECT account_key FROM accounts JOIN pins USING (account_key)")), None)
    if key is None or newest[0] is None:
        return
    database = open_database(town.database, create=False, durable=False)
    try:
        ledger = database.bind(key)
        found = equity_bridge(ledger, bridge_ends(ledger, NyseCalendar(), None, date.fromisoformat(newest[0])))
    finally:
        database.close()
    if found is None:
        return
    for term in ("realised", "dividends", "fees", "paid_in", "paid_out"):
        town.story.met[f"bridge: {term}"] += bool(getattr(found, term))
    if found.not_explained:
        town.story.violate(Promise.EXPLAINED, f"{found.not_explained} of the equity is not explained: {found}")

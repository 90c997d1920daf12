"""fills: what was bought and sold, newest first, from the ledger alone."""

from __future__ import annotations

from tradebot.core.results.listings import FillLine, Listing, Selection, nothing_found
from tradebot.jobs.ledger_desk import LedgerDesk


def run(desk: LedgerDesk, chosen: Selection) -> Listing[FillLine]:
    """The standing fills that match."""
    stored = desk.ledger.listings
    rows = stored.fills(chosen, None if chosen.limit is None else chosen.limit + 1)
    if not rows:
        return Listing(chosen, (), notes=(nothing_found("fill", chosen, stored.strategies(), stored.symbols()),))
    shown = tuple(rows[: chosen.limit])
    return Listing(chosen, shown, more=len(rows) > len(shown))

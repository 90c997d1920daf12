"""trades: the round trips, newest first, from the ledger alone."""

from __future__ import annotations

from tradebot.core.accounting.performance import totals
from tradebot.core.results.listings import Selection, TradeLine, TradeListing, nothing_found
from tradebot.jobs.ledger_desk import LedgerDesk


def run(desk: LedgerDesk, chosen: Selection) -> TradeListing:
    """The round trips that match: those that are over, by their end; or the open ones, by their beginning."""
    history = desk.ledger.history
    opened = [each for each in history.open_trades() if chosen.includes(each.symbol, each.strategy, each.entry_session)]
    over = [each for each in history.trades() if chosen.includes(each.symbol, each.strategy, each.exit_session)]
    rows = [*map(TradeLine.open, opened)] if chosen.only_open else [*map(TradeLine.over, over)]
    rows.reverse()
    shown = tuple(rows[: chosen.limit])
    notes = []
    if not rows:
        noun = "round trip" if chosen.only_open else "finished round trip"
        notes.append(nothing_found(noun, chosen, *desk.ledger.listings.names(chosen)))
    if opened and not chosen.only_open:
        is_one = len(opened) == 1
        more = " more" if rows else ""
        notes.append(f"{len(opened)}{more} {'is' if is_one else 'are'} open: --open shows {'it' if is_one else 'them'}")
    return TradeListing(
        chosen,
        shown,
        more=len(rows) > len(shown),
        notes=tuple(notes),
        totals=None if chosen.only_open else totals(over),
    )

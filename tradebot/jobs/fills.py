"""fills: what was bought and sold, newest first, from the ledger alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from tradebot.core.results.listings import FillLine, Listing, Selection, nothing_found
from tradebot.jobs.ledger_desk import LedgerDesk


def run(desk: LedgerDesk, chosen: Selection) -> Listing[FillLine]:
    """The standing fills that match."""
    stored = desk.ledger.listings
    rows = _of_open_trades(desk, chosen) if chosen.only_open else stored.fills(chosen, _one_more(chosen.limit))
    if not rows:
        return Listing(chosen, (), notes=(nothing_found("fill", chosen, *stored.names(chosen)),))
    shown = tuple(rows[: chosen.limit])
    return Listing(chosen, shown, more=len(rows) > len(shown))


def _of_open_trades(desk: LedgerDesk, chosen: Selection) -> Sequence[FillLine]:
    """The fills of the round trips that are open."""
    trades = (each for each in desk.ledger.history.open_trades() if chosen.includes(each.symbol, each.strategy, None))
    fills = (
        fill
        for trade in trades
        for fill in desk.ledger.listings.fills(replace(chosen, symbol=trade.symbol, strategy=trade.strategy), None)
        if fill.at >= trade.opened_at
    )
    return sorted(fills, key=lambda fill: fill.at, reverse=True)


def _one_more(limit: int | None) -> int | None:
    """A row beyond the limit tells that there are more."""
    return None if limit is None else limit + 1

"""positions: what is held, as the broker shows it, or as the ledger knew it last."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime

from tradebot.core.model.values import ZERO
from tradebot.core.results.listings import Listing, Selection
from tradebot.core.results.position_lines import PositionLine, position_lines
from tradebot.core.safety.stop_losses import known_loss
from tradebot.jobs.desk import Desk
from tradebot.jobs.ledger_desk import LedgerDesk
from tradebot.jobs.steps.stop_gaps import look_at_stops
from tradebot.ledger.database import AccountLedger


def run(desk: Desk, chosen: Selection) -> Listing[PositionLine]:
    """The positions that match, ours and foreign, the newest first. Raises BrokerUnavailable."""
    positions, open_orders = desk.broker.positions(), desk.broker.open_orders()
    holdings = desk.ledger.books.holdings()
    quotes = desk.market.quotes(position.symbol for position in positions)
    stops = look_at_stops(desk, holdings, positions, open_orders, quotes)
    return listing(chosen, position_lines(positions, holdings, stops.gaps, stops.losses))


def recall(desk: LedgerDesk, chosen: Selection) -> Listing[PositionLine]:
    """The positions that match, as they were known last: in the newest look of a job at the account.

    Whether their stops rest is not known. What they would lose is from the last price to the stop of the holding.
    """
    known = known_positions(desk.ledger)
    if known is None:
        return Listing(chosen, (), notes=("no job has looked at the account yet, so nothing is known of it",))
    known_at, lines = known
    return listing(chosen, lines).as_of(known_at)


def known_positions(ledger: AccountLedger) -> tuple[datetime, tuple[PositionLine, ...]] | None:
    """The positions in the newest look of a job, and its time (aware UTC); None before the first. See ``recall``."""
    known = ledger.listings.last_positions()
    if known is None:
        return None
    lines = position_lines(known[1], ledger.books.holdings(), (), known=False)
    return known[0], tuple(map(_with_known_loss, lines))


def _with_known_loss(line: PositionLine) -> PositionLine:
    """A line with what its shares lose if a stop over all of them fills at its price; without one it stays unknown."""
    if line.stop is None:
        return line
    return replace(line, to_stop=known_loss(line.quantity, line.last, line.stop), bare=ZERO)


def listing(chosen: Selection, lines: Iterable[PositionLine]) -> Listing[PositionLine]:
    """The lines that match, the newest first."""
    lines = tuple(lines)
    rows = [line for line in lines if chosen.includes(line.symbol, line.strategy, line.opened)]
    rows.sort(key=lambda line: line.opened or date.min, reverse=True)
    shown = tuple(rows[: chosen.limit])
    notes = () if rows else (_nothing(chosen, lines),)
    return Listing(chosen, shown, more=len(rows) > len(shown), notes=notes)


def _nothing(chosen: Selection, lines: tuple[PositionLine, ...]) -> str:
    if not lines:
        return "no position is held"
    held = ", ".join(dict.fromkeys(line.symbol for line in lines))
    return f"nothing matches: no position{chosen.text}. Held: {held}"

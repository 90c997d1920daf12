"""The pages of trades, fills, positions and orders: one table each, the newest first, and what it leaves out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from tradebot.core.accounting.performance import Totals
from tradebot.core.model.orders import OrderState
from tradebot.core.model.values import plural
from tradebot.core.results.listings import FillLine, ListedOrder, Listing, TradeLine, TradeListing
from tradebot.core.results.position_lines import PositionLine, total_at_stops
from tradebot.reports.formatting import day, instant, minute, percent_text, price, ratio, shares, signed_usd, usd
from tradebot.reports.layout import Block, Cell, Line, Page, Tone, lines, section, table
from tradebot.reports.pages import common


def trades_page(found: TradeListing) -> Page:
    """The round trips of a listing, open ones or those that are over, and the totals. Amounts are USD."""
    if found.selection.only_open:
        return _page(
            "Open round trips",
            found,
            "opened | symbol | >shares | >entry | ?~strategy | ?>realised | ?>fees",
            (
                (
                    day(trade.entry_session),
                    trade.symbol,
                    _signed_shares(trade),
                    price(trade.entry_price),
                    trade.strategy,
                    signed_usd(trade.pnl),
                    usd(trade.fees),
                )
                for trade in found.rows
            ),
        )
    return _page(
        "Round trips",
        found,
        "closed | symbol | >shares | >entry | >exit | >P&L | ?~strategy | ?why | ?opened | ?>fees",
        (
            (
                day(trade.exit_session),
                trade.symbol,
                _signed_shares(trade),
                price(trade.entry_price),
                price(trade.exit_price),
                signed_usd(trade.pnl),
                trade.strategy,
                trade.exit_text,
                day(trade.entry_session),
                usd(trade.fees),
            )
            for trade in found.rows
        ),
        _totals_text(found.totals) if found.totals and found.rows else "",
    )


def fills_page(found: Listing[FillLine]) -> Page:
    """The fills of a listing. Prices are USD per share."""
    return _page(
        "Fills, New York time",
        found,
        "time | symbol | side | >shares | >price | ?~strategy | ?>planned | ?>fee",
        (
            (
                minute(fill.at),
                fill.symbol,
                str(fill.side),
                shares(fill.quantity),
                price(fill.price),
                fill.strategy,
                price(fill.planned_price),
                usd(fill.fee),
            )
            for fill in found.rows
        ),
    )


def _signed_shares(trade: TradeLine) -> str:
    """The shares, negative of a short."""
    return shares(trade.quantity * trade.side.sign)


def positions_page(found: Listing[PositionLine]) -> Page:
    """The positions of a listing, and what is lost if every stop fills at its price."""
    total = total_at_stops(found.rows)
    return (
        *_last_known(found),
        *common.positions(found.rows),
        *(common.lost_at_stops(total, found.rows, None, found.known_at) if total else ()),
        *_rest(found),
    )


def orders_page(found: Listing[ListedOrder]) -> Page:
    """The orders of a listing. Prices are USD per share."""
    return (
        *_last_known(found),
        *_page(
            "Orders, New York time",
            found,
            "sent | order | state | ?~strategy | ?for | ?>filled at",
            (
                (
                    minute(order.at),
                    _order_text(order),
                    _state(order),
                    order.strategy,
                    str(order.purpose),
                    price(order.average_fill_price),
                )
                for order in found.rows
            ),
        ),
    )


def _order_text(order: ListedOrder) -> str:
    """``sell 53 AAPL stop 84.73``."""
    prices = (("limit", order.limit_price), ("stop", order.stop_price))
    priced = "".join(f" {name} {price(value)}" for name, value in prices if value is not None)
    return f"{order.side} {shares(order.quantity)} {order.symbol}{priced or ' ' + order.type.replace('_', ' ')}"


def _state(order: ListedOrder) -> Cell:
    if order.is_open and 0 < order.filled_quantity < order.quantity:
        return Cell(f"{shares(order.filled_quantity)} filled", Tone.GOOD)
    if order.state in (OrderState.ACCEPTED, OrderState.PARTIALLY_FILLED):
        return Cell("open", Tone.GOOD)
    return Cell(str(order.state), _STATE_TONES.get(order.state, Tone.PLAIN))


_STATE_TONES = {OrderState.UNKNOWN: Tone.BAD, OrderState.REJECTED: Tone.BAD, OrderState.FILLED: Tone.GOOD}


def _last_known(found: Listing[Any]) -> Page:
    """That the broker could not be asked, and of when the rows are."""
    if not found.trouble:
        return ()
    known = [f"This is what was known at {instant(found.known_at)}."] if found.known_at else []
    return (Line(f"The broker could not be asked: {found.trouble}", Tone.BAD), *lines(known, Tone.WARN))


def _totals_text(totals: Totals) -> str:
    """The totals of round trips in a line, USD."""
    return (
        f"{plural(totals.trades, 'round trip')}, {percent_text(totals.win_rate)} won, "
        f"P&L {signed_usd(totals.pnl).text}, profit factor {ratio(totals.profit_factor)}, fees {usd(totals.fees)}"
    )


def _page(
    title: str, found: Listing[Any], names: str, rows: Iterable[tuple[str | Cell, ...]], totals: str = ""
) -> Page:
    return section(title, *table(names, rows), *lines([totals] if totals else [], Tone.STRONG), *_rest(found))


def _rest(found: Listing[Any]) -> Iterator[Block]:
    """What a listing leaves out, and its notes."""
    if found.more:
        shown = len(found.rows)
        said = "This is the newest" if shown == 1 else f"These are the newest {shown}"
        yield Line(f"{said}: a larger --limit shows more.", Tone.QUIET)
    yield from lines(found.notes)

"""The pages of trades, fills, positions and orders: one table each, the newest first, and what it leaves out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from tradebot.core.accounting.performance import Totals
from tradebot.core.model.values import plural
from tradebot.core.results.listings import FillLine, Listing, TradeLine, TradeListing
from tradebot.reports.formatting import day, minute, percent_text, price, ratio, shares, signed_usd, usd
from tradebot.reports.layout import Block, Cell, Line, Page, Tone, lines, section, table


def trades_page(found: TradeListing) -> Page:
    """The round trips of a listing, open ones or those that are over, and the totals. Amounts are USD."""
    if found.selection.only_open:
        return _page(
            "Open round trips",
            found,
            "opened | symbol | >shares | >entry | ?strategy | ?>realised | ?>fees",
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
        "closed | symbol | >shares | >entry | >exit | >P&L | ?strategy | ?why | ?opened | ?>fees",
        (
            (
                day(trade.exit_session),
                trade.symbol,
                _signed_shares(trade),
                price(trade.entry_price),
                price(trade.exit_price),
                signed_usd(trade.pnl),
                trade.strategy,
                trade.exit_reason.partition(":")[0],
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
        "time | symbol | side | >shares | >price | ?strategy | ?>planned | ?>fee",
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
        yield Line(f"These are the newest {shown}. --limit {shown * 5} shows more.", Tone.QUIET)
    yield from lines(found.notes)

"""The pages of trades, fills, positions and orders: one table each, the newest first, and what it leaves out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from tradebot.core.results.listings import FillLine, Listing
from tradebot.reports.formatting import minute, price, shares, usd
from tradebot.reports.layout import Block, Cell, Line, Page, Tone, lines, section, table


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


def _page(title: str, found: Listing[Any], names: str, rows: Iterable[tuple[str | Cell, ...]]) -> Page:
    return section(title, *table(names, rows), *_rest(found))


def _rest(found: Listing[Any]) -> Iterator[Block]:
    """What a listing leaves out, and its notes."""
    if found.more:
        shown = len(found.rows)
        yield Line(f"These are the newest {shown}. --limit {shown * 5} shows more.", Tone.QUIET)
    yield from lines(found.notes)

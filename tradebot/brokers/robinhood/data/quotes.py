"""The newest prices, from ``/quotes/``.

Fields are by the source of robin-stocks 3.4.0; rows like these were captured of ``/marketdata/quotes/``.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from tradebot.brokers.robinhood.addresses import QUOTES
from tradebot.brokers.robinhood.data.listings import Listings, Row
from tradebot.brokers.robinhood.json_fields import Fields
from tradebot.core.model.account import Quote
from tradebot.core.model.exchange_time import new_york_date

#: Symbols in a request. How many the server takes is not known.
MOST_SYMBOLS = 75
#: An older previous close is not used.
MAX_CLOSE_AGE = timedelta(days=14)
#: Where the adjusted previous close is this part of the plain one, or the plain one of it, a split lies between.
#: What is less may be a dividend, for which no previous close is adjusted here.
SPLIT_FROM = Decimal("1.25")


#: An ask of more times the bid is no price: thin markets show such offers around the open.
WIDEST_SPREAD = Decimal("1.05")


@dataclass(frozen=True, slots=True)
class RobinhoodQuote:
    """The newest trade of the regular session, USD a share."""

    symbol: str
    last: Decimal
    at: datetime  # of the trade where it is told, else of the quote; aware UTC
    previous_close: Decimal | None  # on today's split basis
    split: Decimal | None  # new shares for one old share, of a split since the previous close; None without one
    halted: bool
    bid: Decimal | None  # USD a share; None, as the ask, where the two cannot be used
    ask: Decimal | None
    instrument_id: str


def read_quotes(listings: Listings, symbols: Iterable[str], today: date) -> dict[str, RobinhoodQuote]:
    """The quote of each symbol that has one, and has traded. Raises BrokerUnavailable."""
    rows = listings.rows(QUOTES, symbols, {}, most=MOST_SYMBOLS, has_content=_has_traded)
    return {symbol: _parse(symbol, Fields(row, f"the quote of {symbol}"), today) for symbol, row in rows.items()}


def _has_traded(row: Row) -> bool:
    return row.get("last_trade_price") is not None and row.get("has_traded") is not False


def _parse(symbol: str, row: Fields, today: date) -> RobinhoodQuote:
    close, split = _previous_close(row, today)
    bid, ask = _bid_and_ask(row)
    return RobinhoodQuote(
        symbol=symbol,
        last=row.price("last_trade_price"),
        at=row.maybe_instant("venue_last_trade_time") or row.instant("updated_at"),
        previous_close=close,
        split=split,
        halted=row.maybe_flag("trading_halted") is True,
        bid=bid,
        ask=ask,
        instrument_id=row.id_of("instrument"),
    )


def _bid_and_ask(row: Fields) -> tuple[Decimal | None, Decimal | None]:
    """The best offers; None for both where one is missing, or they are too far apart for any price to be between."""
    bid, ask = row.maybe_number("bid_price"), row.maybe_number("ask_price")
    if not bid or not ask or not 0 < bid <= ask <= bid * WIDEST_SPREAD:
        return None, None
    return bid, ask


def _previous_close(row: Fields, today: date) -> tuple[Decimal | None, Decimal | None]:
    """The previous close on today's split basis, and the ratio of a split since then."""
    plain, adjusted = row.maybe_number("previous_close"), row.maybe_number("adjusted_previous_close")
    told = row.maybe_day("previous_close_date")
    if not plain or plain < 0 or (told is not None and not today - MAX_CLOSE_AGE <= told < today):
        return None, None
    if not adjusted or 1 / SPLIT_FROM < plain / adjusted < SPLIT_FROM:
        return plain, None
    return adjusted, plain / adjusted


def as_quote(quote: RobinhoodQuote, today: date) -> Quote:
    """The quote as jobs read it, with both prices on the split basis of ``today``.

    A trade of before ``today`` may be on the basis before the split: then its price is near the plain previous close.
    """
    last, close, split = quote.last, quote.previous_close, quote.split
    if split and close and new_york_date(quote.at) < today and _nearer(last, to=close * split, than=close):
        last /= split
    return Quote(quote.symbol, last, quote.at, close, quote.halted, quote.bid, quote.ask)


def _nearer(price: Decimal, *, to: Decimal, than: Decimal) -> bool:
    return max(price / to, to / price) < max(price / than, than / price)

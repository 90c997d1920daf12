"""The newest prices, from ``/quotes/``.

Fields are by the source of robin-stocks 3.4.0; rows like these were captured of ``/marketdata/quotes/``.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation

from tradebot.brokers.http.responses import Json
from tradebot.brokers.robinhood.data.listings import Listings, Row, instant_of
from tradebot.core.model.values import MAX_PRICE

PATH = "/quotes/"
#: Symbols in a request. How many the server takes is not known.
MOST_SYMBOLS = 75
#: An older previous close is not used.
MAX_CLOSE_AGE = timedelta(days=14)
#: Where the adjusted previous close is this part of the plain one, or the plain one of it, a split lies between.
#: What is less may be a dividend, for which no previous close is adjusted here.
SPLIT_FROM = Decimal("1.25")


@dataclass(frozen=True, slots=True)
class RobinhoodQuote:
    """The newest trade of the regular session, USD a share."""

    symbol: str
    last: Decimal
    at: datetime  # of the trade where it is told, else of the quote; aware UTC
    previous_close: Decimal | None  # on today's split basis
    split: Decimal | None  # new shares for one old share, of a split since the previous close; None without one
    halted: bool


def read_quotes(listings: Listings, symbols: Iterable[str], today: date) -> dict[str, RobinhoodQuote]:
    """The quote of each symbol that has one, and has traded. Raises BrokerUnavailable."""
    rows = listings.rows(PATH, symbols, {}, most=MOST_SYMBOLS, has_content=_has_traded)
    quotes: dict[str, RobinhoodQuote] = {}
    for symbol, row in rows.items():
        try:
            quotes[symbol] = _parse(symbol, row, today)
        except KeyError as missing:
            raise listings.unusable(PATH, f"sent a quote of {symbol} without {missing}") from None
        except (TypeError, ValueError, AttributeError, InvalidOperation):
            problem = f"sent a quote of {symbol} with something that is no number or no time"
            raise listings.unusable(PATH, problem) from None
    return quotes


def _has_traded(row: Row) -> bool:
    return row.get("last_trade_price") is not None and row.get("has_traded") is not False


def _parse(symbol: str, row: Row, today: date) -> RobinhoodQuote:
    last = _price(row["last_trade_price"])
    if last is None:
        raise ValueError(symbol)
    close, split = _previous_close(row, today)
    return RobinhoodQuote(
        symbol=symbol,
        last=last,
        at=instant_of(row.get("venue_last_trade_time") or row["updated_at"]),
        previous_close=close,
        split=split,
        halted=row.get("trading_halted") is True,
    )


def _previous_close(row: Row, today: date) -> tuple[Decimal | None, Decimal | None]:
    """The previous close on today's split basis, and the ratio of a split since then."""
    plain, adjusted = _price(row.get("previous_close")), _price(row.get("adjusted_previous_close"))
    told = row.get("previous_close_date")
    if plain is None or (told is not None and not today - MAX_CLOSE_AGE <= date.fromisoformat(told) < today):
        return None, None
    if adjusted is None or 1 / SPLIT_FROM < plain / adjusted < SPLIT_FROM:
        return plain, None
    return adjusted, plain / adjusted


def _price(value: Json) -> Decimal | None:
    """A price; None for null and for one that no market can have."""
    if value is None:
        return None
    number = Decimal(value)
    return number if number.is_finite() and 0 < number <= MAX_PRICE else None

"""Daily bars and candles, from ``/quotes/historicals/``.

Fields and intervals are by the source of robin-stocks 3.4.0; rows like these were captured of
``/marketdata/historicals/``. The server takes no dates: an answer reaches back from now for a span of few words.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from typing import Literal, TypeVar

from tradebot.brokers.http.responses import Json
from tradebot.brokers.robinhood.addresses import HISTORICALS
from tradebot.brokers.robinhood.data.listings import Listings, Row, instant_of
from tradebot.core.model.candles import Candle
from tradebot.core.model.exchange_time import new_york_date

CANDLE = timedelta(minutes=5)
#: How far back the server gives candles.
CANDLES_REACH = timedelta(days=7)
#: Symbols in a request. How many the server takes is not known.
MOST_SYMBOLS = 75
#: Symbols in a request for five years of bars, which is about 6 MB.
MOST_SYMBOLS_OF_FIVE_YEARS = 25

_PRICES = ("open_price", "high_price", "low_price", "close_price")
_LOG = logging.getLogger(__name__)

N = TypeVar("N", float, Decimal)
#: The spans of the server that are asked for.
Span = Literal["day", "week", "year", "5year"]
#: Open, high, low and close (USD a share), and volume (shares).
Numbers = tuple[N, N, N, N, N]


def read_days(listings: Listings, symbols: Iterable[str], span: Span) -> dict[str, dict[date, Numbers[float]]]:
    """The daily bars of each symbol that has any, by session. Who lacks five years of bars may have one.

    Bars that the server marks as interpolated are left out. Raises BrokerUnavailable.
    """
    rows = _read(listings, symbols, "day", span)
    return {
        symbol: {_session(begins): numbers for begins, numbers in _candles(listings, symbol, items, float)}
        for symbol, items in rows.items()
    }


def read_candles(
    listings: Listings, symbols: Iterable[str], since: datetime, until: datetime
) -> dict[str, tuple[Candle, ...]]:
    """The five-minute candles of the regular session that overlap the time from ``since`` to ``until``, in order.

    A symbol that the server left out is absent. The last candle may still be running. ``until`` is now or earlier, and
    what lies more than CANDLES_REACH before now is not told. Raises BrokerUnavailable.
    """
    span: Span = "day" if new_york_date(since) == new_york_date(until) else "week"
    rows = _read(listings, symbols, "5minute", span)
    return {
        symbol: tuple(
            Candle(begins, begins + CANDLE, *numbers[:4], int(numbers[4]))
            for begins, numbers in sorted(_candles(listings, symbol, items, Decimal))
            if begins < until and begins + CANDLE > since
        )
        for symbol, items in rows.items()
    }


def _read(listings: Listings, symbols: Iterable[str], interval: str, span: Span) -> dict[str, Sequence[Row]]:
    params = {"interval": interval, "span": span, "bounds": "regular"}
    rows = listings.rows(
        HISTORICALS,
        symbols,
        params,
        most=MOST_SYMBOLS_OF_FIVE_YEARS if span == "5year" else MOST_SYMBOLS,
        has_content=lambda row: bool(row.get("historicals")),
        names_missing=span != "5year",
    )
    for symbol, row in rows.items():
        if row.get("interval", interval) != interval:
            raise listings.unusable(HISTORICALS, f"sent candles of {symbol} at another interval than {interval}")
    return {symbol: row["historicals"] for symbol, row in rows.items()}


def _candles(
    listings: Listings, symbol: str, items: Json, number: Callable[[str], N]
) -> list[tuple[datetime, Numbers[N]]]:
    """The candles of a symbol that trades made, each with the time at which it begins, aware UTC."""
    try:
        return [
            (
                instant_of(item["begins_at"]),
                tuple(number(item[name]) for name in (*_PRICES, "volume")),  # type: ignore[misc]  # five of them
            )
            for item in items
            if not item.get("interpolated") and item.get("session", "reg") == "reg"
        ]
    except KeyError as missing:
        raise listings.unusable(HISTORICALS, f"sent a candle of {symbol} without {missing}") from None
    except (TypeError, ValueError, AttributeError, InvalidOperation):
        problem = f"sent a candle of {symbol} with something that is no number or no time"
        raise listings.unusable(HISTORICALS, problem) from None


def _session(begins: datetime) -> date:
    """The session of a daily bar. Midnight in UTC stands for the date itself; any other time is one in New York."""
    return begins.date() if begins.timetz() == time(tzinfo=UTC) else new_york_date(begins)

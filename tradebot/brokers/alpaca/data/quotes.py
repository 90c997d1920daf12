"""The newest prices, from snapshots (https://docs.alpaca.markets/reference/stocksnapshots-1)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from math import prod

from tradebot.brokers.alpaca.data.pagination import read_by_symbols, unusable
from tradebot.brokers.http.api import Api
from tradebot.brokers.http.responses import Json
from tradebot.core.model.account import ActionKind, CorporateAction, Quote
from tradebot.core.model.exchange_time import new_york_date
from tradebot.core.model.values import MAX_PRICE

PATH = "/v2/stocks/snapshots"
#: An older previous close is not used, so splits are looked up for no longer than this.
MAX_CLOSE_AGE = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The newest trade of a symbol and its previous close, USD a share, both unadjusted."""

    symbol: str
    last: Decimal
    at: datetime  # of the trade, aware UTC
    previous_close: Decimal | None
    previous_session: date | None  # the newest New York date before today with a bar


def fetch_snapshots(api: Api, symbols: Iterable[str], feed: str, today: date) -> dict[str, Snapshot]:
    """The snapshot of each symbol that has ever traded on this feed. Raises BrokerUnavailable."""
    snapshots: dict[str, Snapshot] = {}

    def read(chunk: str) -> tuple[str, Json]:
        return chunk, api.read(PATH, {"symbols": chunk, "feed": feed})

    for chunk, content in read_by_symbols(symbols, read):
        if not isinstance(content, dict):
            raise unusable(api, PATH, "answered with something that is no object")
        for symbol in chunk.split(","):
            try:
                snapshot = _parse_snapshot(symbol, content.get(symbol) or {}, today)
            except KeyError as missing:
                raise unusable(api, PATH, f"sent a snapshot of {symbol} without {missing}") from None
            except (TypeError, ValueError, AttributeError, InvalidOperation):
                raise unusable(
                    api, PATH, f"sent a snapshot of {symbol} with something that is no number or no time"
                ) from None
            if snapshot is not None:
                snapshots[symbol] = snapshot
    return snapshots


def as_quote(snapshot: Snapshot, actions: Iterable[CorporateAction] | None, today: date) -> Quote:
    """The quote of a symbol, with both prices on the split basis of ``today``.

    ``actions`` are the corporate actions of the last days. None means that they are unknown: the quote then has no
    previous close.
    """
    if actions is None:
        return Quote(snapshot.symbol, snapshot.last, snapshot.at)
    splits = [action for action in actions if action.kind is ActionKind.SPLIT and action.symbol == snapshot.symbol]
    last = _split_adjusted(snapshot.last, new_york_date(snapshot.at), splits, today)
    if snapshot.previous_close is None or snapshot.previous_session is None:
        return Quote(snapshot.symbol, last, snapshot.at)
    close = _split_adjusted(snapshot.previous_close, snapshot.previous_session, splits, today)
    return Quote(snapshot.symbol, last, snapshot.at, close)


def _split_adjusted(price: Decimal, day: date, splits: Iterable[CorporateAction], today: date) -> Decimal:
    """A price of ``day`` divided by the ratios of the splits since then."""
    return price / prod((split.value for split in splits if day < split.ex_date <= today), start=Decimal(1))


def _parse_snapshot(symbol: str, item: Mapping[str, Json], today: date) -> Snapshot | None:
    """Parse one snapshot; None without a trade. Its daily bar is that of the newest day with a trade."""
    trade = item.get("latestTrade")
    if trade is None or not _is_price(last := Decimal(trade["p"])):
        return None
    at = datetime.fromisoformat(trade["t"]).astimezone(UTC)
    for name in ("dailyBar", "prevDailyBar"):
        bar = item.get(name)
        if bar is None:
            continue
        day, close = new_york_date(datetime.fromisoformat(bar["t"])), Decimal(bar["c"])
        if today - MAX_CLOSE_AGE <= day < today and _is_price(close):
            return Snapshot(symbol, last, at, close, day)
    return Snapshot(symbol, last, at, None, None)


def _is_price(number: Decimal) -> bool:
    return number.is_finite() and 0 < number <= MAX_PRICE

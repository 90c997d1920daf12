"""The newest prices, out of snapshots (https://docs.alpaca.markets/reference/stocksnapshots-1)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from math import prod

from tradebot.brokers.alpaca.data.pagination import answers_about, useless
from tradebot.brokers.http.api import Api
from tradebot.brokers.http.responses import Json
from tradebot.core.model.account import ActionKind, CorporateAction, Quote
from tradebot.core.model.exchange_time import new_york_date

PATH = "/v2/stocks/snapshots"
#: A close further back is nothing to compare a price with, and no split since then is looked for.
OLDEST_CLOSE = timedelta(days=14)
HIGHEST_PRICE = 10_000_000  # USD a share; the dearest, Berkshire Hathaway A, trades below 1,000,000


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The newest trade of a symbol, and the close of its newest session before today, as it was printed."""

    symbol: str
    last: Decimal
    at: datetime
    closed: Decimal | None
    closed_on: date | None


def fetch_snapshots(api: Api, symbols: Iterable[str], feed: str, today: date) -> dict[str, Snapshot]:
    """A snapshot of each symbol that ever traded on this feed. Raises BrokerUnavailable."""
    found: dict[str, Snapshot] = {}

    def ask(some: str) -> tuple[str, Json]:
        return some, api.read(PATH, {"symbols": some, "feed": feed})

    for some, answer in answers_about(symbols, ask):
        if not isinstance(answer, dict):
            raise useless(api, PATH, "answered with something that is no object")
        for symbol in some.split(","):
            try:
                snapshot = _snapshot(symbol, answer.get(symbol) or {}, today)
            except KeyError as missing:
                raise useless(api, PATH, f"sent a snapshot of {symbol} without {missing}") from None
            except (TypeError, ValueError, AttributeError, InvalidOperation):
                raise useless(
                    api, PATH, f"sent a snapshot of {symbol} with something that is no number or no time"
                ) from None
            if snapshot is not None:
                found[symbol] = snapshot
    return found


def quote_of(snapshot: Snapshot, actions: Iterable[CorporateAction] | None, today: date) -> Quote:
    """The quote of a symbol, on the split basis of ``today``: before the first trade after a split, too.

    ``actions`` are those of the last days; None when they are not known, and then the previous close is not either.
    """
    if actions is None:
        return Quote(snapshot.symbol, snapshot.last, snapshot.at)
    splits = [action for action in actions if action.kind is ActionKind.SPLIT and action.symbol == snapshot.symbol]
    last = _since_split(snapshot.last, new_york_date(snapshot.at), splits, today)
    if snapshot.closed is None or snapshot.closed_on is None:
        return Quote(snapshot.symbol, last, snapshot.at)
    return Quote(snapshot.symbol, last, snapshot.at, _since_split(snapshot.closed, snapshot.closed_on, splits, today))


def _since_split(price: Decimal, day: date, splits: Iterable[CorporateAction], today: date) -> Decimal:
    """A price of ``day`` as it would be if what has split since then had been split before."""
    return price / prod((split.value for split in splits if day < split.ex_date <= today), start=Decimal(1))


def _snapshot(symbol: str, item: Mapping[str, Json], today: date) -> Snapshot | None:
    """What a snapshot says; None where there was no trade. Its daily bar is that of the newest day with one."""
    trade = item.get("latestTrade")
    if trade is None or not _is_price(last := Decimal(trade["p"])):
        return None
    at = datetime.fromisoformat(trade["t"]).astimezone(UTC)
    for name in ("dailyBar", "prevDailyBar"):
        bar = item.get(name)
        if bar is None:
            continue
        day, close = new_york_date(datetime.fromisoformat(bar["t"])), Decimal(bar["c"])
        if today - OLDEST_CLOSE <= day < today and _is_price(close):
            return Snapshot(symbol, last, at, close, day)
    return Snapshot(symbol, last, at, None, None)


def _is_price(number: Decimal) -> bool:
    return number.is_finite() and 0 < number <= HIGHEST_PRICE

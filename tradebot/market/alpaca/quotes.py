"""The newest prices, out of snapshots (https://docs.alpaca.markets/reference/stocksnapshots-1)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation

from tradebot.core.account import ActionKind, CorporateAction, Quote
from tradebot.market.alpaca.listing import chunks, useless
from tradebot.market.calendar import new_york_date
from tradebot.wire.answers import Json
from tradebot.wire.api import Api

PATH = "/v2/stocks/snapshots"
#: A close further back is nothing to compare a price with, and no split since then is looked for.
OLDEST_CLOSE = timedelta(days=14)


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
    for some in chunks(symbols):
        answer = api.read(PATH, {"symbols": some, "feed": feed})
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
    """The quote of a symbol, its previous close on the split basis of ``today``.

    ``actions`` are those since that close; None when they are not known, and then neither is the previous close.
    """
    if actions is None or snapshot.closed is None or snapshot.closed_on is None:
        return Quote(snapshot.symbol, snapshot.last, snapshot.at)
    closed = snapshot.closed
    for action in actions:
        since = snapshot.closed_on < action.ex_date <= today
        if action.symbol == snapshot.symbol and action.kind is ActionKind.SPLIT and since:
            closed /= action.value
    return Quote(snapshot.symbol, snapshot.last, snapshot.at, closed)


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
    return number.is_finite() and number > 0

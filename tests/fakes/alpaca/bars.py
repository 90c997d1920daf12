"""Daily bars of many symbols, in pages."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from tests.fakes.alpaca.house import House
from tests.fakes.alpaca.messages import Refusal
from tests.fakes.alpaca.notation import instant, midnight
from tests.fakes.wire.messages import Answer, Arrival
from tradebot.brokers.paper import PaperExchange, Phase
from tradebot.brokers.paper.view import ExchangeView
from tradebot.core.model.account import ActionKind, CorporateAction, DayBar
from tradebot.core.model.exchange_time import NEW_YORK, new_york_date
from tradebot.core.model.values import ONE, SUB_PENNY

#: What the free plan does not show of all exchanges' trades.
RECENT = timedelta(minutes=15)
_ADJUSTMENTS = frozenset({"raw", "split", "dividend", "spin-off", "all"})
_FEEDS = frozenset({"sip", "iex", "boats", "otc"})
_LIMIT, _MAX_LIMIT = 1000, 10_000
#: How much of all trading happens on the exchange whose trades are free.
_IEX_SHARE = Decimal("0.025")


@dataclass(frozen=True, slots=True)
class Asked:
    """What a request for bars asks for, with its first and last New York date."""

    symbols: tuple[str, ...]
    first: date
    last: date
    limit: int
    adjustments: frozenset[str]
    feed: str
    falling: bool


def bars(house: House, exchange: PaperExchange, arrival: Arrival) -> Answer:
    """By symbol, then by time; ``limit`` counts the bars of all symbols together."""
    with exchange.reading() as paper:
        asked = _asked(house, paper, arrival)
        past = _past(house, paper, asked.first, asked.last)
        place = _place(arrival)
        found: dict[str, list[dict[str, Any]]] = {}
        count = 0
        for symbol in asked.symbols:
            if place is not None and symbol < place[0]:
                continue
            rows = past.get(symbol, [])
            for bar in reversed(rows) if asked.falling else rows:
                if place is not None and symbol == place[0] and not _behind(bar, place[1], falling=asked.falling):
                    continue
                if count == asked.limit:
                    token = _token(*_last_of(found))
                    return Answer(200, {"bars": found, "next_page_token": token})
                found.setdefault(symbol, []).append(_row(house, paper, bar, asked))
                count += 1
    return Answer(200, {"bars": found, "next_page_token": None})


def symbols_of(arrival: Arrival) -> tuple[str, ...]:
    """The symbols asked for, in order, each once."""
    symbols = tuple(sorted(set(arrival.query.get("symbols", "").split(",")) - {""}))
    if not symbols:
        raise Refusal(400, None, "symbols is required")
    for symbol in symbols:
        if not symbol.replace(".", "").isalnum() or symbol != symbol.upper():
            raise Refusal(400, None, f"invalid symbol: {symbol}")
    return symbols


def bar_json(bar: DayBar) -> dict[str, Any]:
    middle = (bar.high + bar.low + bar.close) / 3
    return {
        "t": instant(midnight(bar.session)),
        "o": float(bar.open),
        "h": float(bar.high),
        "l": float(bar.low),
        "c": float(bar.close),
        "v": bar.volume,
        "n": max(bar.volume // 100, 1),
        "vw": float(round(middle, 6)),
    }


def so_far(paper: ExchangeView, symbol: str) -> DayBar | None:
    """Today's bar as far as it has come: its open only, or all of it; none where nothing trades."""
    bar = paper.traded_bar(symbol)
    if bar is None or paper.state.phase is not Phase.OPEN:
        return bar
    price = bar.open
    return DayBar(symbol, bar.session, price, price, price, price, bar.volume // 20)


# --- what is asked for ---------------------------------------------------------------------------


def _asked(house: House, paper: ExchangeView, arrival: Arrival) -> Asked:
    query, now = arrival.query, paper.state.now
    feed = query.get("feed", "sip")
    if feed not in _FEEDS:
        raise Refusal(400, None, f"invalid feed: {feed}")
    if query.get("timeframe") not in ("1Day", "1D"):
        raise Refusal(400, None, f"invalid timeframe: {query.get('timeframe')}; the fake has daily bars only")
    delayed = feed == "sip" and not house.terms.real_time_sip
    begins = _moment(query["start"], "start", at_end=False) if "start" in query else midnight(new_york_date(now))
    ends = now - RECENT if delayed else now
    if "end" in query:
        ends = _moment(query["end"], "end", at_end=True)
        if delayed and ends > now - RECENT:
            raise Refusal(403, None, "subscription does not permit querying recent SIP data")
    limit = int(query.get("limit", str(_LIMIT)))
    if not 1 <= limit <= _MAX_LIMIT:
        raise Refusal(400, None, f"invalid limit: it must be between 1 and {_MAX_LIMIT}")
    adjustments = frozenset(query.get("adjustment", "raw").split(","))
    if not adjustments <= _ADJUSTMENTS:
        raise Refusal(400, None, f"invalid adjustment: {query['adjustment']}")
    return Asked(
        symbols=symbols_of(arrival),
        first=_first_date(begins),
        last=new_york_date(ends),
        limit=limit,
        adjustments=adjustments,
        feed=feed,
        falling=query.get("sort", "asc") == "desc",
    )


def _first_date(begins: datetime) -> date:
    """The first date whose bar, which bears its midnight, lies at or after an instant."""
    day = new_york_date(begins)
    return day if midnight(day) >= begins else day + timedelta(days=1)


def _moment(text: str, name: str, *, at_end: bool) -> datetime:
    """An instant, or the beginning or end of a New York date."""
    try:
        if len(text) == len("2024-07-03"):
            day = date.fromisoformat(text)
            return datetime.combine(day, time(23, 59, 59) if at_end else time(), tzinfo=NEW_YORK).astimezone(UTC)
        read = datetime.fromisoformat(text)
    except ValueError:
        raise Refusal(400, None, f"invalid {name}: {text}") from None
    return read if read.tzinfo is not None else read.replace(tzinfo=UTC)


# --- what there is -------------------------------------------------------------------------------


def _past(house: House, paper: ExchangeView, first: date, last: date) -> dict[str, list[DayBar]]:
    """The bars of a span of days, by symbol, with today's as far as it has come."""
    today = paper.state.session
    key = (paper.store.prices.fingerprint(), first, min(last, today), paper.state.phase, today)
    if house.bars_read is None or house.bars_read[0] != key:
        house.bars_read = key, _read(paper, first, min(last, today))
    return house.bars_read[1]


def _read(paper: ExchangeView, first: date, last: date) -> dict[str, list[DayBar]]:
    today, found = paper.state.session, defaultdict(list)
    upto = last if paper.state.phase in (Phase.RESOLVED, Phase.CLOSED) else min(last, today - timedelta(days=1))
    rows = paper.store._sql.execute(
        "SELECT symbol, session, open, high, low, close, volume FROM bars WHERE volume > 0 AND session BETWEEN ? AND ?",
        (first.isoformat(), upto.isoformat()),
    )
    for symbol, session, opening, high, low, close, volume in rows:
        prices = (Decimal(opening), Decimal(high), Decimal(low), Decimal(close))
        found[symbol].append(_bar(symbol, date.fromisoformat(session), prices, volume))
    if paper.state.phase is Phase.OPEN and first <= today <= last:
        for symbol in paper.store.prices.symbols(today):
            bar = so_far(paper, symbol)
            if bar is not None:
                found[symbol].append(bar)
    return dict(found)


def _row(house: House, paper: ExchangeView, bar: DayBar, asked: Asked) -> dict[str, Any]:
    if asked.feed == "iex":
        bar = replace(bar, volume=int(bar.volume * _IEX_SHARE))
    if asked.adjustments != {"raw"}:
        bar = _adjusted(paper, bar, asked.adjustments)
    return bar_json(bar)


def _adjusted(paper: ExchangeView, bar: DayBar, adjustments: frozenset[str]) -> DayBar:
    """Prices and volume on today's basis."""
    ratio = factor = ONE
    for action in _later_actions(paper, bar):
        if action.kind is ActionKind.SPLIT and adjustments & {"split", "all"}:
            ratio *= action.value
        if action.kind is ActionKind.DIVIDEND and adjustments & {"dividend", "all"}:
            before = paper.store.prices.traded_before(action.symbol, action.ex_date)
            if before is not None:
                factor *= ONE - action.value / before.close
    opening, high, low, close = (
        (price / ratio * factor).quantize(SUB_PENNY) for price in (bar.open, bar.high, bar.low, bar.close)
    )
    return _bar(bar.symbol, bar.session, (opening, high, low, close), int(bar.volume * ratio))


def _bar(symbol: str, session: date, prices: tuple[Decimal, Decimal, Decimal, Decimal], volume: int) -> DayBar:
    opening, high, low, close = prices
    return DayBar(symbol, session, opening, high, low, close, volume)


def _later_actions(paper: ExchangeView, bar: DayBar) -> Iterator[CorporateAction]:
    later = paper.store.prices.actions_between(bar.session, paper.state.session)
    return (action for action in later if action.symbol == bar.symbol)


# --- pages ---------------------------------------------------------------------------------------


def _place(arrival: Arrival) -> tuple[str, date] | None:
    """The symbol and the day of the last bar of the page before."""
    token = arrival.query.get("page_token")
    if token is None:
        return None
    try:
        symbol, day = json.loads(urlsafe_b64decode(token))
        return str(symbol), date.fromisoformat(day)
    except ValueError:
        raise Refusal(400, None, "invalid page_token") from None


def _behind(bar: DayBar, day: date, *, falling: bool) -> bool:
    return bar.session < day if falling else bar.session > day


def _last_of(found: dict[str, list[dict[str, Any]]]) -> tuple[str, date]:
    symbol = max(found)
    return symbol, new_york_date(datetime.fromisoformat(found[symbol][-1]["t"]))


def _token(symbol: str, day: date) -> str:
    return urlsafe_b64encode(json.dumps([symbol, day.isoformat()]).encode()).decode()

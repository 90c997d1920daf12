"""Alpaca's data host as a server on this machine that says what a test puts into it, and markets that ask it."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Protocol, TypeVar
from urllib.parse import parse_qsl, urlsplit

from tradebot.brokers.alpaca.authorisation import KeyHeaders, Keys
from tradebot.brokers.alpaca.data import AlpacaMarket
from tradebot.brokers.alpaca.response_meaning import parse_response
from tradebot.brokers.http.api import Api
from tradebot.brokers.http.client import Client
from tradebot.brokers.http.rate_limit import RateLimiter
from tradebot.brokers.http.timeouts import Timeouts
from tradebot.core.model.account import MarketClock
from tradebot.core.model.exchange_time import NEW_YORK, new_york_date
from tradebot.market.calendar import NyseCalendar
from tradebot.settings.endpoints import Endpoint

CALENDAR = NyseCalendar()
#: Sessions up to Tuesday 2024-07-02; Wednesday is a half day, and Thursday a holiday.
TUESDAY = date(2024, 7, 2)
SESSIONS = [hours.session for hours in CALENDAR.between(date(2024, 1, 2), TUESDAY)]

Answer = tuple[int, Any]
Bar = dict[str, Any]


def stamp(session: date) -> str:
    """The time of a session's bar."""
    return datetime.combine(session, datetime.min.time(), NEW_YORK).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def bar(session: date, close: float, volume: int = 1000) -> Bar:
    low, high = round(close * 0.99, 4), round(close * 1.01, 4)
    return {"t": stamp(session), "o": close, "h": high, "l": low, "c": close, "v": volume, "n": 9, "vw": close}


def bars_of(symbol: str, sessions: Iterable[date] = SESSIONS) -> dict[date, Bar]:
    """A price a session, other for each symbol."""
    start = 50 + sum(map(ord, symbol)) % 97
    return {session: bar(session, start + session.toordinal() % 7) for session in sessions}


@dataclass
class Asked:
    path: str
    query: dict[str, str]


@dataclass
class DataHost:
    """What Alpaca knows. ``interfere`` may answer a request in its place, by its number from 1 on."""

    bars: dict[str, dict[date, Bar]] = field(default_factory=dict)
    actions: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    snapshots: dict[str, Any] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)
    page: int = 10_000
    interfere: Callable[[int, Asked], Answer | None] = lambda number, asked: None
    url: str = ""

    def count(self, path: str = "/") -> int:
        return sum(asked.path.startswith(path) for asked in self.asked)

    def answer(self, asked: Asked) -> Answer:
        self.asked.append(asked)
        interfered = self.interfere(len(self.asked), asked)
        if interfered is not None:
            return interfered
        if asked.path == "/v2/stocks/bars":
            return 200, self._bars(asked.query)
        if asked.path == "/v1/corporate-actions":
            return 200, self._actions(asked.query)
        assert asked.path == "/v2/stocks/snapshots", asked.path
        symbols = asked.query["symbols"].split(",")
        return 200, {symbol: self.snapshots[symbol] for symbol in symbols if symbol in self.snapshots}

    def _bars(self, query: Mapping[str, str]) -> Any:
        assert query["timeframe"] == "1Day" and query["adjustment"] == "raw" and query["feed"] in {"iex", "sip"}
        found = [
            (symbol, each)
            for symbol in sorted(query["symbols"].split(","))
            for _, each in sorted(self.bars.get(symbol, {}).items())
            if query["start"] <= each["t"] <= query["end"]
        ]
        return self._paged(found, query, "bars")

    def _actions(self, query: Mapping[str, str]) -> Any:
        symbols, types = query["symbols"].split(","), query["types"].split(",")
        found = [
            (name, item)
            for name, item in sorted(self.actions, key=lambda each: each[1]["process_date"])
            if item["symbol"] in symbols
            and name.removesuffix("s") in types
            and query["start"] <= item["process_date"] <= query["end"]
        ]
        return self._paged(found, query, "corporate_actions")

    def _paged(self, found: list[tuple[str, Any]], query: Mapping[str, str], name: str) -> Any:
        limit, first = min(self.page, int(query["limit"])), int(query.get("page_token", "0"))
        lists: dict[str, list[Any]] = {}
        for key, item in found[first : first + limit]:
            lists.setdefault(key, []).append(item)
        return {name: lists, "next_page_token": str(first + limit) if len(found) > first + limit else None}


class Host(Protocol):
    """What answers questions: the address is told to it once it listens."""

    url: str

    def answer(self, asked: Asked) -> Answer:
        """The status and the content of an answer; bytes are sent as they are."""
        ...


H = TypeVar("H", bound=Host)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    host: Host

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        status, content = self.host.answer(Asked(parts.path, dict(parse_qsl(parts.query))))
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        self.send_response_only(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        pass


@contextmanager
def serving(told: H) -> Iterator[H]:
    """``told`` answers at its ``url``."""

    class Handler(_Handler):
        host = told

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.block_on_close = False
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    told.url = f"http://127.0.0.1:{server.server_port}"
    yield told
    server.shutdown()
    server.server_close()
    thread.join(5)


class StoppedPause:
    """Time that passes only by sleeping."""

    def __init__(self) -> None:
        self.passed = 1000.0

    def sleep(self, seconds: float) -> None:
        self.passed += seconds

    def monotonic(self) -> float:
        return self.passed


@dataclass
class DeskClock:
    """The desk's time, which a test moves."""

    time: datetime

    def now(self) -> datetime:
        return self.time

    def wall(self) -> datetime:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)


class Open:
    """Opens markets over one data host and one folder, each as a process of its own would."""

    def __init__(self, host: DataHost, folder: Path) -> None:
        self._host = host
        self.folder = folder
        self.clock = DeskClock(at(TUESDAY, "09:35").now)

    def __call__(self, feed: str = "iex", folder: Path | None = None) -> AlpacaMarket:
        place = Endpoint(self._host.url, "ALPACA_DATA_URL")
        client, keys = Client(place, Timeouts()), KeyHeaders(Keys("PKTEST", "secret"))
        api = Api(client, keys, parse_response, RateLimiter(), StoppedPause(), Timeouts())
        return AlpacaMarket(api, folder or self.folder, feed, self.clock, CALENDAR)

    def cold(self, folder: Path) -> AlpacaMarket:
        return self(folder=folder)


def at(day: date, time: str) -> MarketClock:
    """The broker's clock at a time of a day in New York."""
    now = datetime.combine(day, datetime.strptime(time, "%H:%M").time(), NEW_YORK).astimezone(UTC)  # noqa: DTZ007
    today = CALENDAR.hours(day)
    return MarketClock(
        now=now,
        is_open=today is not None and today.opens <= now < today.closes,
        today=today,
        previous=CALENDAR.previous(new_york_date(now)),
        upcoming=CALENDAR.following(new_york_date(now)),
    )

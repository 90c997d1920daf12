"""A host with Robinhood's lists of prices, as the source of robin-stocks has them, and what asks it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.data_host import CALENDAR, Answer, Asked, DeskClock, StoppedPause, at, serving
from tests.fakes.robinhood.client import GrantedToken
from tradebot.brokers.http.api import Api
from tradebot.brokers.http.client import Client
from tradebot.brokers.http.rate_limit import RateLimiter
from tradebot.brokers.http.timeouts import Timeouts
from tradebot.brokers.robinhood.data import RobinhoodMarket
from tradebot.brokers.robinhood.data.listings import Listings
from tradebot.brokers.robinhood.response_meaning import parse_response
from tradebot.market.price_file import PriceFile
from tradebot.settings.endpoints import Endpoint
from tradebot.strategy_api import History

TUESDAY = date(2024, 7, 2)
Candles = list[dict[str, Any]]


def candle(begins: str, price: float, volume: int = 1000, **more: Any) -> dict[str, Any]:
    """A row of prices around one price; ``begins`` with its offset."""
    return {
        "begins_at": begins,
        "open_price": f"{price:.6f}",
        "high_price": f"{price * 1.01:.6f}",
        "low_price": f"{price * 0.99:.6f}",
        "close_price": f"{price:.6f}",
        "volume": volume,
        "session": "reg",
        "interpolated": False,
        **more,
    }


def days(prices: Iterable[tuple[date, float]]) -> Candles:
    return [candle(f"{day}T00:00:00Z", price) for day, price in prices]


def quote(symbol: str, last: float, **more: Any) -> dict[str, Any]:
    return {
        "symbol": symbol,
        "last_trade_price": f"{last:.6f}",
        "last_extended_hours_trade_price": None,
        "previous_close": f"{last:.6f}",
        "adjusted_previous_close": f"{last:.6f}",
        "previous_close_date": "2024-07-01",
        "trading_halted": False,
        "has_traded": True,
        "updated_at": "2024-07-02T13:35:02Z",
        "instrument": f"https://api.robinhood.com/instruments/{symbol.lower()}-id/",
        **more,
    }


@dataclass
class RobinhoodHost:
    """What Robinhood knows: candles by interval and symbol, of which it gives those of the span that is asked for.

    ``interfere`` may answer a request in its place, by its number from 1 on.
    """

    candles: dict[str, dict[str, Candles]] = field(default_factory=lambda: {"day": {}, "5minute": {}})
    quotes: dict[str, dict[str, Any]] = field(default_factory=dict)
    splits: dict[str, list[dict[str, Any]]] = field(default_factory=dict)  # by instrument id
    today: date = TUESDAY
    five_years: bool = True  # whether it gives more than a year of daily bars
    asked: list[Asked] = field(default_factory=list)
    interfere: Callable[[int, Asked], Answer | None] = lambda number, asked: None
    url: str = ""

    def count(self, path: str = "/") -> int:
        return sum(asked.path.startswith(path) for asked in self.asked)

    def answer(self, asked: Asked) -> Answer:
        self.asked.append(asked)
        interfered = self.interfere(len(self.asked), asked)
        if interfered is not None:
            return interfered
        if asked.path == "/quotes/historicals/":
            return 200, {"results": [self._candles(symbol, asked.query) for symbol in _symbols(asked)]}
        if asked.path == "/quotes/":
            return 200, {"results": [self.quotes.get(symbol) for symbol in _symbols(asked)]}
        if asked.path.endswith("/splits/"):
            return 200, {"results": self.splits.get(asked.path.split("/")[2], []), "next": None}
        return 404, {"detail": "Not found."}

    def _candles(self, symbol: str, query: dict[str, str]) -> dict[str, Any] | None:
        interval, span = query["interval"], query["span"]
        held = self.candles[interval].get(symbol)
        if held is None:
            return None
        back = {"day": 0, "week": 7, "year": 365, "5year": 1826}[span]
        since = (self.today - timedelta(days=back)).isoformat()
        told = [each for each in held if each["begins_at"] >= since]
        if span == "5year" and not self.five_years:
            told = []
        return {"symbol": symbol, "interval": interval, "span": span, "bounds": "regular", "historicals": told}


def _symbols(asked: Asked) -> list[str]:
    return asked.query["symbols"].split(",")


@pytest.fixture
def host() -> Iterator[RobinhoodHost]:
    with serving(RobinhoodHost()) as told:
        yield told


def api_to(host: RobinhoodHost) -> Api:
    client = Client(Endpoint(host.url, "ROBINHOOD_BASE_URL"), Timeouts())
    return Api(client, GrantedToken("token"), parse_response, RateLimiter(), StoppedPause(), Timeouts())


@pytest.fixture
def listings(host: RobinhoodHost) -> Listings:
    return Listings(api_to(host))


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


def split(day: str, multiplier: int, divisor: int) -> dict[str, Any]:
    return {"execution_date": day, "multiplier": f"{multiplier}.00000000", "divisor": f"{divisor}.00000000"}


MORNING = at(TUESDAY, "09:35")
MONDAY = date(2024, 7, 1)
ALL = [hours.session for hours in CALENDAR.between(date(2022, 1, 3), date(2024, 12, 31))]
REFERENCES = ("AAPL", "MSFT", "SPY")


class Home:
    """One home's markets over a host, each as a process of its own would open it, and the desk's time."""

    def __init__(self, host: RobinhoodHost, folder: Path) -> None:
        self.host = host
        self.folder = folder
        self.clock = DeskClock(MORNING.now)

    def __call__(self, older: PriceFile | None = None) -> RobinhoodMarket:
        return RobinhoodMarket(api_to(self.host), self.folder, self.clock, CALENDAR, older)

    def on(self, day: date, time: str = "09:35") -> Any:
        """The broker's clock at a time of a day, to which the host and the desk move."""
        moment = at(day, time)
        self.clock.time, self.host.today = moment.now, day
        return moment


def wave(session: date) -> float:
    """A price of a session that is not that of its neighbours."""
    return 60 + session.toordinal() % 7


@pytest.fixture
def home(host: RobinhoodHost, tmp_path: Path) -> Home:
    host.candles["day"] = {symbol: days((day, wave(day)) for day in ALL) for symbol in ("KO", "IBM", *REFERENCES)}
    host.quotes = {symbol: quote(symbol, 62) for symbol in ("KO", "IBM", *REFERENCES)}
    return Home(host, tmp_path)


def closes(history: History, symbol: str = "KO") -> list[float]:
    return [float(price) for price in history.close[symbol]]


def waves(last: date, sessions: int) -> list[float]:
    return [wave(day) for day in ALL if day <= last][-sessions:]

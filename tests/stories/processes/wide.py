"""A home that trades many symbols at a played Alpaca or Robinhood, and what it asks there.

On the first three days of a week its strategy enters ten of them, on the others none.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import product
from pathlib import Path
from string import ascii_uppercase

import numpy as np
import pandas as pd
import requests

from tests.fakes.alpaca import KEY_ID, SECRET_KEY
from tests.fakes.alpaca.process import Running, running
from tests.fakes.robinhood import process as robinhood
from tradebot.brokers.robinhood.auth.token_file import TokenFile
from tradebot.brokers.robinhood.auth.tokens import Tokens
from tradebot.core.model.exchange_time import NEW_YORK
from tradebot.market.bar_table import REFERENCES
from tradebot.market.calendar import NyseCalendar

#: A week of five sessions, of which the first three are traded.
MONDAY, TUESDAY, THURSDAY, FRIDAY = (date(2011, 3, day) for day in (7, 8, 10, 11))
ENTERED = 10
SESSIONS, WARMUP = 300, 250

_CASH = 1_000_000
_NAME = "ten_a_day"
_MANIFEST = """
name = "{name}"
version = "1.0.0"
description = "Enters ten symbols a day in the first half of a week, others each day."
symbols = [{symbols}]
warmup = {warmup}
"""
_STRATEGY = """
from decimal import Decimal

import numpy as np

from tradebot.strategy_api import ExitPolicy, Signals


class Strategy:
    def signals(self, history, params):
        days, count = history.close.index, history.close.shape[1]
        turn = np.add.outer([day.toordinal() for day in days], np.arange(count)) % (count // {entered})
        eve = days.dayofweek.isin([6, 0, 1, 4]).reshape(-1, 1)  # sessions before a Monday, Tuesday or Wednesday
        entry = history.close.notna() & (turn == 0) & eve
        return Signals(entry=entry, exit=entry & False, exits=ExitPolicy(stop=Decimal("0.2")), reason="its turn")
"""
_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_DAY = re.compile(r"\d{4}-\d\d-\d\d")


@dataclass(frozen=True, slots=True)
class WideHome:
    """A home whose account and prices are at ``broker``. ``settings`` name it."""

    home: Path
    broker: Running | robinhood.Running
    settings: Mapping[str, str]

    @property
    def environment(self) -> Mapping[str, str]:
        """What a process needs to know to trade here, now at the played broker."""
        return {
            "TRADEBOT_STATE_DIR": str(self.home.parent / "user"),
            "TRADEBOT_NOW": self.broker.now().isoformat(),
            **self.settings,
        }

    def open(self, session: date) -> None:
        """Go to 10:00 in New York of a session."""
        self.broker.go_to(datetime.combine(session, time(10), NEW_YORK))

    def forget_prices(self) -> None:
        """Leave nothing of what was fetched before."""
        for broker in ("alpaca", "robinhood"):
            for kept in (self.home / "state").glob(f"{broker}_*"):
                kept.unlink()

    @contextmanager
    def counting(self) -> Iterator[Counter[str]]:
        """Counts requests by route until it is left; known from then on."""
        before, counted = len(self.broker.requests()), Counter[str]()
        yield counted
        counted.update(map(_route, self.broker.requests()[before:]))


@contextmanager
def wide_home(folder: Path, count: int, broker: str = "alpaca") -> Iterator[WideHome]:
    """A new home in ``folder`` that trades so many symbols, a multiple of ten, at "alpaca" or "robinhood"."""
    folder.mkdir(exist_ok=True)
    home, prices = folder / "home", folder / "prices.parquet"
    symbols = [f"Z{''.join(three)}" for three, _ in zip(product(ascii_uppercase, repeat=3), range(count), strict=False)]
    _write_prices(prices, [*symbols, *REFERENCES])
    strategy = home / "strategies" / _NAME
    strategy.mkdir(parents=True)
    named = ", ".join(f'"{symbol}"' for symbol in symbols)
    (strategy / "manifest.toml").write_text(_MANIFEST.format(name=_NAME, symbols=named, warmup=WARMUP))
    (strategy / "strategy.py").write_text(_STRATEGY.format(entered=ENTERED))
    (home / ".env").write_text(f"STRATEGIES={_NAME}\nMAX_POSITIONS={4 * ENTERED}\n")
    options = ("--start", MONDAY.isoformat(), "--prices", str(prices), "--cash", str(_CASH))
    with ExitStack() as stack:
        if broker == "alpaca":
            alpaca = stack.enter_context(running(folder / broker, *options))
            yield WideHome(home, alpaca, _at_alpaca(alpaca))
        else:
            played = stack.enter_context(robinhood.running(folder / broker, *options))
            yield WideHome(home, played, _at_robinhood(played, folder / "user"))


def _at_alpaca(alpaca: Running) -> Mapping[str, str]:
    return {
        "BROKER": "alpaca",
        "ALPACA_API_KEY": KEY_ID,
        "ALPACA_SECRET_KEY": SECRET_KEY,
        "ALPACA_BASE_URL": alpaca.url,
        "ALPACA_DATA_URL": alpaca.url,
    }


def _at_robinhood(played: robinhood.Running, state: Path) -> Mapping[str, str]:
    """Settings of an account there whose tokens lie in the user's folder."""
    now, pair = played.now(), played.grant()
    tokens = Tokens(
        access=pair["access_token"],
        refresh=pair["refresh_token"],
        device=pair["device_token"],
        obtained_at=now,
        expires_at=now + timedelta(days=8),
    )
    TokenFile(state, "", played.url).write(tokens)
    headers = {"Authorization": f"Bearer {tokens.access}"}
    (account,) = requests.get(f"{played.url}/accounts/", headers=headers, timeout=60).json()["results"]
    return {
        "BROKER": "robinhood",
        "TRADING_MODE": "live",
        "LIVE_TRADING_ENABLED": "true",
        "ROBINHOOD_ACCOUNT": account["account_number"],
        "ROBINHOOD_BASE_URL": played.url,
        "ROBINHOOD_REQUEST_GAP_MS": "0",
        "ROBINHOOD_USERNAME": "",
    }


def _write_prices(path: Path, symbols: list[str]) -> None:
    """Bars that go up and down by a few per cent in two months, each symbol at its own price and time."""
    days = [hours.session for hours in NyseCalendar().between(date(2009, 12, 1), FRIDAY)][-SESSIONS:]
    day, symbol = np.mgrid[: len(days), : len(symbols)]
    close = np.round((20 + symbol % 80) * (1 + 0.05 * np.sin((day + symbol) / 7)), 2)
    opening = np.vstack([close[:1], close[:-1]])
    columns = {"open": opening, "high": np.maximum(opening, close) + 0.1, "low": np.minimum(opening, close) - 0.1}
    table = {name: np.round(values, 2).ravel() for name, values in {**columns, "close": close}.items()}
    names = {"symbol": np.tile(symbols, len(days)), "date": np.repeat([str(each) for each in days], len(symbols))}
    pd.DataFrame({**names, **table, "volume": 5_000_000 + 10_000 * symbol.ravel()}).to_parquet(path)


def _route(request: Mapping[str, object]) -> str:
    """A request without what differs between two of its kind."""
    path, query = _DAY.sub("{day}", _ID.sub("{id}", str(request["path"]))), request["query"]
    status = query.get("status") if isinstance(query, dict) and path == "/v2/orders" else None
    return f"{request['method']} {path}" + (f"?status={status}" if status else "")

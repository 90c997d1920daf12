"""Corporate actions at a played Alpaca."""

from __future__ import annotations

from datetime import date
from typing import Any

from tests.fakes.data_host import Open, at

FRIDAY = date(2024, 7, 5)


def item(ex_date: date = FRIDAY, processed: date | None = None, symbol: str = "IBM", **more: Any) -> dict[str, Any]:
    days = {"ex_date": ex_date.isoformat(), "process_date": (processed or ex_date).isoformat()}
    return {"id": f"{symbol} {ex_date} {more}", "symbol": symbol, **days, **more}


def adjusted(market: Open, day: date, time: str = "09:00", symbols: tuple[str, ...] = ("IBM", "KO")) -> Any:
    return market().history(symbols, 60, at(day, time)).close

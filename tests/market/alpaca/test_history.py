"""Bars from Alpaca: which are asked for, which are kept, and what is made of those that cannot be used."""

from __future__ import annotations

from datetime import date

from tests.fakes.data_host import TUESDAY, DataHost, Open, at, bars_of

MORNING = at(TUESDAY, "09:35")


def test_the_last_completed_bars_are_asked_for_with_everything_said(host: DataHost, market: Open) -> None:
    host.bars = {symbol: bars_of(symbol) for symbol in ("IBM", "BRK.B", "SPY")}

    history = market().history(["IBM", "BRK.B"], 3, MORNING)

    assert [stamp.date() for stamp in history.close.index] == [date(2024, 6, 27), date(2024, 6, 28), date(2024, 7, 1)]
    assert list(history.close.columns) == ["IBM", "BRK.B"]
    newest = host.bars["BRK.B"][date(2024, 7, 1)]
    assert [frame["BRK.B"].iloc[-1] for frame in vars(history).values()] == [newest[field] for field in "ohlcv"]
    (asked,) = (asked for asked in host.asked if asked.path == "/v2/stocks/bars")
    assert asked.query == {
        "symbols": "AAPL,BRK.B,IBM,MSFT,SPY",
        "timeframe": "1Day",
        "start": "2024-06-27T04:00:00Z",
        "end": "2024-07-01T20:00:00Z",
        "adjustment": "raw",
        "feed": "iex",
        "sort": "asc",
        "limit": "10000",
    }

"""The fake Alpaca's market data: bars, snapshots, the newest trades and quotes, corporate actions."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.fakes.alpaca import KEY_ID, SECRET_KEY, FakeAlpaca, Terms
from tests.fakes.pit import FREE, Pit
from tests.fakes.prices import dividend, made, split
from tests.fakes.prices import sessions as sessions_of

FIRST, SECOND, THIRD = sessions_of(3)
DAYS = {
    "ACME": ["100 101 99 100", "104 106 103 105", "52 53 51 52"],
    "BOLT": ["20 21 19 20", "20 22 20 21", "21 21 20 20"],
}
ACTIONS = (split("ACME", THIRD, "2"), dividend("BOLT", SECOND, "0.5"))
Get = Callable[..., Any]


class Data:
    def __init__(self, fake: FakeAlpaca, pit: Pit) -> None:
        self.fake, self.pit = fake, pit
        self.session = requests.Session()
        self.session.headers.update({"APCA-API-KEY-ID": KEY_ID, "APCA-API-SECRET-KEY": SECRET_KEY})

    def ask(self, path: str, **query: str) -> requests.Response:
        return self.session.get(self.fake.url + path, params=query, timeout=5)

    def get(self, path: str, **query: str) -> Any:
        answer = self.ask(path, **query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def bars(self, symbols: str = "ACME", **query: str) -> Any:
        asked = {"timeframe": "1Day", "start": "2007-01-01", "feed": "iex", **query}
        return self.get("/v2/stocks/bars", symbols=symbols, **asked)


@pytest.fixture
def pit(tmp_path: Path) -> Iterator[Pit]:
    """An exchange before the open of the second of three days."""
    made_pit = Pit(tmp_path / "exchange.db", made(DAYS, ACTIONS), FREE)
    made_pit.next("09:00")
    yield made_pit
    made_pit.exchange.close()


@pytest.fixture
def data(pit: Pit) -> Iterator[Data]:
    with ExitStack() as stack:
        started = Data(stack.enter_context(FakeAlpaca(pit.again)), pit)
        stack.callback(started.session.close)
        yield started


def closes(bars: Any, symbol: str = "ACME") -> list[float]:
    return [bar["c"] for bar in bars["bars"].get(symbol, [])]


def test_bars_bear_the_midnight_of_new_york_and_come_as_far_as_the_day_has(data: Data) -> None:
    (bar,) = data.bars()["bars"]["ACME"]
    assert bar["t"] == "2007-01-03T05:00:00Z"
    assert (bar["o"], bar["h"], bar["l"], bar["c"]) == (100, 101, 99, 100)
    data.pit.at("09:35")
    assert closes(data.bars()) == [100, 104]
    data.pit.at("16:05")
    assert closes(data.bars()) == [100, 105]


def test_a_span_of_dates_has_both_its_ends(data: Data) -> None:
    data.pit.next("16:05")
    assert closes(data.bars(start="2007-01-04", end="2007-01-05")) == [105, 52]
    assert closes(data.bars(start="2007-01-04T12:00:00Z", end="2007-01-05")) == [52]
    assert closes(data.bars(end="2007-01-04T05:00:00Z")) == [100, 105]


def test_bars_of_all_symbols_come_in_pages_by_symbol(data: Data) -> None:
    data.pit.next("16:05")
    first = data.bars("BOLT,ACME", limit="4")
    assert (closes(first), closes(first, "BOLT")) == ([100, 105, 52], [20])
    second = data.bars("BOLT,ACME", limit="4", page_token=first["next_page_token"])
    assert (closes(second), closes(second, "BOLT")) == ([], [21, 20])
    assert second["next_page_token"] is None
    assert closes(data.bars(sort="desc")) == [52, 105, 100]


def test_a_symbol_without_bars_is_left_out(data: Data) -> None:
    assert data.bars("NONE,ACME")["bars"].keys() == {"ACME"}
    assert data.ask("/v2/stocks/bars", symbols="acme", timeframe="1Day").status_code == 400


def test_adjustments_are_to_what_is_known_today(data: Data) -> None:
    assert closes(data.bars(adjustment="all")) == [100]
    data.pit.next("16:05")
    assert closes(data.bars(adjustment="raw")) == [100, 105, 52]
    assert closes(data.bars(adjustment="split")) == [50, 52.5, 52]
    assert closes(data.bars("BOLT", adjustment="dividend"), "BOLT") == [19.5, 21, 20]
    assert closes(data.bars("BOLT", adjustment="split"), "BOLT") == [20, 21, 20]


def test_the_free_plan_shows_nothing_recent_of_all_exchanges(data: Data, pit: Pit) -> None:
    pit.at("16:05")
    span = {"symbols": "ACME", "timeframe": "1Day", "start": "2007-01-01", "feed": "sip"}
    refused = data.ask("/v2/stocks/bars", **span, end="2007-01-04T21:00:00Z")
    assert refused.status_code == 403
    assert refused.json() == {"message": "subscription does not permit querying recent SIP data"}
    assert data.ask("/v2/stocks/snapshots", symbols="ACME", feed="sip").status_code == 403
    assert closes(data.get("/v2/stocks/bars", **span, end="2007-01-04T20:50:00Z")) == [100, 105]
    assert closes(data.get("/v2/stocks/bars", **span)) == [100, 105]
    with FakeAlpaca(pit.again, terms=Terms(real_time_sip=True)) as paid:
        asked = data.session.get(
            paid.url + "/v2/stocks/snapshots", params={"symbols": "ACME", "feed": "sip"}, timeout=5
        )
    assert asked.status_code == 200


def test_a_snapshot_tells_the_newest_prices_as_they_were(data: Data) -> None:
    before = data.get("/v2/stocks/snapshots", symbols="ACME,NONE", feed="iex")
    assert before.keys() == {"ACME"}
    assert before["ACME"]["latestTrade"]["p"] == 100
    assert before["ACME"]["latestTrade"]["t"] == "2007-01-03T21:00:00Z"
    assert "prevDailyBar" not in before["ACME"]
    data.pit.at("09:35")
    opened = data.get("/v2/stocks/snapshots", symbols="ACME")["ACME"]
    assert (opened["latestTrade"]["p"], opened["dailyBar"]["c"], opened["prevDailyBar"]["c"]) == (104, 104, 100)
    data.pit.next("09:00")
    split_today = data.get("/v2/stocks/snapshots", symbols="ACME")["ACME"]
    assert split_today["latestTrade"]["p"] == 105


def test_quotes_lie_on_both_sides_of_the_price_while_the_market_is_open(data: Data) -> None:
    assert data.get("/v2/stocks/quotes/latest", symbols="ACME")["quotes"]["ACME"]["ap"] == 0
    data.pit.at("09:35")
    quote = data.get("/v2/stocks/quotes/latest", symbols="ACME")["quotes"]["ACME"]
    assert (quote["bp"], quote["ap"]) == (103.99, 104.01)
    assert data.get("/v2/stocks/trades/latest", symbols="ACME")["trades"]["ACME"]["p"] == 104


def test_actions_are_found_by_the_day_they_are_processed(data: Data) -> None:
    def found(**query: str) -> Any:
        return data.get("/v1/corporate-actions", **query)["corporate_actions"]

    assert found() == {}
    (known,) = found(start="2007-01-04", end="2007-01-31")["forward_splits"]
    assert (known["symbol"], known["ex_date"], known["new_rate"], known["old_rate"]) == ("ACME", "2007-01-05", 2, 1)
    (paid,) = found(start="2007-01-05", end="2007-01-31")["cash_dividends"]
    assert (paid["ex_date"], paid["process_date"], paid["rate"]) == ("2007-01-04", "2007-01-19", 0.5)
    assert found(start="2007-01-04", end="2007-01-31", types="cash_dividend", symbols="ACME") == {}
    first = data.get("/v1/corporate-actions", start="2007-01-01", end="2007-01-31", limit="1")
    assert first["corporate_actions"].keys() == {"forward_splits"}
    second = data.get(
        "/v1/corporate-actions", start="2007-01-01", end="2007-01-31", limit="1", page_token=first["next_page_token"]
    )
    assert second["corporate_actions"].keys() == {"cash_dividends"}
    assert second["next_page_token"] is None

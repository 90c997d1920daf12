"""The market over the fake Alpaca, held to the specification: it knows what the exchange there knows, day after day."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

from tests.fakes.alpaca import KEY_ID, FakeAlpaca, Terms
from tests.fakes.alpaca.client import api_of
from tests.fakes.data_host import CALENDAR, DeskClock
from tests.fakes.pit import FREE, Pit
from tests.fakes.prices import sessions
from tradebot.brokers.alpaca.data import AlpacaMarket
from tradebot.brokers.paper.market_data import PaperMarket
from tradebot.core.model.account import MarketClock
from tradebot.errors import Blocked, BrokerUnavailable
from tradebot.market.price_file import PriceFile

DAYS = sessions(12)
SPLIT, DIVIDEND = DAYS[6], DAYS[9]
SYMBOLS = ["AAPL", "BRK.B"]


@pytest.fixture
def prices(tmp_path: Path) -> PriceFile:
    """Twelve sessions of two symbols: one splits two for one, the other pays a dividend."""
    rows = ["symbol,date,open,high,low,close,volume"]
    for number, day in enumerate(DAYS):
        close = (100 + number) / (2 if day >= SPLIT else 1)
        rows.append(f"AAPL,{day},{close - 0.5},{close + 1},{close - 1},{close},400000")
    rows += [f"BRK.B,{day},50,59,49,{50 + number / 4},20000" for number, day in enumerate(DAYS)]
    (tmp_path / "bars.csv").write_text("\n".join(rows) + "\n")
    actions = ["symbol,ex_date,kind,value", f"AAPL,{SPLIT},split,2", f"BRK.B,{DIVIDEND},dividend,0.5"]
    (tmp_path / "actions.csv").write_text("\n".join(actions) + "\n")
    return PriceFile(tmp_path / "bars.csv", tmp_path / "actions.csv")


@pytest.fixture
def pit(prices: PriceFile, tmp_path: Path) -> Iterator[Pit]:
    """The exchange in its second session."""
    made = Pit(tmp_path / "exchange.db", prices, FREE)
    made.next("09:00")
    yield made
    made.exchange.close()


@pytest.fixture
def fake(pit: Pit) -> Iterator[FakeAlpaca]:
    with FakeAlpaca(pit.again) as serving:
        yield serving


def market(fake: FakeAlpaca, pit: Pit, folder: Path, feed: str = "iex") -> AlpacaMarket:
    """As a process of its own would have it."""
    return AlpacaMarket(api_of(fake), folder, feed, DeskClock(pit.exchange.now()), CALENDAR)


def clock(pit: Pit) -> MarketClock:
    return pit.broker.clock()


def test_every_morning_and_evening_it_knows_what_the_exchange_does(
    fake: FakeAlpaca, pit: Pit, prices: PriceFile, tmp_path: Path
) -> None:
    embedded = PaperMarket(prices, pit.exchange)

    for _ in DAYS[2:]:
        pit.next()
        for time in ("09:00", "09:35", "16:05"):
            pit.at(time)
            now, seen = clock(pit), market(fake, pit, tmp_path / "state")

            history, expected = seen.history(SYMBOLS, 8, now), embedded.history(SYMBOLS, 8, now)
            pd.testing.assert_frame_equal(history.close, expected.close)
            pd.testing.assert_frame_equal(history.volume, (expected.volume * 0.025).round())
            assert seen.last_completed(now) == embedded.last_completed(now)
            assert seen.upcoming_actions(SYMBOLS, now, 5) == embedded.upcoming_actions(SYMBOLS, now, 5)
            assert seen.actions_since(SYMBOLS, DAYS[0], now) == embedded.actions_since(SYMBOLS, DAYS[0], now)
            assert seen.known([*SYMBOLS, "NOPE"]) == frozenset(SYMBOLS)
            told = {name: (each.last, each.previous_close) for name, each in seen.quotes(SYMBOLS).items()}
            assert told == {name: (each.last, each.previous_close) for name, each in embedded.quotes(SYMBOLS).items()}


def test_a_day_costs_few_requests(fake: FakeAlpaca, pit: Pit, tmp_path: Path) -> None:
    market(fake, pit, tmp_path / "state").history(SYMBOLS, 8, clock(pit))
    pit.next("09:35")
    before = len(fake.requests)
    opened = market(fake, pit, tmp_path / "state")

    opened.quotes(SYMBOLS)
    opened.last_completed(clock(pit))
    opened.history(SYMBOLS, 8, clock(pit))
    opened.quotes(SYMBOLS)

    paths = sorted(arrival.path for arrival in fake.requests[before:])
    assert paths == ["/v1/corporate-actions", "/v2/stocks/bars", "/v2/stocks/snapshots"]


def test_the_free_plan_has_sip_but_for_the_latest_minutes(fake: FakeAlpaca, pit: Pit, tmp_path: Path) -> None:
    pit.at("09:35")
    free = market(fake, pit, tmp_path / "state", feed="sip")

    assert free.history(["AAPL"], 8, clock(pit)).close["AAPL"].tolist() == [100]
    with pytest.raises(BrokerUnavailable, match="ALPACA_FEED=iex"):
        free.quotes(["AAPL"])
    pit.at("16:05")
    with pytest.raises(BrokerUnavailable, match="ALPACA_FEED=iex"):
        market(fake, pit, tmp_path / "state", feed="sip").history(["AAPL"], 8, clock(pit))


def test_the_paid_plan_has_all_of_it(pit: Pit, tmp_path: Path) -> None:
    pit.at("16:05")
    with FakeAlpaca(pit.again, terms=Terms(real_time_sip=True)) as fake:
        paid = market(fake, pit, tmp_path / "state", feed="sip")

        assert paid.history(["AAPL"], 8, clock(pit)).volume["AAPL"].tolist() == [400_000, 400_000]
        assert paid.quotes(["AAPL"]).keys() == {"AAPL"}


def test_keys_that_are_wrong_are_said_to_be(pit: Pit, tmp_path: Path) -> None:
    with FakeAlpaca(pit.again, terms=Terms(keys=(KEY_ID, "another"))) as fake:
        refused = market(fake, pit, tmp_path / "state")

        with pytest.raises(Blocked, match="ALPACA_SECRET_KEY"):
            refused.quotes(["AAPL"])
        with pytest.raises(Blocked, match="ALPACA_SECRET_KEY"):
            refused.history(["AAPL"], 8, clock(pit))

"""What the cache files have is told without a request, and nothing beyond it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

from tests.brokers.alpaca.data.actions import item
from tests.fakes.data_host import CALENDAR, SESSIONS, TUESDAY, DataHost, Open, at
from tradebot.brokers.alpaca.data.stored_prices import StoredPrices
from tradebot.settings.endpoints import Endpoint

APRIL, JULY = date(2024, 4, 1), date(2024, 7, 1)


def stored(host: DataHost, folder: Path, feed: str = "iex") -> StoredPrices:
    return StoredPrices(folder, Endpoint(host.url, "ALPACA_DATA_URL").host, feed, CALENDAR)


def test_stored_closes_splits_and_the_index_are_told_without_a_request(two: DataHost, market: Open) -> None:
    split = item(date(2024, 5, 1), old_rate=1, new_rate=2)
    two.actions.append(("forward_splits", split))
    market().history(["IBM", "KO"], 80, at(TUESDAY, "09:35"))
    asked = len(two.asked)
    prices = stored(two, market.folder)
    closes = {symbol: Decimal(repr(two.bars[symbol][JULY]["c"])) for symbol in ("IBM", "KO")}
    assert prices.closes(["IBM", "KO", "XOM"], JULY) == closes
    assert [day for day, _ in prices.benchmark(APRIL, JULY)] == [each for each in SESSIONS if APRIL <= each <= JULY]
    assert [(each.symbol, each.value) for each in prices.actions(["IBM"], APRIL)] == [("IBM", Decimal(2))]
    assert prices.actions(["KO"], APRIL) == ()
    assert len(two.asked) == asked


def test_a_close_whose_splits_are_not_known_is_none(two: DataHost, market: Open) -> None:
    """A price without its splits would be a return that nobody had."""
    market().history(["IBM"], 80, at(TUESDAY, "09:35"))
    assert stored(two, market.folder).closes(["MSFT", "SPY", "IBM"], JULY).keys() == {"IBM"}
    assert stored(two, market.folder).closes(["IBM"], date(2023, 7, 3)) == {}
    (market.folder / "alpaca_actions").unlink()
    assert stored(two, market.folder).closes(["IBM"], JULY) == {}


def test_files_of_another_host_or_feed_and_none_tell_nothing(two: DataHost, market: Open, tmp_path: Path) -> None:
    market().history(["IBM"], 80, at(TUESDAY, "09:35"))
    other = replace(two, url="http://127.0.0.1:9")
    for prices in (
        stored(two, market.folder, "sip"), stored(other, market.folder), stored(two, tmp_path / "none"),
    ):  # fmt: skip
        assert (prices.closes(["IBM"], JULY), tuple(prices.benchmark(APRIL, JULY))) == ({}, ())

"""Symbols that Alpaca has no stock prices of: it refuses a question about many because of one of them."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.brokers.alpaca.data.test_quotes import snapshot
from tests.fakes.data_host import TUESDAY, Answer, Asked, DataHost, Open, at, bars_of
from tradebot.brokers.alpaca.data.pagination import MAX_UNKNOWN
from tradebot.errors import BrokerUnavailable

MORNING = at(TUESDAY, "09:35")
OPTION, COIN, RENAMED = "AAPL240719C00200000", "BTC/USD", "FB"


def refusing(host: DataHost, *unknown: str, words: str = "invalid symbol: {}") -> None:
    """Let the host refuse whatever is asked about one of these."""

    def interfere(number: int, asked: Asked) -> Answer | None:
        refused = [symbol for symbol in asked.query["symbols"].split(",") if symbol in unknown]
        return (400, {"message": words.format(refused[0])}) if refused else None

    host.interfere = interfere


@pytest.mark.parametrize("words", ["invalid symbol: {}", "code=400, message=invalid symbol: {}"])
def test_the_others_have_their_prices(host: DataHost, market: Open, words: str) -> None:
    host.snapshots = {"IBM": snapshot(), "KO": snapshot()}
    refusing(host, OPTION, COIN, RENAMED, words=words)

    quotes = market().quotes(["KO", OPTION, "IBM", COIN, RENAMED])

    assert {symbol: quote.last for symbol, quote in quotes.items()} == {"IBM": Decimal("101.5"), "KO": Decimal("101.5")}


def test_the_others_have_their_bars_and_splits(host: DataHost, market: Open) -> None:
    host.bars = {symbol: bars_of(symbol) for symbol in ("IBM", "SPY")}
    refusing(host, RENAMED)

    history = market().history([RENAMED, "IBM"], 5, MORNING)

    assert history.close["IBM"].notna().all()
    assert history.close[RENAMED].isna().all()
    assert market().known([RENAMED, "IBM"]) == {"IBM"}


def test_where_nothing_else_is_asked_about_there_is_nothing(host: DataHost, market: Open) -> None:
    refusing(host, OPTION)

    assert market().quotes([OPTION]) == {}


def test_a_symbol_that_was_not_asked_about_is_no_reason_to_go_on(host: DataHost, market: Open) -> None:
    host.interfere = lambda number, asked: (400, {"message": "invalid symbol: OTHER"})

    with pytest.raises(BrokerUnavailable, match="invalid symbol: OTHER"):
        market().quotes(["IBM"])


def test_a_host_that_knows_nothing_is_not_asked_for_ever(host: DataHost, market: Open) -> None:
    symbols = [f"S{number:03d}" for number in range(3 * MAX_UNKNOWN)]
    refusing(host, *symbols)

    with pytest.raises(BrokerUnavailable, match="invalid symbol: S050"):
        market().quotes(symbols)
    assert host.count() == MAX_UNKNOWN + 1

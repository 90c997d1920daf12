"""The embedded exchange's market data: what is known when, and nothing earlier."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.fakes.no_exchange import NoExchange
from tradebot.brokers.paper import ExchangeRules, PaperExchange
from tradebot.brokers.paper.market_data import PaperMarket
from tradebot.core.model.account import ActionKind, MarketClock
from tradebot.market.calendar import NyseCalendar
from tradebot.market.price_file import PriceFile
from tradebot.ports import MarketData

ClockAt = Callable[..., MarketClock]
BUNDLED = ["AAPL", "FB", "GOOG", "IBM", "MSFT"]


@pytest.fixture(scope="module")
def exchange(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PaperExchange]:
    file, rules = tmp_path_factory.mktemp("market") / "exchange.db", ExchangeRules(start=date(2007, 1, 3))
    with PaperExchange.create(file, PriceFile(), NyseCalendar(), rules, durable=False) as opened:
        yield opened


@pytest.fixture
def market(exchange: PaperExchange) -> MarketData:
    return PaperMarket(PriceFile(), exchange)


# --- completed bars only -----------------------------------------------------------------


def test_in_the_morning_history_ends_with_the_session_before(market: MarketData, clock_at: ClockAt) -> None:
    clock = clock_at(date(2007, 1, 3))

    history = market.history(["IBM", "AAPL"], 3, clock)

    assert list(history.close.columns) == ["IBM", "AAPL"]
    assert [stamp.date() for stamp in history.close.index] == [date(2006, 12, day) for day in (27, 28, 29)]
    assert history.close.loc["2006-12-29", "AAPL"] == 84.84
    assert market.last_completed(clock) == date(2006, 12, 29)


def test_a_bar_is_complete_at_the_closing_bell_and_not_a_minute_before(market: MarketData, clock_at: ClockAt) -> None:
    half_day = date(2007, 11, 23)

    assert market.last_completed(clock_at(half_day, closing=True, minutes=-1)) == date(2007, 11, 21)
    assert market.last_completed(clock_at(half_day, closing=True, minutes=0)) == half_day
    assert market.history(["AAPL"], 1, clock_at(half_day, closing=True, minutes=0)).close.index[0].date() == half_day


def test_on_a_weekend_friday_is_complete(market: MarketData, clock_at: ClockAt) -> None:
    saturday_in_new_york = datetime(2007, 1, 7, 3, 0, tzinfo=UTC)

    assert market.last_completed(clock_at(now=saturday_in_new_york)) == date(2007, 1, 5)


def test_before_the_first_bar_there_is_nothing(market: MarketData, clock_at: ClockAt) -> None:
    clock = clock_at(date(2000, 3, 1))

    assert market.last_completed(clock) is None
    assert market.history(BUNDLED, 200, clock).close.shape == (0, 5)


def test_after_the_last_bar_history_stays_where_the_file_ends(market: MarketData, clock_at: ClockAt) -> None:
    assert market.last_completed(clock_at(date(2014, 1, 3))) == date(2013, 3, 1)


def test_a_symbol_is_nan_before_its_listing_and_when_it_is_unknown(market: MarketData, clock_at: ClockAt) -> None:
    history = market.history(["FB", "NOPE", "AAPL"], 3, clock_at(date(2012, 5, 21)))

    assert history.close["FB"].isna().tolist() == [True, True, False]
    assert history.volume["NOPE"].isna().all()
    assert history.close["AAPL"].notna().all()
    assert {str(dtype) for frame in vars(history).values() for dtype in frame.dtypes} == {"float64"}


def test_a_symbol_is_known_if_it_is_ever_traded(market: MarketData) -> None:
    assert market.known(["FB", "NOPE", "AAPL"]) == {"FB", "AAPL"}


# --- adjusted with what is known ---------------------------------------------------------


def test_apples_split_halves_history_from_the_morning_of_its_ex_date(market: MarketData, clock_at: ClockAt) -> None:
    friday_evening = market.history(["AAPL"], 2, clock_at(date(2005, 2, 25), closing=True))
    monday_morning = market.history(["AAPL"], 2, clock_at(date(2005, 2, 28), minutes=-30))
    monday_evening = market.history(["AAPL"], 2, clock_at(date(2005, 2, 28), closing=True))

    assert friday_evening.close["AAPL"].tolist() == [88.93, 88.99]
    assert monday_morning.close["AAPL"].tolist() == [44.465, 44.495]
    assert monday_morning.volume["AAPL"].tolist() == [54_251_000, 32_696_800]
    assert monday_evening.close["AAPL"].tolist() == [44.495, 44.86]


def test_microsofts_special_dividend_leaves_no_gap(market: MarketData, clock_at: ClockAt) -> None:
    friday, monday = market.history(["MSFT"], 2, clock_at(date(2004, 11, 15), closing=True)).close["MSFT"]

    assert friday == pytest.approx(29.97 * (29.97 - 3.0295) / 29.97)
    assert monday == 27.39
    assert abs(monday / friday - 1) < 0.02 < abs(27.39 / 29.97 - 1)


def test_no_morning_knows_of_anything_later(clock_at: ClockAt, tmp_path: Path) -> None:
    """History of a morning is the same, to the last bit, when the files end there."""
    cut = date(2005, 3, 15)
    bars = pd.DataFrame([asdict(bar) for bar in PriceFile().bars()])
    bars = bars[bars["session"] < cut].rename(columns={"session": "date"})
    bars.assign(date=bars["date"].astype(str)).to_csv(tmp_path / "bars.csv", index=False)
    actions = [action for action in PriceFile().actions() if action.ex_date <= cut]
    rows = [f"{action.symbol},{action.ex_date},{action.kind},{action.value}" for action in actions]
    (tmp_path / "actions.csv").write_text("symbol,ex_date,kind,value\n" + "\n".join(rows))
    short = PaperMarket(PriceFile(tmp_path / "bars.csv", tmp_path / "actions.csv"), NoExchange())
    symbols = ["AAPL", "GOOG", "IBM", "MSFT"]

    whole = PaperMarket(PriceFile(), NoExchange()).history(symbols, 2000, clock_at(cut))

    assert len(whole.close) > 1200
    for seen, expected in zip(
        vars(short.history(symbols, 2000, clock_at(cut))).values(), vars(whole).values(), strict=True
    ):
        pd.testing.assert_frame_equal(seen, expected, check_exact=True)


def test_the_jobs_of_a_session_share_one_answer_and_the_next_session_gets_its_own(
    market: MarketData, clock_at: ClockAt
) -> None:
    asked = market.history(["AAPL"], 5, clock_at(date(2010, 1, 4)))

    assert market.history(["AAPL"], 5, clock_at(date(2010, 1, 4))) is asked
    assert market.history(["MSFT"], 5, clock_at(date(2010, 1, 4))).close.columns.tolist() == ["MSFT"]
    later = market.history(["AAPL"], 5, clock_at(date(2010, 1, 4), closing=True))
    assert later.close.index[-1].date() == date(2010, 1, 4)


# --- benchmark, announcements, quotes ----------------------------------------------------


def test_the_benchmark_is_the_price_index_by_session(market: MarketData) -> None:
    closes = market.benchmark(date(2007, 1, 1), date(2007, 1, 5))

    assert [day for day, _ in closes] == [date(2007, 1, day) for day in (3, 4, 5)]
    assert [round(close, 2) for _, close in closes] == [1416.60, 1418.34, 1409.71]
    assert not market.benchmark(date(2030, 1, 1), date(2030, 12, 31))


def test_announcements_of_the_days_ahead(market: MarketData, clock_at: ClockAt) -> None:
    wednesday = clock_at(date(2005, 2, 23))

    (action,) = market.upcoming_actions(["AAPL", "GOOG"], wednesday, 5)

    assert (action.symbol, action.ex_date, action.kind) == ("AAPL", date(2005, 2, 28), ActionKind.SPLIT)
    assert market.upcoming_actions(["AAPL"], wednesday, 4) == ()
    assert market.upcoming_actions(["GOOG"], wednesday, 5) == ()


def test_an_action_is_ahead_until_the_opening_of_its_ex_date(market: MarketData, clock_at: ClockAt) -> None:
    ex_date = date(2005, 2, 28)

    assert len(market.upcoming_actions(["AAPL"], clock_at(ex_date, minutes=-1), 0)) == 1
    assert market.upcoming_actions(["AAPL"], clock_at(ex_date, minutes=0), 5) == ()


def test_the_actions_of_the_days_behind_include_todays(market: MarketData, clock_at: ClockAt) -> None:
    ex_date = date(2005, 2, 28)

    (action,) = market.actions_since(["AAPL", "GOOG"], date(2005, 2, 23), clock_at(ex_date))

    assert (action.symbol, action.ex_date, action.kind) == ("AAPL", ex_date, ActionKind.SPLIT)
    assert market.actions_since(["AAPL"], date(2005, 2, 23), clock_at(date(2005, 2, 25))) == ()
    assert market.actions_since(["AAPL"], date(2005, 3, 1), clock_at(date(2005, 3, 1))) == ()


def test_quotes_are_the_exchanges_own(exchange: PaperExchange, market: MarketData) -> None:
    quotes = market.quotes(["AAPL", "NOPE"])

    assert quotes == exchange.quotes(["AAPL"])
    assert list(quotes) == ["AAPL"]


def test_all_but_history_costs_no_pandas(exchange: PaperExchange, tmp_path: Path) -> None:
    exchange.copy_to(tmp_path / "exchange.db")
    code = (
        "import sys; from datetime import date; from pathlib import Path;"
        "from tradebot.brokers.paper import ExchangeRules, PaperBroker, PaperExchange;"
        "from tradebot.brokers.paper.market_data import PaperMarket;"
        "from tradebot.market.calendar import NyseCalendar; from tradebot.market.price_file import PriceFile;"
        "exchange = PaperExchange.open(Path(sys.argv[1]), PriceFile(), NyseCalendar(), ExchangeRules());"
        "market = PaperMarket(PriceFile(), exchange);"
        "assert market.quotes(['AAPL']) and market.known(['AAPL']);"
        "assert market.benchmark(date(2007, 1, 1), date(2007, 1, 5));"
        "market.upcoming_actions(['AAPL'], PaperBroker(exchange).clock(), 30);"
        "sys.exit('pandas' in sys.modules or 'numpy' in sys.modules)"
    )

    assert subprocess.run([sys.executable, "-c", code, tmp_path / "exchange.db"], check=False).returncode == 0


# --- size --------------------------------------------------------------------------------


def test_five_thousand_symbols_are_read_and_sliced(clock_at: ClockAt, tmp_path: Path) -> None:
    sessions = NyseCalendar().between(date(2010, 1, 4), date(2010, 12, 31))[:100]
    symbols = [f"S{number:04d}" for number in range(5000)]
    closes = 50 + np.add.outer(np.arange(5000) % 97, np.arange(100) % 7).ravel().astype("float64")
    pd.DataFrame(
        {
            "symbol": np.repeat(symbols, 100),
            "date": [hours.session for hours in sessions] * 5000,
            "open": closes,
            "high": closes + 1,
            "low": closes - 1,
            "close": closes,
            "volume": 1000,
        }
    ).to_parquet(tmp_path / "bars.parquet")
    market = PaperMarket(PriceFile(tmp_path / "bars.parquet"), NoExchange())

    history = market.history(symbols, 90, clock_at(sessions[-1].session))

    assert history.close.shape == (90, 5000)
    assert history.close["S0096"].iloc[-1] == 50 + 96 + 98 % 7

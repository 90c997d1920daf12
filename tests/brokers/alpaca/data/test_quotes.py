"""The newest prices from Alpaca, and the close that they are compared with."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from tests.fakes.data_host import TUESDAY, DataHost, Open, at, stamp
from tradebot.core.model.account import Quote
from tradebot.errors import Blocked, BrokerUnavailable

MONDAY, FRIDAY = date(2024, 7, 1), date(2024, 6, 28)
PATH = "/v2/stocks/snapshots"


def snapshot(last: float = 101.5, day: date | None = TUESDAY, before: date | None = MONDAY) -> dict[str, Any]:
    found: dict[str, Any] = {
        "latestTrade": {
            "p": last,
            "s": 100,
            "t": "2024-07-02T13:34:58.114694956Z",
            "i": 7,
            "x": "V",
            "z": "A",
            "c": [],
        },
        "latestQuote": {"ap": 102, "bp": 101},
    }
    if day is not None:
        found["dailyBar"] = {"t": stamp(day), "c": 102.25}
    if before is not None:
        found["prevDailyBar"] = {"t": stamp(before), "c": 99.75}
    return found


def test_a_quote_is_the_last_trade_and_the_close_of_the_session_before(host: DataHost, market: Open) -> None:
    host.snapshots = {"BRK.B": snapshot()}

    quotes = market().quotes(["BRK.B", "NOPE"])

    at_ = datetime(2024, 7, 2, 13, 34, 58, 114694, tzinfo=UTC)
    assert quotes == {"BRK.B": Quote("BRK.B", Decimal("101.5"), at_, Decimal("99.75"))}
    assert host.asked[0].query == {"symbols": "BRK.B,NOPE", "feed": "iex"}


@pytest.mark.parametrize(
    ("day", "before", "close"),
    [
        (TUESDAY, MONDAY, "99.75"),
        (MONDAY, FRIDAY, "102.25"),  # nothing was traded yet today
        (TUESDAY, None, None),  # listed today
        (None, None, None),
        (date(2024, 6, 3), date(2024, 5, 31), None),  # not traded for weeks
    ],
)
def test_the_previous_close_is_of_the_newest_day_before_today(
    host: DataHost, market: Open, day: date | None, before: date | None, close: str | None
) -> None:
    host.snapshots = {"IBM": snapshot(day=day, before=before)}

    assert market().quotes(["IBM"])["IBM"].previous_close == (None if close is None else Decimal(close))


def test_on_a_weekend_the_last_session_is_the_one_before(host: DataHost, market: Open) -> None:
    market.clock.time = at(date(2024, 7, 6), "12:00").now
    host.snapshots = {"IBM": snapshot(day=date(2024, 7, 5), before=date(2024, 7, 3))}

    assert market().quotes(["IBM"])["IBM"].previous_close == Decimal("102.25")


def split(ex_date: date, new_rate: float) -> tuple[str, dict[str, Any]]:
    day = ex_date.isoformat()
    dates = {"ex_date": day, "process_date": day}
    return "forward_splits", {"id": f"{day}", "symbol": "IBM", **dates, "new_rate": new_rate, "old_rate": 1}


def test_the_previous_close_is_on_todays_split_basis(host: DataHost, market: Open) -> None:
    host.snapshots = {"IBM": snapshot(last=10), "KO": snapshot()}
    host.actions = [split(TUESDAY, 10), split(MONDAY, 3), split(date(2024, 7, 3), 7)]
    host.actions.append(("cash_dividends", {**split(TUESDAY, 1)[1], "id": "paid", "rate": 5}))

    quotes = market().quotes(["IBM", "KO"])

    assert quotes["IBM"].previous_close == Decimal("9.975")
    assert quotes["KO"].previous_close == Decimal("99.75")


def test_without_corporate_actions_no_previous_close_is_relied_on(host: DataHost, market: Open) -> None:
    host.snapshots = {"IBM": snapshot()}
    host.interfere = lambda number, asked: (500, {"message": "broken"}) if asked.path != PATH else None

    quote = market().quotes(["IBM"])["IBM"]

    assert quote.last == Decimal("101.5") and quote.previous_close is None


@pytest.mark.parametrize(
    "nothing",
    [
        None,
        {},
        {"latestTrade": None, "dailyBar": {"t": stamp(MONDAY), "c": 5}},
        snapshot(last=0),
        snapshot(last=-1),
    ],
)
def test_without_a_trade_there_is_no_quote(host: DataHost, market: Open, nothing: Any) -> None:
    host.snapshots = {"IBM": nothing, "KO": snapshot()}

    assert market().quotes(["IBM", "KO"]).keys() == {"KO"}


@pytest.mark.parametrize(
    ("broken", "told"),
    [
        ({"latestTrade": {"t": "2024-07-02T13:34:58Z"}}, "'p'"),
        ({"latestTrade": {"p": 5}}, "'t'"),
        ({"latestTrade": {"p": "dear", "t": "2024-07-02T13:34:58Z"}}, "no number"),
        ({"latestTrade": {"p": 5, "t": "noon"}}, "no time"),
        ({"latestTrade": 5}, "no number"),
        ({**snapshot(), "dailyBar": {"t": stamp(MONDAY)}}, "'c'"),
        ("text", "no number"),
    ],
)
def test_what_cannot_be_read_is_refused_by_name(host: DataHost, market: Open, broken: Any, told: str) -> None:
    host.snapshots = {"IBM": broken, "KO": snapshot()}

    with pytest.raises(BrokerUnavailable, match=f"IBM.*{told}"):
        market().quotes(["IBM", "KO"])


def test_a_price_beyond_all_measure_is_none(host: DataHost, market: Open) -> None:
    host.snapshots = {"IBM": snapshot(last=1e300), "KO": snapshot()}

    assert market().quotes(["IBM", "KO"]).keys() == {"KO"}


@pytest.mark.parametrize("answer", [[], 5, "text", b"<html>", b""])
def test_an_answer_that_is_none_is_refused(host: DataHost, market: Open, answer: Any) -> None:
    host.interfere = lambda number, asked: (200, answer)

    with pytest.raises(BrokerUnavailable):
        market().quotes(["IBM"])


def test_nothing_is_asked_about_nothing(host: DataHost, market: Open) -> None:
    assert market().quotes([]) == {}
    assert host.asked == []


# --- how often is asked ------------------------------------------------------------------


def test_a_young_answer_is_given_again_and_an_old_one_is_not(host: DataHost, market: Open) -> None:
    host.snapshots = {symbol: snapshot() for symbol in ("IBM", "KO", "XOM")}
    opened = market()
    opened.quotes(["IBM", "KO"])
    host.snapshots["IBM"] = snapshot(last=50)

    market.clock.sleep(4)
    assert opened.quotes(["IBM"])["IBM"].last == Decimal("101.5")
    assert host.count(PATH) == 1
    market.clock.sleep(1)
    assert opened.quotes(["IBM"])["IBM"].last == 50
    assert host.count(PATH) == 2


def test_symbols_asked_about_before_are_asked_about_together(host: DataHost, market: Open) -> None:
    host.snapshots = {symbol: snapshot() for symbol in ("IBM", "KO", "XOM")}
    opened = market()
    opened.quotes(["IBM", "KO"])
    opened.quotes(["XOM"])
    market.clock.sleep(60)
    for symbol in ("IBM", "KO", "XOM"):
        assert opened.quotes([symbol]).keys() == {symbol}

    assert [asked.query["symbols"] for asked in host.asked if asked.path == PATH] == ["IBM,KO", *["IBM,KO,XOM"] * 2]


def test_a_clock_that_is_set_back_gets_new_prices(host: DataHost, market: Open) -> None:
    host.snapshots = {"IBM": snapshot()}
    opened = market()
    opened.quotes(["IBM"])
    market.clock.sleep(-3600)

    opened.quotes(["IBM"])

    assert host.count(PATH) == 2


def test_keys_that_are_not_accepted_are_said_to_be_wrong(host: DataHost, market: Open) -> None:
    host.interfere = lambda number, asked: (401, {"message": "unauthorized."})

    with pytest.raises(Blocked, match="ALPACA_API_KEY"):
        market().quotes(["IBM"])


def test_quotes_cost_no_numpy() -> None:
    code = (
        "import sys; import tradebot.brokers.alpaca.data, tradebot.brokers.alpaca.data.quotes; "
        "sys.exit('pandas' in sys.modules or 'numpy' in sys.modules)"
    )

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0

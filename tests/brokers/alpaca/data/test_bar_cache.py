"""What is kept between runs: only what is new is fetched, and what comes out is what a cold fetch gives."""

from __future__ import annotations

import tempfile
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.brokers.alpaca.data.conftest import ALL, FRIDAY, SYMBOLS, same
from tests.fakes.data_host import SESSIONS, TUESDAY, DataHost, Open, at, bar, bars_of, serving, stamp
from tradebot.errors import BrokerUnavailable

WEDNESDAY = date(2024, 7, 3)
BARS = "/v2/stocks/bars"


def bar_requests(host: DataHost) -> list[dict[str, str]]:
    """The requests for bars since the last time, each as the symbols and the days it was about."""
    asked = [each.query for each in host.asked if each.path == BARS]
    host.asked.clear()
    return [{"symbols": query["symbols"], "start": query["start"][:10], "end": query["end"][:10]} for query in asked]


# --- only what is new --------------------------------------------------------------------


def test_a_second_run_on_the_same_day_asks_for_no_bar(four: DataHost, market: Open) -> None:
    cold = market().history(SYMBOLS, 100, at(TUESDAY, "09:00"))
    four.asked.clear()

    same(market().history(SYMBOLS, 100, at(TUESDAY, "09:35")), cold)
    assert market().last_completed(at(TUESDAY, "09:35")) == SESSIONS[-2]
    assert four.asked == []


def test_the_next_day_asks_for_the_new_session_and_some_to_compare(four: DataHost, market: Open) -> None:
    many = [f"S{number:03d}" for number in range(500)]
    four.bars |= {symbol: bars_of(symbol, ALL[-30:]) for symbol in many}
    market().history(many, 25, at(TUESDAY, "09:35"))
    bar_requests(four)

    history = market().history(many, 25, at(WEDNESDAY, "09:35"))

    (asked,) = bar_requests(four)
    assert asked["end"] == "2024-07-02" and "2024-06-01" < asked["start"] < "2024-06-18"
    assert history.close.index[-1].date() == TUESDAY and history.close.notna().all(axis=None)
    same(history, market.cold(market.folder / "cold").history(many, 25, at(WEDNESDAY, "09:35")))


def test_the_number_of_symbols_costs_pages_and_nothing_else(four: DataHost, market: Open) -> None:
    """Cold and warm, and with the questions of a whole run: newest session, history, who is known, prices, actions."""
    many = [f"S{number:03d}" for number in range(500)]
    four.bars |= {symbol: bars_of(symbol, ALL[-50:]) for symbol in many}
    four.snapshots = {symbol: {"latestTrade": {"p": 50, "t": "2024-07-03T13:34:00Z"}} for symbol in many}

    def requests(symbols: list[str], day: date, folder: str) -> int:
        four.asked.clear()
        market.clock.time = at(day, "09:35").now
        opened = market(folder=market.folder / folder)
        opened.quotes(symbols[:10])
        opened.last_completed(at(day, "09:35"))
        opened.history(symbols, 45, at(day, "09:35"))
        opened.known(symbols)
        opened.quotes(symbols[:20])
        opened.last_completed(at(day, "09:35"))
        for symbol in symbols[:10]:
            opened.quotes([symbol])
        opened.upcoming_actions(symbols[:10], at(day, "09:35"), 7)
        return len(four.asked)

    assert requests(many[:20], TUESDAY, "few") == 6  # the newest session, bars, actions, prices twice and their splits
    assert requests(many, TUESDAY, "many") == 6 + 2  # 22,500 bars are three pages
    assert requests(many[:20], WEDNESDAY, "few") == requests(many, WEDNESDAY, "many") == 4


def test_a_day_that_is_over_is_kept_and_one_that_is_not_is_not(four: DataHost, market: Open) -> None:
    """After the bell the bar of the day can be used, but late trades will still be added to its volume."""
    market().history(SYMBOLS, 10, at(TUESDAY, "09:35"))
    evening = market().history(SYMBOLS, 10, at(TUESDAY, "16:30"))
    assert evening.volume["IBM"].iloc[-1] == 1000

    four.bars["IBM"][TUESDAY] = bar(TUESDAY, four.bars["IBM"][TUESDAY]["c"], volume=1700)
    bar_requests(four)
    later = market().history(SYMBOLS, 10, at(TUESDAY, "17:30"))
    morning = market().history(SYMBOLS, 10, at(WEDNESDAY, "09:00"))

    assert later.volume["IBM"].iloc[-1] == morning.volume["IBM"].iloc[-1] == 1700
    assert [asked["end"] for asked in bar_requests(four)] == ["2024-07-02", "2024-07-02"]


def test_half_days_are_days(four: DataHost, market: Open) -> None:
    market().history(SYMBOLS, 10, at(WEDNESDAY, "12:00"))
    bar_requests(four)

    afternoon = market().history(SYMBOLS, 10, at(WEDNESDAY, "13:05"))
    holiday = market().history(SYMBOLS, 10, at(date(2024, 7, 4), "12:00"))
    friday = market().history(SYMBOLS, 10, at(FRIDAY, "09:00"))

    assert {each.close.index[-1].date() for each in (afternoon, holiday, friday)} == {WEDNESDAY}
    assert len(bar_requests(four)) == 2  # in the afternoon, and once when it was over


def test_a_bar_that_comes_late_is_asked_for_again(four: DataHost, market: Open) -> None:
    late = four.bars["KO"].pop(TUESDAY)
    assert np.isnan(market().history(SYMBOLS, 10, at(WEDNESDAY, "09:00")).close["KO"].iloc[-1])
    four.bars["KO"][TUESDAY] = late

    assert market().history(SYMBOLS, 10, at(WEDNESDAY, "09:35")).close["KO"].iloc[-1] == late["c"]


def test_symbols_that_are_new_are_fetched_whole_and_those_that_are_gone_are_dropped(
    four: DataHost, market: Open
) -> None:
    market().history(["IBM", "KO"], 50, at(TUESDAY, "09:35"))
    bar_requests(four)

    grown = market().history(["IBM", "XOM"], 50, at(TUESDAY, "09:35"))

    assert [asked["symbols"] for asked in bar_requests(four)] == ["XOM"]
    same(grown, market.cold(market.folder / "cold").history(["IBM", "XOM"], 50, at(TUESDAY, "09:35")))
    market().history(["IBM", "XOM"], 50, at(WEDNESDAY, "09:35"))
    assert "KO" not in market().known(["IBM", "KO", "XOM"])


def test_a_longer_history_is_fetched_whole(four: DataHost, market: Open) -> None:
    market().history(SYMBOLS, 20, at(TUESDAY, "09:35"))

    longer = market().history(SYMBOLS, 60, at(TUESDAY, "09:35"))

    assert len(longer.close) == 60
    same(longer, market.cold(market.folder / "cold").history(SYMBOLS, 60, at(TUESDAY, "09:35")))


def test_after_months_without_a_run_everything_is_there(four: DataHost, market: Open) -> None:
    for day in (SESSIONS[30], FRIDAY):
        same(
            market().history(SYMBOLS, 20, at(day, "09:35")),
            market.cold(market.folder / str(day)).history(SYMBOLS, 20, at(day, "09:35")),
        )


def test_what_nobody_asks_for_any_more_is_thrown_away_at_last(
    four: DataHost, market: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tradebot.brokers.alpaca.data.bar_cache.MAX_OLDER_SESSIONS", 30)
    market().history(SYMBOLS, 60, at(TUESDAY, "09:35"))
    large = (market.folder / "alpaca_bars").stat().st_size

    market().history(SYMBOLS, 40, at(TUESDAY, "09:35"))
    assert (market.folder / "alpaca_bars").stat().st_size == large
    bar_requests(four)
    short = market().history(SYMBOLS, 20, at(TUESDAY, "09:35"))

    assert (market.folder / "alpaca_bars").stat().st_size < large / 2
    assert bar_requests(four) == []
    same(short, market().history(SYMBOLS, 20, at(TUESDAY, "09:35")))


def test_a_clock_that_is_set_back_sees_nothing_of_the_future(four: DataHost, market: Open) -> None:
    market().history(SYMBOLS, 20, at(FRIDAY, "09:35"))

    back = market().history(SYMBOLS, 15, at(TUESDAY, "09:35"))

    same(back, market.cold(market.folder / "cold").history(SYMBOLS, 15, at(TUESDAY, "09:35")))


# --- history that was rewritten ----------------------------------------------------------


def test_a_corrected_bar_has_its_symbol_fetched_whole(
    four: DataHost, market: Open, caplog: pytest.LogCaptureFixture
) -> None:
    market().history(SYMBOLS, 100, at(TUESDAY, "09:35"))
    four.bars["IBM"] = {session: bar(session, each["c"] * 2) for session, each in four.bars["IBM"].items()}
    bar_requests(four)

    history = market().history(SYMBOLS, 100, at(WEDNESDAY, "09:35"))

    same(history, market.cold(market.folder / "cold").history(SYMBOLS, 100, at(WEDNESDAY, "09:35")))
    tail, whole, *_ = bar_requests(four)
    assert tail["symbols"] == "AAPL,BRK.B,IBM,KO,MSFT,SPY,XOM"
    assert whole["symbols"] == "IBM"
    assert "history was rewritten" in caplog.text and "IBM" in caplog.text


def test_a_volume_that_changed_and_a_bar_that_went_are_rewritten_history_too(four: DataHost, market: Open) -> None:
    market().history(SYMBOLS, 50, at(TUESDAY, "09:35"))
    four.bars["KO"][SESSIONS[-3]]["v"] += 1
    four.bars["XOM"].pop(SESSIONS[-3])

    same(
        market().history(SYMBOLS, 50, at(WEDNESDAY, "09:35")),
        market.cold(market.folder / "cold").history(SYMBOLS, 50, at(WEDNESDAY, "09:35")),
    )


def test_splits_and_dividends_rewrite_nothing(four: DataHost, market: Open, caplog: pytest.LogCaptureFixture) -> None:
    """Bars are raw: an action changes what is made of them, not what was published."""
    market().history(SYMBOLS, 50, at(TUESDAY, "09:35"))
    ids = {"symbol": "IBM", "process_date": "2024-07-03", "ex_date": "2024-07-03"}
    four.actions = [
        ("forward_splits", {**ids, "id": "a", "new_rate": 2, "old_rate": 1}),
        ("cash_dividends", {**ids, "id": "b", "rate": 0.5}),
    ]
    market.clock.time = at(WEDNESDAY, "09:35").now

    history = market().history(SYMBOLS, 50, at(WEDNESDAY, "09:35"))

    printed = four.bars["IBM"][TUESDAY]["c"]
    assert history.close["IBM"].iloc[-1] == pytest.approx(printed / 2 * (printed - 0.5) / printed)
    assert "rewritten" not in caplog.text


def test_an_answer_without_any_bar_does_not_wipe_out_what_is_known(four: DataHost, market: Open) -> None:
    market().history(SYMBOLS, 50, at(TUESDAY, "09:35"))
    four.interfere = lambda number, asked: (200, {"bars": {}, "next_page_token": None}) if asked.path == BARS else None

    with pytest.raises(BrokerUnavailable, match="no bar at all"):
        market().history(SYMBOLS, 50, at(WEDNESDAY, "09:35"))

    four.interfere = lambda number, asked: None
    assert market().history(SYMBOLS, 50, at(WEDNESDAY, "09:35")).close.notna().all(axis=None)


def test_a_first_answer_without_any_bar_is_not_believed_against_the_newest_prices(four: DataHost, market: Open) -> None:
    close = {"t": stamp(date(2024, 7, 1)), "c": 99}
    four.snapshots = {"IBM": {"latestTrade": {"p": 100, "t": "2024-07-02T13:34:00Z"}, "dailyBar": close}}
    four.interfere = lambda number, asked: (200, {"bars": {}, "next_page_token": None}) if asked.path == BARS else None

    with pytest.raises(BrokerUnavailable, match="sent no bars, though IBM traded on 2024-07-01"):
        market().history(SYMBOLS, 50, at(TUESDAY, "09:35"))
    with pytest.raises(BrokerUnavailable, match="sent no bars"):
        market().history(["IBM"], 50, at(TUESDAY, "09:35"))
    assert market().history(["KO"], 50, at(TUESDAY, "09:35")).close.empty  # nothing speaks against it


def test_a_fetch_that_fails_leaves_the_cache_as_it_was(four: DataHost, market: Open) -> None:
    market().history(SYMBOLS, 50, at(TUESDAY, "09:35"))
    before = (market.folder / "alpaca_bars").read_bytes()
    four.page = 30
    four.interfere = lambda number, asked: (500, {"message": "broken"}) if "page_token" in asked.query else None

    with pytest.raises(BrokerUnavailable):
        market().history(SYMBOLS, 50, at(WEDNESDAY, "09:35"))

    assert (market.folder / "alpaca_bars").read_bytes() == before


# --- whatever happens, as cold -----------------------------------------------------------


WHAT_HAPPENS = ["price", "volume", "gone", "new", "forward_splits", "cash_dividends"]


@st.composite
def days_of_trouble(draw: st.DrawFn) -> list[tuple[int, list[str], int, str, list[tuple[str, int, str]]]]:
    """For each run: sessions since the one before, symbols, history, time of day, and what happened since."""
    change = st.tuples(
        st.sampled_from(SYMBOLS), st.integers(1, 60), st.sampled_from(["price", "volume", "gone", "new"])
    )
    run = st.tuples(
        st.integers(1, 12),
        st.lists(st.sampled_from(SYMBOLS), min_size=1, unique=True),
        st.integers(1, 40),
        st.sampled_from(["09:00", "12:00", "16:05", "23:50"]),
        st.lists(change, max_size=3),
    )
    return draw(st.lists(run, min_size=2, max_size=6))


@settings(max_examples=settings().max_examples // 3)  # each example is a few requests over HTTP
@given(runs=days_of_trouble(), page=st.sampled_from([7, 100, 10_000]))
def test_what_comes_out_is_what_a_cold_fetch_gives(
    runs: list[tuple[int, list[str], int, str, list[tuple[str, int, str]]]], page: int
) -> None:
    with serving(DataHost()) as host, tempfile.TemporaryDirectory() as folder:
        host.page = page
        host.bars = {symbol: bars_of(symbol) for symbol in (*SYMBOLS, "SPY")}
        market = Open(host, Path(folder, "warm"))
        position = 60
        for number, (passed, symbols, sessions, time, changes) in enumerate(runs):
            position = min(position + passed, len(SESSIONS) - 1)
            today = SESSIONS[position]
            for symbol, back, what in changes:
                _rewrite(host, symbol, SESSIONS[max(0, position - back)], what)
            for symbol in ("KO", "SPY"):  # trades that were reported late, after the run of the evening before
                host.bars[symbol][today] = bar(today, 50, volume=100 + number)
            market.clock.time = at(today, time).now

            warm = market().history(symbols, sessions, at(today, time))
            again = market().history(symbols, sessions, at(today, time) if time != "23:50" else at(today, "23:59"))

            cold = market.cold(Path(folder, f"cold{number}")).history(symbols, sessions, at(today, time))
            same(warm, cold)
            same(again, cold)
            newest = market().last_completed(at(today, time))
            assert newest == (today if time in {"16:05", "23:50"} else SESSIONS[position - 1])


def _rewrite(host: DataHost, symbol: str, session: date, what: str) -> None:
    known = host.bars[symbol]
    if what in ("forward_splits", "cash_dividends"):  # announced now; carried out at once, or paid within weeks
        processed = session + timedelta(days=0 if what == "forward_splits" else 30)
        item = {"id": str(len(host.actions)), "symbol": symbol, "ex_date": str(session), "process_date": str(processed)}
        host.actions.append((what, {**item, "new_rate": 2, "old_rate": 1, "rate": 0.5}))
    elif what == "gone":
        known.pop(session, None)
    elif what == "new":  # the symbol is another company's now
        host.bars[symbol] = {each: bar(each, 10 + each.toordinal() % 5) for each in SESSIONS if each > session}
    elif session in known:
        before = known[session]
        change = 0.25 if what == "price" else 0.0
        known[session] = bar(session, before["c"] + change, before["v"] + 1)

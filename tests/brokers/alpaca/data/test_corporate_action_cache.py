"""Corporate actions that were asked for once are kept, and asked for again when they may have changed."""

from __future__ import annotations

from datetime import date

from tests.brokers.alpaca.data.actions import adjusted, item
from tests.fakes.data_host import SESSIONS, TUESDAY, DataHost, Open, at

PATH = "/v1/corporate-actions"


def asked_since(host: DataHost) -> list[tuple[str, str]]:
    asked = [(each.query["symbols"], each.query["start"]) for each in host.asked if each.path == PATH]
    host.asked.clear()
    return asked


def test_a_days_later_runs_ask_again_only_after_a_while(two: DataHost, market: Open) -> None:
    adjusted(market, TUESDAY, "09:00")
    assert asked_since(two) == [("IBM,KO", "2024-03-26")]  # ten days before the first bar

    adjusted(market, TUESDAY, "09:35")
    assert asked_since(two) == []
    adjusted(market, TUESDAY, "15:45")
    assert asked_since(two) == [("IBM,KO", "2024-05-03")]  # sixty days before
    adjusted(market, date(2024, 7, 3), "09:35")
    assert asked_since(two) == [("IBM,KO", "2024-05-03")]


def test_an_action_that_is_listed_late_or_taken_back_is_followed(two: DataHost, market: Open) -> None:
    ex_date = SESSIONS[-5]
    before = adjusted(market, TUESDAY)
    two.actions = [("forward_splits", item(ex_date, new_rate=2, old_rate=1))]

    split = adjusted(market, TUESDAY, "12:00")
    two.actions = []
    after = adjusted(market, TUESDAY, "15:45")

    assert (split["IBM"].iloc[0], split["IBM"].iloc[-1]) == (before["IBM"].iloc[0] / 2, before["IBM"].iloc[-1])
    assert after.equals(before)


def test_older_actions_are_remembered(two: DataHost, market: Open) -> None:
    old = SESSIONS[-55]
    two.actions = [("forward_splits", item(old, new_rate=4, old_rate=1))]
    adjusted(market, TUESDAY)

    later = adjusted(market, date(2024, 7, 3))

    assert asked_since(two)[-1][1] > old.isoformat()
    assert later["IBM"].iloc[0] == two.bars["IBM"][later.index[0].date()]["c"] / 4
    cold = market.cold(market.folder / "cold").history(["IBM", "KO"], 60, at(date(2024, 7, 3), "09:00")).close
    assert later.equals(cold)


def test_symbols_that_are_new_are_asked_about_from_the_beginning(two: DataHost, market: Open) -> None:
    adjusted(market, TUESDAY, symbols=("IBM",))
    asked_since(two)

    adjusted(market, TUESDAY, "09:35", symbols=("IBM", "KO"))

    assert asked_since(two) == [("KO", "2024-03-26")]


def test_a_question_about_others_does_not_enlarge_what_is_kept(two: DataHost, market: Open) -> None:
    adjusted(market, TUESDAY)
    asked_since(two)
    opened = market()
    market.clock.time = at(TUESDAY, "09:35").now

    opened.upcoming_actions(["XOM", "KO"], at(TUESDAY, "09:35"), 7)
    opened.upcoming_actions(["XOM"], at(TUESDAY, "09:36"), 7)
    assert [symbols for symbols, _ in asked_since(two)] == ["XOM"]

    adjusted(market, date(2024, 7, 3))
    assert [symbols for symbols, _ in asked_since(two)] == ["IBM,KO"]

"""Splits and dividends from Alpaca: read by kind, asked for by the day they are carried out, kept between runs."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.brokers.alpaca.data.actions import FRIDAY, adjusted, item
from tests.fakes.data_host import SESSIONS, TUESDAY, DataHost, Open, at
from tradebot.core.model.account import ActionKind, CorporateAction
from tradebot.errors import BrokerUnavailable

MORNING, SPLIT, DIVIDEND = at(TUESDAY, "09:00"), ActionKind.SPLIT, ActionKind.DIVIDEND


def upcoming(market: Open, *symbols: str, days: int = 7, day: date = TUESDAY, time: str = "09:00") -> list[Any]:
    market.clock.time = at(day, time).now
    found = market().upcoming_actions(symbols or ["IBM"], at(day, time), days)
    return [(action.ex_date, action.kind, action.value) for action in found]


@pytest.mark.parametrize(
    ("name", "fields", "kind", "value"),
    [
        ("forward_splits", {"new_rate": 10, "old_rate": 1}, SPLIT, "10"),
        ("forward_splits", {"new_rate": 3, "old_rate": 2}, SPLIT, "1.5"),
        ("reverse_splits", {"new_rate": 1, "old_rate": 50}, SPLIT, "0.02"),
        ("stock_dividends", {"rate": 0.05}, SPLIT, "1.05"),
        ("cash_dividends", {"rate": 0.125, "currency": ""}, DIVIDEND, "0.125"),
        ("cash_dividends", {"rate": 2, "currency": "USD", "special": True}, DIVIDEND, "2"),
        (
            "capital_gains_distributions",
            {"long_term_rate": 0.45855, "short_term_rate": 0.11019},
            DIVIDEND,
            "0.56874",
        ),
        ("capital_gains_distributions", {"short_term_rate": 0.5}, DIVIDEND, "0.5"),
    ],
)
def test_each_kind_is_a_split_or_a_dividend(
    host: DataHost, market: Open, name: str, fields: dict[str, Any], kind: ActionKind, value: str
) -> None:
    host.actions = [(name, item(**fields))]

    assert upcoming(market) == [(FRIDAY, kind, Decimal(value))]


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("cash_dividends", {"rate": 400, "currency": "IDR"}),
        ("cash_dividends", {"rate": 0}),
        ("cash_dividends", {"rate": -1}),
        ("forward_splits", {"new_rate": 1, "old_rate": 1}),
        ("forward_splits", {"new_rate": 5000, "old_rate": 1}),
    ],
)
def test_what_no_price_follows_is_left_out_and_logged(
    host: DataHost, market: Open, name: str, fields: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    host.actions = [(name, item(**fields))]

    assert upcoming(market) == []
    assert "left out of the actions: IBM" in caplog.text


@pytest.mark.parametrize(
    ("name", "fields", "expected"),
    [
        ("name_changes", {"old_symbol": "IBM", "new_symbol": "NEWN"}, ("name_change", "1", "NEWN", "0")),
        (
            "stock_mergers",
            {
                "acquiree_symbol": "IBM",
                "acquiree_rate": 2,
                "acquirer_symbol": "EXR",
                "acquirer_rate": 1.79,
                "effective_date": "2024-07-02",
            },
            ("stock_merger", "0.895", "EXR", "0"),
        ),
        (
            "stock_and_cash_mergers",
            {
                "acquiree_symbol": "IBM",
                "acquiree_rate": 1,
                "acquirer_symbol": "FRBA",
                "acquirer_rate": 0.7733,
                "cash_rate": 7.8,
                "effective_date": "2024-07-02",
            },
            ("stock_merger", "0.7733", "FRBA", "7.8"),
        ),
        (
            "cash_mergers",
            {"acquiree_symbol": "IBM", "rate": 5.37, "effective_date": "2024-07-02", "payable_date": "2024-07-02"},
            ("cash_merger", "5.37", None, "0"),
        ),
        ("redemptions", {"symbol": "IBM", "rate": 25}, ("cash_merger", "25", None, "0")),
        (
            "spin_offs",
            {
                "source_symbol": "IBM",
                "source_rate": 5,
                "new_symbol": "KD",
                "new_rate": 1,
                "ex_date": "2024-07-02",
            },
            ("spin_off", "0.2", "KD", "0"),
        ),
        ("worthless_removals", {"symbol": "IBM"}, ("delisting", "0", None, "0")),
    ],
)
def test_what_becomes_of_a_holding_is_told_from_its_day_on_and_survives_in_the_cache(
    host: DataHost, market: Open, name: str, fields: dict[str, Any], expected: tuple[str, str, str | None, str]
) -> None:
    answer = {name: [{"id": "x", "process_date": "2024-07-02", **fields}]}
    host.interfere = lambda number, asked: (200, {"corporate_actions": answer, "next_page_token": None})
    kind, value, new_symbol, cash = expected
    action = CorporateAction("IBM", TUESDAY, ActionKind(kind), Decimal(value), new_symbol, Decimal(cash))

    assert market().actions_since(["IBM"], TUESDAY - timedelta(days=30), MORNING) == (action,)
    assert market().actions_since(["IBM"], TUESDAY, MORNING) == (action,)
    assert market().actions_since(["KD", "NEWN", "EXR"], TUESDAY - timedelta(days=30), MORNING) == ()
    assert market().actions_since(["IBM"], TUESDAY - timedelta(days=30), at(TUESDAY - timedelta(days=1), "09:00")) == ()


@pytest.mark.parametrize(
    "items",
    [
        {"name_changes": [{"id": "x", "process_date": "2024-07-02", "old_symbol": "IBM", "new_symbol": "IBM"}]},
        {"name_changes": [{"id": "x", "process_date": "2024-07-02", "old_symbol": "IBM"}]},
        {"spin_offs": [item(TUESDAY, source_symbol="IBM", source_rate=0, new_symbol="KD", new_rate=1)]},
        {"cash_mergers": [item(TUESDAY, acquiree_symbol="IBM", rate=1, effective_date="soon")]},
        {"worthless_removals": [item(TUESDAY, symbol="")]},
    ],
)
def test_what_becomes_of_a_holding_and_cannot_be_read_spoils_no_price(
    host: DataHost, market: Open, items: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    host.interfere = lambda number, asked: (200, {"corporate_actions": items, "next_page_token": None})

    assert market().actions_since(["IBM"], TUESDAY - timedelta(days=30), MORNING) == ()
    assert "left out" in caplog.text


def test_kinds_that_were_not_asked_for_are_passed_over(host: DataHost, market: Open) -> None:
    merger = {"unit_splits": [{"id": "x"}], "of_tomorrow": [{}], "cash_dividends": None}
    host.interfere = lambda number, asked: (200, {"corporate_actions": merger, "next_page_token": None})

    assert upcoming(market) == []


@pytest.mark.parametrize(
    ("broken", "told"),
    [
        ({"rate": None}, "no number"),
        ({"rate": "much"}, "no number"),
        ({"ex_date": "soon"}, "no date"),
        ({"process_date": None}, "no date"),
    ],
)
def test_what_cannot_be_read_is_refused(host: DataHost, market: Open, broken: dict[str, Any], told: str) -> None:
    answer = {"cash_dividends": [{**item(rate=1), **broken}]}
    host.interfere = lambda number, asked: (200, {"corporate_actions": answer, "next_page_token": None})

    with pytest.raises(BrokerUnavailable, match=f"cash_dividends.*{told}"):
        upcoming(market)


def test_a_field_that_is_missing_is_named(host: DataHost, market: Open) -> None:
    answer = {"forward_splits": [item(new_rate=2)]}
    host.interfere = lambda number, asked: (200, {"corporate_actions": answer, "next_page_token": None})

    with pytest.raises(BrokerUnavailable, match=r"forward_splits.*'old_rate'"):
        upcoming(market)


def test_an_action_is_ahead_until_the_opening_of_its_ex_date(host: DataHost, market: Open) -> None:
    host.actions = [("cash_dividends", item(TUESDAY, TUESDAY + timedelta(days=40), rate=1))]

    assert len(upcoming(market, days=0, time="09:29")) == 1
    assert upcoming(market, days=5, time="09:30") == []


def test_only_what_is_near_and_asked_for_is_told(host: DataHost, market: Open) -> None:
    host.actions = [
        ("cash_dividends", item(FRIDAY, rate=1)),
        ("cash_dividends", item(FRIDAY, symbol="KO", rate=2)),
        ("cash_dividends", item(FRIDAY + timedelta(days=7), rate=3)),
    ]

    assert upcoming(market, days=3) == [(FRIDAY, DIVIDEND, 1)]
    assert upcoming(market, days=2) == []
    assert [value for *_, value in upcoming(market, "IBM", "KO", days=10)] == [1, 2, 3]
    assert market().upcoming_actions([], MORNING, 7) == ()


def test_a_dividend_is_found_that_is_paid_long_after_or_just_before_its_ex_date(host: DataHost, market: Open) -> None:
    """Alpaca lists a dividend by the day of its payment; large special ones go ex the day after that."""
    host.actions = [
        ("cash_dividends", item(FRIDAY, FRIDAY + timedelta(days=200), rate=1)),
        ("cash_dividends", item(FRIDAY, FRIDAY - timedelta(days=1), rate=40)),
    ]

    assert [value for *_, value in upcoming(market)] == [1, 40]


def test_an_action_that_is_listed_twice_is_one(host: DataHost, market: Open) -> None:
    twice = [("forward_splits", item(new_rate=2, old_rate=1, id=number)) for number in ("a", "b")]
    host.actions = [*twice, ("cash_dividends", item(rate=0.5)), ("cash_dividends", item(rate=3, special=True))]

    assert upcoming(market) == [(FRIDAY, DIVIDEND, Decimal("0.5")), (FRIDAY, DIVIDEND, 3), (FRIDAY, SPLIT, 2)]


def test_a_dividend_that_is_dearer_than_its_share_changes_nothing(two: DataHost, market: Open) -> None:
    before = adjusted(market, TUESDAY)
    two.actions = [("cash_dividends", item(SESSIONS[-5], rate=5000))]

    assert adjusted(market, TUESDAY, "12:00").equals(before)


def test_actions_come_in_pages_too(two: DataHost, market: Open) -> None:
    two.page = 3
    two.actions = [("cash_dividends", item(FRIDAY + timedelta(days=number), rate=number + 1)) for number in range(11)]

    found = market().upcoming_actions(["IBM"], MORNING, 30)

    assert [action.value for action in found] == list(range(1, 12))
    assert CorporateAction("IBM", FRIDAY, DIVIDEND, Decimal(1)) in found
    assert len(two.asked) == 4

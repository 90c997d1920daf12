"""fills over two sessions small enough to be worked out by hand."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.jobs.conftest import CopyHouse
from tests.jobs.house import House
from tests.jobs.two_sessions import FRIDAY, MONDAY, TUESDAY, traded_two_sessions
from tradebot.core.results.listings import FillLine, Listing, Selection
from tradebot.jobs import fills


@pytest.fixture
def traded(copy_house: CopyHouse) -> House:
    return copy_house(traded_two_sessions)


def listed(house: House, chosen: Selection = Selection()) -> Listing[FillLine]:  # noqa: B008 - frozen
    with house.ledger_alone() as desk:
        return fills.run(desk, chosen)


def told(found: Listing[FillLine]) -> list[str]:
    return [f"{fill.session} {fill.side} {fill.quantity} {fill.symbol} {fill.price}" for fill in found.rows]


def test_all_fills_are_listed_the_newest_first_with_what_was_planned(traded: House) -> None:
    found = listed(traded)
    assert told(found) == [
        "2007-01-08 sell 50 BOLT 90",
        "2007-01-08 buy 50 COAL 100",
        "2007-01-08 sell 50 ACME 120",
        "2007-01-05 buy 50 BOLT 100",
        "2007-01-05 buy 50 ACME 100",
    ]
    assert [fill.planned_price for fill in found.rows] == [Decimal(price) for price in (90, 100, 120, 100, 100)]
    assert {fill.strategy for fill in found.rows} == {"scripted"}
    assert (found.more, found.notes) == (False, ())


@pytest.mark.parametrize(
    ("chosen", "symbols"),
    [
        (Selection(symbol="BOLT"), ["BOLT", "BOLT"]),
        (Selection(strategy="scripted", last=FRIDAY), ["BOLT", "ACME"]),
        (Selection(first=MONDAY, symbol="COAL"), ["COAL"]),
        (Selection(only_open=True), ["COAL"]),
        (Selection(only_open=True, symbol="ACME"), []),
    ],
)
def test_only_what_matches_is_listed(chosen: Selection, symbols: list[str], traded: House) -> None:
    assert [fill.symbol for fill in listed(traded, chosen).rows] == symbols


def test_the_limit_keeps_the_newest_and_says_that_there_are_more(traded: House) -> None:
    found = listed(traded, Selection(limit=2))
    assert (told(found), found.more) == (told(listed(traded))[:2], True)
    assert not listed(traded, Selection(limit=5)).more


@pytest.mark.parametrize(
    ("chosen", "said"),
    [
        (Selection(symbol="DUNE"), "nothing matches: no fill of DUNE. There are some of ACME, BOLT, COAL"),
        (Selection(strategy="other"), "nothing matches: no fill by other. There are some by scripted"),
        (Selection(first=TUESDAY), "nothing matches: no fill since 2007-01-09"),
        (
            Selection(symbol="COAL", first=FRIDAY, last=FRIDAY),
            "nothing matches: no fill of COAL on 2007-01-05",
        ),
    ],
)
def test_a_listing_of_nothing_says_what_there_is_instead(chosen: Selection, said: str, traded: House) -> None:
    found = listed(traded, chosen)
    assert (found.rows, found.notes) == ((), (said,))

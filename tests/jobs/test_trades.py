"""trades over two sessions small enough to be worked out by hand."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.jobs.conftest import CopyHouse
from tests.jobs.house import House
from tests.jobs.two_sessions import FRIDAY, MONDAY, traded_two_sessions
from tradebot.core.results.listings import Selection, TradeListing
from tradebot.jobs import trades


@pytest.fixture
def traded(copy_house: CopyHouse) -> House:
    return copy_house(traded_two_sessions)


def listed(house: House, chosen: Selection = Selection()) -> TradeListing:  # noqa: B008 - frozen
    with house.ledger_alone() as desk:
        return trades.run(desk, chosen)


def test_round_trips_are_listed_the_newest_first_with_the_totals_of_all(traded: House) -> None:
    found = listed(traded)
    assert [(trade.symbol, trade.pnl, trade.exit_reason) for trade in found.rows] == [
        ("BOLT", Decimal(-500), "stop"),
        ("ACME", Decimal(1000), "exit signal: told to leave"),
    ]
    assert {(trade.entry_session, trade.exit_session) for trade in found.rows} == {(FRIDAY, MONDAY)}
    assert found.notes == ("1 more is open: --open shows it",)
    newest = listed(traded, Selection(limit=1))
    assert ([trade.symbol for trade in newest.rows], newest.more) == (["BOLT"], True)
    assert newest.totals == found.totals
    assert found.totals is not None
    assert (found.totals.trades, found.totals.pnl) == (2, Decimal(500))


def test_open_ones_are_listed_by_themselves(traded: House) -> None:
    found = listed(traded, Selection(only_open=True))
    (trade,) = found.rows
    assert (trade.symbol, trade.quantity, trade.entry_price, trade.pnl) == (
        "COAL",
        Decimal(50),
        Decimal(100),
        Decimal(0),
    )
    assert (trade.entry_session, trade.exit_session, trade.entries, trade.exits) == (MONDAY, None, 1, 0)
    assert (found.totals, found.notes) == (None, ())


@pytest.mark.parametrize(
    ("chosen", "symbols"),
    [
        (Selection(symbol="ACME"), ["ACME"]),
        (Selection(last=FRIDAY), []),
        (Selection(first=MONDAY, strategy="scripted"), ["BOLT", "ACME"]),
        (Selection(only_open=True, last=FRIDAY), []),
    ],
)
def test_a_round_trip_belongs_to_the_session_of_its_end_and_an_open_one_to_that_of_its_beginning(
    chosen: Selection, symbols: list[str], traded: House
) -> None:
    assert [trade.symbol for trade in listed(traded, chosen).rows] == symbols


def test_a_listing_of_nothing_says_what_there_is_instead(traded: House) -> None:
    found = listed(traded, Selection(symbol="COAL"))
    assert found.notes == ("nothing matches: no finished round trip of COAL", "1 is open: --open shows it")

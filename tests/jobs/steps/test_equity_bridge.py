"""The bridge over a few sessions in which everything happens: nothing is left over, and a cent in any row is."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import date
from decimal import Decimal

import pytest

from tests.jobs.conftest import CopyHouse, MakeHouse
from tests.jobs.house import FLAT, House, Script
from tests.jobs.test_reconcile_accept import accept, at_the_broker
from tradebot.core.accounting.bridge import Bridge
from tradebot.core.model.account import CashKind
from tradebot.core.model.schedule import Job
from tradebot.jobs.steps.equity_bridge import bridge_ends, equity_bridge

FIRST, SECOND, THIRD, FOURTH, FIFTH, SIXTH = (date(2007, 1, day) for day in (3, 4, 5, 8, 9, 10))
FLOWS = (
    (CashKind.DEPOSIT, "1000"),
    (CashKind.WITHDRAWAL, "-250.25"),
    (CashKind.FEE, "-0.30"),
    (CashKind.INTEREST, "1.17"),
)


def eventful(make_house: MakeHouse) -> House:
    """Four sessions: a sale, a split with a fraction, a dividend, an end for cash, flows, and shares found by hand."""
    house = make_house(
        Script(enter={"ACME": [SECOND], "BOLT": [SECOND], "COAL": [SECOND]}, leave={"COAL": [FOURTH]}),
        prices={
            "ACME": [FLAT, "100 104 99 103", "101 103 100 102", "102 106 101 105", FLAT, FLAT],
            "BOLT": [FLAT, "100 104 99 101", "101 103 100 102", None, None, None],
            "COAL": [FLAT, "100 104 97 98", "98 103 97 102", "107.03 109 106 108", FLAT, FLAT],
        },
        actions=(
            f"ACME,{FOURTH},split,1.01",
            f"COAL,{THIRD},dividend,0.35",
            f"BOLT,{FOURTH},cash_merger,103.37",
        ),
        first=FIRST,
        settings={"PAPER_SLIPPAGE_PCT": "0.05%", "PAPER_COMMISSION_MIN": "1"},
    )
    day(house)
    with house.exchange() as exchange, exchange.writing() as view:
        for kind, amount in FLOWS:
            view.book.book_cash(kind, Decimal(amount), None, "by hand", view.booking_time)
    house.next()
    day(house)
    house.next()
    day(house)
    return house


def corrected(make_house: MakeHouse) -> House:
    """The same, then a session with corrections of shares and cash, and one that is looked at in the morning only."""
    house = eventful(make_house)
    house.next()
    house.daily()
    at_the_broker(
        house,
        "UPDATE exchange SET cash = CAST(cash + 7 AS TEXT)",
        "UPDATE positions SET quantity = CAST(quantity - 3 AS TEXT) WHERE symbol = 'ACME'",
        "INSERT INTO positions VALUES ('COAL', '5', '90.25')",
    )
    house.reconcile("10:00")
    for symbol in ("USD", "ACME", "COAL"):
        accept(house, symbol)
    house.reconcile()
    house.next()
    house.daily()
    return house


def day(house: House) -> None:
    for job in (Job.RUN_DAILY, Job.RECONCILE):
        house.run(job)


def crossed(house: House, first: date | None = None, last: date = FOURTH) -> Bridge:
    with house.desk() as desk:
        found = equity_bridge(desk.ledger, bridge_ends(desk.ledger, desk.calendar, first, last))
    assert found is not None
    return found


@pytest.fixture
def house(copy_house: CopyHouse) -> House:
    return copy_house(eventful)


@pytest.mark.parametrize("first", [None, SECOND, THIRD, FOURTH])
def test_nothing_is_left_over(house: House, first: date | None) -> None:
    found = crossed(house, first)
    assert (found.not_explained, found.notes) == (Decimal(0), ())
    assert found.is_closing_close


def test_the_whole_is_the_sum_of_its_days(house: House) -> None:
    whole = crossed(house)
    days = [crossed(house, each, each) for each in (SECOND, THIRD, FOURTH)]
    for term in ("change", "realised", "dividends", "interest", "fees", "paid_in", "paid_out"):
        assert sum(getattr(each, term) for each in days) == getattr(whole, term), term
    assert (whole.paid_in, whole.paid_out, whole.interest) == (Decimal(1000), Decimal("250.25"), Decimal("1.17"))
    assert whole.fees > Decimal("0.30")
    assert whole.dividends > 0


CENT_MORE = "CAST(ROUND({0} + 0.01, 6) AS TEXT)"
ROWS = [
    ("fills", "price", "side = 'buy' AND symbol = 'ACME'"),
    ("fills", "price", "side = 'sell'"),
    ("fills", "fee", "side = 'sell'"),
    *(("cash_events", "amount", f"kind = '{kind}'") for kind in CashKind),
    ("corporate_actions", "quantity_after", "symbol = 'ACME'"),
    ("reorganisations", "cash", "symbol = 'BOLT'"),
    ("trades", "pnl", "symbol = 'COAL'"),
    ("trades", "exit_price", "symbol = 'COAL'"),
    ("trades", "fees", "symbol = 'COAL'"),
    ("trades", "entry_price", "symbol = 'BOLT'"),
    ("lots", "price", "symbol = 'ACME'"),
    ("closes", "equity", f"session = '{FOURTH}'"),
    ("closes", "prices", f"session = '{FOURTH}'"),
]


#: Rows of the sessions with corrections, and the last of them.
LATER_ROWS = [
    ("adjustments", "amount", "symbol = 'USD'", FIFTH),
    ("adjustments", "quantity", "symbol = 'ACME'", FIFTH),
    ("adjustments", "price", "symbol = 'COAL'", FIFTH),
    ("openings", "equity", "seq = 1", SIXTH),
    ("equity", "equity", f"session = '{SIXTH}'", SIXTH),
    ("positions", "market_price", f"session = '{SIXTH}' AND symbol = 'ACME'", SIXTH),
]


@pytest.mark.parametrize(("table", "column", "which"), ROWS)
def test_a_cent_in_one_row_is_not_explained(house: House, table: str, column: str, which: str) -> None:
    change(house, table, column, which)
    assert_left_over(crossed(house))


@pytest.mark.parametrize(("table", "column", "which", "last"), LATER_ROWS)
def test_a_cent_in_a_correction_or_in_a_look_is_not_explained(
    copy_house: CopyHouse, table: str, column: str, which: str, last: date
) -> None:
    house = copy_house(corrected)
    before = crossed(house, last=last)
    assert (before.not_explained, before.is_closing_close) == (Decimal(0), last == FIFTH)
    assert before.corrections == 7 + 5 * Decimal("90.25") - 3 * Decimal("100.05")
    change(house, table, column, which)
    assert_left_over(crossed(house, last=last))


def test_shares_that_a_split_did_not_make_are_not_explained_in_its_session(house: House) -> None:
    change(house, "corporate_actions", "quantity_after", "symbol = 'ACME'")
    assert_left_over(crossed(house, FOURTH))


def change(house: House, table: str, column: str, which: str) -> None:
    """Add a cent, or a hundredth of a share."""
    with closing(sqlite3.connect(house.database)) as connection:
        connection.execute(f"DROP TRIGGER IF EXISTS {table}_no_update")
        more = "json_set(prices, '$.ACME', '105.01')" if column == "prices" else CENT_MORE.format(column)
        assert connection.execute(f"UPDATE {table} SET {column} = {more} WHERE {which}").rowcount
        connection.commit()


def assert_left_over(found: Bridge) -> None:
    assert abs(found.not_explained) >= Decimal("0.01")
    signed = found.realised + found.unrealised + found.dividends + found.interest - found.fees
    signed += found.paid_in - found.paid_out + found.corrections + found.not_explained
    assert found.opening_equity + signed == found.closing_equity


def test_money_that_nobody_told_of_is_not_explained_until_it_is_accepted(house: House) -> None:
    """Afterwards it is a correction."""
    house.next()
    at_the_broker(house, "UPDATE exchange SET cash = CAST(cash + 7 AS TEXT)")
    house.daily()
    house.reconcile("10:00")
    assert crossed(house, FIFTH, FIFTH).not_explained == 7
    accept(house, "USD")
    house.reconcile()
    found = crossed(house, FIFTH, FIFTH)
    assert (found.corrections, found.not_explained) == (Decimal(7), Decimal(0))

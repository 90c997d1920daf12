"""A forger who rewrites the audit trail along with a row is found by what no longer adds up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from tests.core.builders import limits_with
from tests.fakes.chain import linked
from tests.ledger.conftest import ACCOUNT, HOME
from tests.ledger.unguarded import unguarded
from tradebot.core.accounting.booking import bookings_for
from tradebot.core.model.account import Adjustment, Reorganisation, SplitEvent
from tradebot.core.model.breaks import Break, BreakKind
from tradebot.core.model.holdings import FOREIGN
from tradebot.core.model.ledger_rows import Booking
from tradebot.core.model.orders import OrderState, Side
from tradebot.ledger.audit import CHAINED, GENESIS, digest_of
from tradebot.ledger.codec import canonical_json
from tradebot.ledger.database import AccountLedger, Database
from tradebot.ledger.engine import Engine
from tradebot.ledger.packed_hashes import packed, unpacked
from tradebot.ledger.verify import verify_ledger

if TYPE_CHECKING:
    from tests.ledger.conftest import Samples

Forge = Callable[..., None]


@pytest.fixture
def traded(ledger: AccountLedger, some: Samples) -> AccountLedger:
    """An order that filled, was sold in two parts and bought again; a bust, a correction, an adjustment and a point."""
    intent = some.intent()
    ledger.orders.write([intent], some.at)
    ledger.orders.move(intent.client_order_id, OrderState.SUBMITTING, some.at)
    ledger.orders.move(
        intent.client_order_id, OrderState.FILLED, some.at, broker_order_id="B1", filled_quantity=Decimal(10)
    )
    bought = replace(some.fill(), client_order_id=intent.client_order_id)
    sold = replace(some.fill("F2", side=Side.SELL, price="26.10"), quantity=Decimal(4))
    again = replace(some.fill("F3", side=Side.SELL, price="27"), quantity=Decimal(6))
    book(ledger, some, some.cash("D1", some.deposit, "1000").activity, bought, sold, again, some.fill("F4", "MSFT"))
    book(ledger, some, some.bust_of("F2"), replace(sold, fill_id="F5", price=Decimal("26.20")))
    book(ledger, some, Adjustment("ADJ-1", "MSFT", Decimal(2), Decimal(25), Decimal(0), "found", some.at, some.session))
    cash = ledger.books.cash()
    assert cash is not None
    ledger.books.store_equity(replace(some.equity("1000"), cash=cash), [])
    return ledger


def book(ledger: AccountLedger, some: Samples, *activities: Any) -> None:
    """Book activities as the jobs do, with the past that the ledger has."""
    books = ledger.books
    past = books.histories(["AAPL", "MSFT", "NEWN"])
    books.book(bookings_for(activities, books.lots(), books.holdings(), {}, limits_with(), past), some.at)


@pytest.fixture
def forge(database: Database, traded: AccountLedger) -> Forge:
    """Change rows, and then the trail: every digest and the whole chain, as the ledger's own code would have it."""

    def change(*statements: str) -> None:
        with unguarded(database.engine), database.engine.transaction():
            for statement in statements:
                assert database.engine.execute(statement) >= 1
            _retell(database.engine)
            _chain_again(database.engine)

    return change


def _retell(engine: Engine) -> None:
    """Let the trail tell what the append-only tables now hold, and of no row that they lost."""
    for chained in CHAINED:
        rows = {str(row[chained.key]): row for row in engine.all(f"SELECT * FROM {chained.table}")}
        for told in engine.all("SELECT seq, subject FROM audit WHERE kind = :kind", {"kind": chained.kind}):
            row = rows.get(told["subject"])
            if row is None:
                engine.execute("DELETE FROM audit WHERE seq = :seq", {"seq": told["seq"]})
            else:
                engine.execute(
                    "UPDATE audit SET detail = :detail, digest = :digest WHERE seq = :seq",
                    {"detail": canonical_json(row), "digest": packed(digest_of(row, ACCOUNT)), "seq": told["seq"]},
                )


def _chain_again(engine: Engine) -> None:
    previous, rows = GENESIS, engine.all("SELECT * FROM audit ORDER BY seq")
    engine.execute("DELETE FROM audit")
    for seq, row in enumerate(rows, start=1):
        link = linked({**row, "seq": seq}, ACCOUNT, previous)
        previous = unpacked(link["hash"])
        engine.insert("audit", link)


@pytest.fixture
def told_late(ledger: AccountLedger, some: Samples) -> AccountLedger:
    """A sale before the split of its shares is told, one under a name that is told later, and a purchase told last."""
    book(ledger, some, some.fill(), some.fill("F2", "MSFT"))
    sold = some.fill("F3", side=Side.SELL, price="12.50")
    book(ledger, some, replace(sold, quantity=Decimal(20), at=some.later(30)))
    book(ledger, some, replace(some.fill("F4", "NEWN", Side.SELL), quantity=Decimal(4), at=some.later(30)))
    ten, twenty, at = Decimal(10), Decimal(20), some.later(90)
    split = SplitEvent("S1", "AAPL", Decimal(2), ten, twenty, at, some.session, effective_at=some.later(10))
    name = some.renamed(some.fill("F2", "MSFT")).activity
    assert isinstance(name, Reorganisation)
    book(ledger, some, split, replace(name, effective_at=some.later(20)))
    book(ledger, some, replace(some.fill("F5", "MSFT"), at=some.later(5)))
    return ledger


def test_what_was_told_late_adds_up(database: Database, told_late: AccountLedger) -> None:
    assert verify_ledger(database) == ()
    assert [(lot.lot_id, lot.symbol, lot.quantity) for lot in told_late.books.lots()] == [
        ("F2", "NEWN", Decimal(6)),
        ("F5", "NEWN", Decimal(10)),
    ]
    trades = told_late.history.closures()
    assert [(trade.trade_id, trade.entry_price) for trade in trades] == [
        ("F1/F3@S1", Decimal("12.55")),
        ("F2/F4@R1", Decimal("25.10")),
    ]


def test_what_was_booked_adds_up(database: Database, traded: AccountLedger) -> None:
    assert verify_ledger(database) == ()


def test_a_forger_who_changes_nothing_is_not_found(database: Database, forge: Forge) -> None:
    forge("UPDATE fills SET booked_at = booked_at")
    assert verify_ledger(database) == ()


@pytest.mark.parametrize(
    ("statements", "table", "row", "words"),
    [
        (["UPDATE fills SET price = '20' WHERE fill_id = 'F3'"], "trades", "F1/F3", "exit_price is 27"),
        (["UPDATE fills SET fee = '9' WHERE fill_id = 'F4'"], "accounts", ACCOUNT, "everything booked comes to 752.8"),
        (["UPDATE fills SET strategy = 'mine' WHERE fill_id = 'F4'"], "lots", "F4", "strategy is foreign"),
        (
            ["UPDATE fills SET side = 'sell' WHERE fill_id = 'F4'"],
            "accounts",
            ACCOUNT,
            "everything booked comes to 1262.8",
        ),
        (["DELETE FROM fills WHERE fill_id = 'F4'"], "fills", "X1", "has number 6, and 5 is missing"),
        (["UPDATE fills SET quantity = '6' WHERE fill_id = 'X1'"], "fills", "X1", "does not take back F2"),
        (["UPDATE fills SET reverses = 'F3' WHERE fill_id = 'X1'"], "fills", "X1", "does not take back F3"),
        (
            ["UPDATE trades SET pnl = '900' WHERE trade_id = 'F1/F3'"],
            "trades",
            "F1/F3",
            "pnl is 900, and what is booked",
        ),
        (["DELETE FROM trades WHERE trade_id = 'F1/F5'"], "trades", "F1/F5", "is missing"),
        (["UPDATE cash_events SET amount = '900'"], "accounts", ACCOUNT, "everything booked comes to 660.8"),
        (["UPDATE adjustments SET quantity = '3'"], "lots", "ADJ-1", "quantity is 2, and what is booked comes to 3"),
        (["DELETE FROM adjustments"], "accounts", ACCOUNT, "counts 8 bookings, and there are 7"),
        (["UPDATE equity SET cash = '5'"], "equity", "1", "cash is 5"),
        (["UPDATE lots SET quantity = '11' WHERE lot_id = 'F4'"], "lots", "F4", "quantity is 11"),
        (["DELETE FROM lots WHERE lot_id = 'F4'"], "lots", "F4", "is gone, and 10 shares of it are open"),
        (["UPDATE lots SET lot_id = 'F9' WHERE lot_id = 'F4'"], "lots", "F4", "is gone"),
        (["UPDATE accounts SET cash = '7'"], "accounts", ACCOUNT, "cash is 7, and everything booked"),
        (
            ["UPDATE fills SET number = 70 WHERE fill_id = 'F5'"],
            "adjustments",
            "ADJ-1",
            "has number 8, and 7 is missing",
        ),
    ],
)
def test_what_no_longer_adds_up_is_found_and_named(
    database: Database, forge: Forge, statements: list[str], table: str, row: str, words: str
) -> None:
    forge(*statements)
    first = verify_ledger(database)[0]
    assert (first.table, first.row) == (table, row), str(first)
    assert words in first.message


def test_an_order_whose_fills_are_others_is_found(database: Database, forge: Forge, some: Samples) -> None:
    order = some.intent().client_order_id
    forge(f"UPDATE fills SET client_order_id = 'x' WHERE client_order_id = '{order}'")
    assert [(f.table, f.row) for f in verify_ledger(database) if f.table == "orders"] == [("orders", order)]


def test_a_changed_order_is_found_column_by_column(database: Database, traded: AccountLedger) -> None:
    database.engine.execute("UPDATE orders SET quantity = '99', filled_quantity = '9', strategy = 'mine'")
    (finding,) = verify_ledger(database)
    for words in ("quantity is 99; the audit trail has it 10", "filled_quantity is 9;", "strategy is mine;"):
        assert words in finding.message


def test_an_order_that_was_written_anew_agrees_with_what_was_written_last(
    database: Database, ledger: AccountLedger, some: Samples
) -> None:
    intent = some.intent()
    ledger.orders.write([intent], some.at)
    ledger.orders.move(intent.client_order_id, OrderState.SUBMITTING, some.at)
    ledger.orders.move(intent.client_order_id, OrderState.PLANNED, some.at, note="it never arrived")
    ledger.orders.write([replace(intent, request=replace(intent.request, quantity=Decimal(7)))], some.later(1))
    assert verify_ledger(database) == ()


def test_a_changed_holding_is_found(database: Database, busy: AccountLedger) -> None:
    database.engine.execute("UPDATE holdings SET stop_price = '1'")
    (finding,) = verify_ledger(database)
    assert str(finding) == "holdings trend AAPL: stop_price is 1; the audit trail has it 24.85"


def test_a_holding_that_its_lots_do_not_explain_is_found(
    database: Database, ledger: AccountLedger, some: Samples
) -> None:
    ledger.books.book([some.bought()], some.at)
    ledger.books.save_holding(replace(some.holding(), quantity=Decimal(12)), some.at)
    (finding,) = verify_ledger(database)
    assert str(finding) == "holdings trend AAPL: has 12 shares, and its lots come to 10"


# --- what is not wrong -------------------------------------------------------------------


def test_an_order_that_filled_and_whose_fills_were_not_taken_in_yet_is_none(
    database: Database, traded: AccountLedger, some: Samples
) -> None:
    """Killed between the two: the next job takes them in."""
    other = some.intent("MSFT")
    traded.orders.write([other], some.at)
    traded.orders.move(other.client_order_id, OrderState.FILLED, some.at, filled_quantity=Decimal(10))
    assert verify_ledger(database) == ()
    cash = traded.books.cash()
    assert cash is not None
    traded.books.store_equity(replace(some.equity("1000", minutes=5), cash=cash), [])
    (finding,) = verify_ledger(database)
    assert (finding.table, finding.row) == ("orders", other.client_order_id)


def test_an_open_break_says_it_already(database: Database, traded: AccountLedger, some: Samples) -> None:
    other = some.intent("MSFT")
    traded.orders.write([other], some.at)
    traded.orders.move(other.client_order_id, OrderState.FILLED, some.at, filled_quantity=Decimal(10))
    found = (
        Break(BreakKind.QUANTITY, "MSFT", Decimal(10), Decimal(20), "told late"),
        Break(BreakKind.CASH, "USD", Decimal(1), Decimal(2), "told late"),
    )
    traded.halts_and_breaks.record_breaks(found, some.session, some.at, first_seen_by=some.at)
    traded.books.store_equity(some.equity("1000", minutes=5), [])
    assert verify_ledger(database) == ()


def test_accounts_are_checked_one_by_one(database: Database, traded: AccountLedger, some: Samples) -> None:
    database.pinned_accounts.pin(HOME, some.pin(some.other_account))
    other = database.bind(some.other_account)
    other.books.book([some.cash("D1", some.deposit, "7"), Booking(some.fill(), FOREIGN, None)], some.at)
    findings = verify_ledger(database)
    assert [(found.table, found.row) for found in findings] == [("lots", "F1")]  # a lot that was not stored

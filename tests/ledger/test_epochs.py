"""Which process may write about the orders of an account: the one that took it last."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.ledger.conftest import Samples
from tradebot.core.model.holders import Holder
from tradebot.core.model.orders import OrderState
from tradebot.errors import LedgerError, Locked
from tradebot.ledger.database import AccountLedger, Database, open_database
from tradebot.ledger.verify import verify_ledger


def test_the_process_that_took_an_account_last_alone_writes_its_orders(
    database: Database, ledger: AccountLedger, some: Samples
) -> None:
    intent, server = some.intent(), Holder(7, "run-daily", some.at, "server")
    laptop = replace(server, pid=8, host="laptop")
    assert ledger.epochs.current() is None
    ledger.epochs.confirm()  # it took none, so it lost none
    first = ledger.epochs.take(server, "a")
    ledger.orders.write([intent], some.at)
    with closing(open_database(database.location, create=False)) as elsewhere:
        other = elsewhere.bind(some.account)
        second = other.epochs.take(laptop, "b")
        assert (first.number, second.number, other.epochs.current()) == (1, 2, second)
        with pytest.raises(Locked, match=rf"lost account {some.account} to another: pid 8, .* on laptop"):
            ledger.epochs.confirm()
        with pytest.raises(Locked):
            ledger.orders.move(intent.client_order_id, OrderState.SUBMITTING, some.at)
        with pytest.raises(Locked):
            ledger.orders.write([some.intent("MSFT")], some.at)
        assert [each.state for each in other.orders.unsettled()] == [OrderState.PLANNED]
        other.orders.move(intent.client_order_id, OrderState.SUBMITTING, some.at)
        with pytest.raises(Locked):
            ledger.orders.move(intent.client_order_id, OrderState.PLANNED, some.at, note="it never left")
    ledger.epochs.take(server, "a")
    ledger.orders.move(intent.client_order_id, OrderState.ACCEPTED, some.at)


def test_an_epoch_of_another_ledger_is_lost_even_under_the_same_number(ledger: AccountLedger, some: Samples) -> None:
    before = ledger.epochs.take(Holder(7, "run-daily", some.at, "server"), "a")
    ledger.epochs.take(Holder(7, "run-daily", some.at + timedelta(seconds=1), "server"), "a")
    ledger.epochs.held = replace(before, number=2)
    with pytest.raises(Locked):
        ledger.epochs.confirm()


def test_a_take_over_is_audited_and_ends_the_hold(database: Database, ledger: AccountLedger, some: Samples) -> None:
    server = Holder(7, "run-daily", some.at, "server")
    hold = database.engine.hold_account(some.account)
    assert hold is not None and database.engine.is_account_held(some.account)
    assert not database.engine.is_account_held(some.other_account)
    ledger.epochs.take(server, "a")
    hold.assert_held()
    with closing(open_database(database.location, create=False)) as elsewhere:
        other, engine = elsewhere.bind(some.account), elsewhere.engine
        assert engine.hold_account(some.account) is None
        ended = other.epochs.take_over(Holder(8, "take-over", some.later(5), "laptop"), "b", "it hangs")
        assert ended is not None and ended.holder == server
        engine.end_account_hold(some.account)
        with pytest.raises((Locked, LedgerError)):  # a server ends the connection, which cannot tell why
            hold.assert_held()
        assert not engine.is_account_held(some.account)
        taken = engine.hold_account(some.account)
        assert taken is not None
        hold.release()
        taken.assert_held()
        taken.release()
        events = other.history.audit_events(some.at, some.later(60))
        [row] = [event for event in events if event.kind == "account_taken_over"]
        assert (row.text("from_host"), row.text("to_host"), row.text("reason")) == ("server", "laptop", "it hangs")
        assert not verify_ledger(elsewhere)


def test_an_epoch_only_rises(database: Database, ledger: AccountLedger, some: Samples) -> None:
    ledger.epochs.take(Holder(7, "run-daily", some.at, "server"), "a")
    for statement in ("UPDATE epochs SET number = 1", "DELETE FROM epochs"):
        with pytest.raises(LedgerError):
            database.engine.execute(statement)

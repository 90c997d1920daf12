"""Alerts in the ledger: told once, claimed by one, and never changed."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from tests.ledger.conftest import HOME
from tradebot.core.results.alerts import DeliveryAttempt, DeliveryState, QueuedAlert
from tradebot.errors import LedgerError
from tradebot.ledger.database import AccountLedger, Database

if TYPE_CHECKING:
    from tests.ledger.conftest import Samples

MINUTE = timedelta(minutes=1)


def test_a_matter_that_goes_on_is_put_in_once(database: Database, ledger: AccountLedger, some: Samples) -> None:
    assert ledger.outbox.put(some.alert(), some.at)
    assert not ledger.outbox.put(some.alert(minutes=15), some.at)
    assert ledger.outbox.put(some.alert(minutes=30, level="critical"), some.at)
    assert ledger.outbox.put(some.alert("another"), some.at)
    assert [posted.alert.key for posted in database.alert_queue.newest(10)] == ["breaks", "breaks", "another"]


def test_what_names_no_matter_is_always_put_in(database: Database, ledger: AccountLedger, some: Samples) -> None:
    assert [ledger.outbox.put(some.alert(""), some.at) for _ in range(2)] == [True, True]


def test_another_account_has_matters_of_its_own(database: Database, ledger: AccountLedger, some: Samples) -> None:
    database.pinned_accounts.pin(HOME, some.pin(some.other_account))
    assert ledger.outbox.put(some.alert(), some.at)
    assert database.bind(some.other_account).outbox.put(some.alert(), some.at)
    assert {posted.account_key for posted in database.alert_queue.newest(10)} == {some.account, some.other_account}


def test_an_alert_is_claimed_by_one_until_its_time_is_up(
    database: Database, ledger: AccountLedger, some: Samples
) -> None:
    ledger.outbox.put(some.alert(), some.at)
    assert len(database.alert_queue.claim(some.at, some.at + MINUTE)) == 1
    assert database.alert_queue.claim(some.at, some.at + MINUTE) == ()
    assert len(database.alert_queue.claim(some.at + MINUTE, some.at + 2 * MINUTE)) == 1


def test_what_became_of_it_is_remembered(database: Database, ledger: AccountLedger, some: Samples) -> None:
    ledger.outbox.put(some.alert(), some.at)
    (posted,) = database.alert_queue.claim(some.at, some.at + MINUTE)
    failed = [DeliveryAttempt("mail", "no answer"), DeliveryAttempt("ntfy")]
    database.alert_queue.store_attempts(posted, failed, DeliveryState.WAITING, some.at, some.later(5))
    (waiting,) = database.alert_queue.newest(1)
    assert waiting == QueuedAlert(
        posted.alert_id, some.account, some.alert(), DeliveryState.WAITING, some.at, 1, some.later(5), None, ("ntfy",),
        "no answer",
    )  # fmt: skip
    database.alert_queue.store_attempts(
        waiting, [DeliveryAttempt("mail")], DeliveryState.DELIVERED, some.later(5), None
    )
    (told,) = database.alert_queue.newest(1)
    assert (told.state, told.attempts, told.settled, told.taken_by) == ("delivered", 2, some.later(5), ("ntfy", "mail"))
    assert database.alert_queue.claim(some.later(60), some.later(61)) == ()


@pytest.mark.parametrize("sql", ["UPDATE alerts SET title = 'all is well'", "DELETE FROM alerts"])
def test_what_was_raised_stays(database: Database, busy: AccountLedger, sql: str) -> None:
    with pytest.raises(LedgerError, match="append-only"):
        database.engine.execute(sql)

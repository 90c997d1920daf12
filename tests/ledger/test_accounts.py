"""Which account belongs to a broker and mode."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.ledger.conftest import ACCOUNT
from tradebot.ledger.database import Database

if TYPE_CHECKING:
    from tests.ledger.conftest import Samples


def test_the_pinned_account_is_given_back(database: Database, some: Samples) -> None:
    assert database.pinned_accounts.pinned("paper", "paper") == some.pin(some.account)


def test_another_broker_or_mode_has_no_pin(database: Database) -> None:
    assert database.pinned_accounts.pinned("alpaca", "paper") is None
    assert database.pinned_accounts.pinned("paper", "live") is None


def test_pinning_again_changes_nothing(database: Database, some: Samples) -> None:
    head = database.head(ACCOUNT)
    database.pinned_accounts.pin(some.pin(some.account))
    assert database.head(ACCOUNT) == head


def test_a_new_pin_takes_the_place_of_the_old_one_and_may_be_taken_back(database: Database, some: Samples) -> None:
    database.pinned_accounts.pin(some.pin(some.other_account))
    assert database.pinned_accounts.pinned("paper", "paper") == some.pin(some.other_account)
    database.pinned_accounts.pin(some.pin(some.account))
    assert database.pinned_accounts.pinned("paper", "paper") == some.pin(some.account)


def test_a_pin_leaves_the_pins_of_other_brokers(database: Database, some: Samples) -> None:
    database.pinned_accounts.pin(some.pin("alpaca:live:123"))
    assert database.pinned_accounts.pinned("paper", "paper") == some.pin(some.account)
    assert database.pinned_accounts.pinned("alpaca", "live") == some.pin("alpaca:live:123")

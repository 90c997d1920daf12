"""The rows of each generation of an account carry a key of their own, which leads back to the account's."""

from __future__ import annotations

import pytest

from tradebot.core.model.history_keys import account_of, history_key


@pytest.mark.parametrize("account", ["alpaca:live:123", "paper:paper:PAPER-0001", "robinhood:live:5#X"])
def test_a_row_key_leads_back_to_its_account(account: str) -> None:
    keys = [history_key(account, generation) for generation in (1, 2, 10)]
    assert keys[0] == account
    assert len(set(keys)) == 3
    assert {account_of(key) for key in keys} == {account}

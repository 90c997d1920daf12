from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradebot.core.model import order_ids
from tradebot.core.model.orders import Purpose

ACCOUNT = "paper:paper:PAPER-0001"
SESSION = date(2007, 1, 3)


@given(
    account=st.text(min_size=1, max_size=60),
    session=st.dates(min_value=date(1990, 1, 1)),
    strategy=st.from_regex(order_ids.STRATEGY_NAME, fullmatch=True),
    symbol=st.from_regex(order_ids.SYMBOL, fullmatch=True),
    purpose=st.sampled_from(Purpose),
    attempt=st.integers(1, 9999),
)
def test_an_id_reads_back_as_the_decision_it_was_made_from(
    account: str, session: date, strategy: str, symbol: str, purpose: Purpose, attempt: int
) -> None:
    text = order_ids.client_order_id(account, session, strategy, symbol, purpose, attempt)
    assert len(text) <= order_ids.MAX_LENGTH
    assert order_ids.parse(text) == order_ids.DecisionId(
        order_ids.account_hash(account), session, strategy, symbol, purpose, attempt
    )


def test_the_same_decision_has_the_same_id_and_another_attempt_another() -> None:
    def make(attempt: int, account: str = ACCOUNT) -> str:
        return order_ids.client_order_id(account, SESSION, "trend", "BRK.B", Purpose.EXIT, attempt)

    assert make(1) == make(1)
    assert len({make(1), make(2), make(1, "paper:paper:PAPER-0002")}) == 3


def test_the_account_cannot_be_read_from_an_id() -> None:
    assert "PAPER" not in order_ids.client_order_id(ACCOUNT, SESSION, "trend", "AAPL", Purpose.ENTRY, 1)


@pytest.mark.parametrize(
    ("strategy", "symbol", "attempt"),
    [("Trend", "AAPL", 1), ("trend-2", "AAPL", 1), ("trend", "aapl", 1), ("trend", "A-B", 1), ("trend", "AAPL", 0)],
)
def test_parts_that_would_not_read_back_are_refused(strategy: str, symbol: str, attempt: int) -> None:
    with pytest.raises(ValueError, match="no client_order_id can be made"):
        order_ids.client_order_id(ACCOUNT, SESSION, strategy, symbol, Purpose.ENTRY, attempt)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "by-hand",
        "tb1-9f86d081-20070103-trend-AAPL-entry-1.stop",
        "tb1-9f86d081-20070231-trend-AAPL-entry-1",
        "tb1-9f86d081-20070103-trend-AAPL-gamble-1",
        "tb2-9f86d081-20070103-trend-AAPL-entry-1",
    ],
)
def test_what_we_did_not_make_is_not_read(text: str) -> None:
    assert order_ids.parse(text) is None

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


def test_a_ref_id_is_a_uuid_that_never_changes_for_an_id() -> None:
    text = "tb1-9f86d081-20070103-rsi2_mean_reversion-AAPL-entry-1"
    assert order_ids.ref_id(text) == "9dd103b2-ab2b-5e83-99db-3e343b27a4c9"
    assert order_ids.ref_id(text) != order_ids.ref_id(text[:-1] + "2")


@given(
    strategy=st.from_regex(order_ids.STRATEGY_NAME, fullmatch=True),
    symbol=st.from_regex(order_ids.SYMBOL, fullmatch=True),
    purpose=st.sampled_from(Purpose),
    attempt=st.sampled_from(order_ids.POSSIBLE_ATTEMPTS),
)
def test_an_id_of_ours_is_among_the_possible_ones(strategy: str, symbol: str, purpose: Purpose, attempt: int) -> None:
    sent = order_ids.client_order_id(ACCOUNT, SESSION, strategy, symbol, purpose, attempt)
    possible = list(order_ids.possible_ids(ACCOUNT, (SESSION,), (strategy, "other"), symbol))
    assert sent in possible
    assert len(possible) == len(set(possible)) == 2 * len(Purpose) * len(order_ids.POSSIBLE_ATTEMPTS)
    assert all(order_ids.parse(text) is not None for text in possible)


def test_no_id_is_possible_for_a_symbol_or_a_strategy_that_none_can_hold() -> None:
    assert list(order_ids.possible_ids(ACCOUNT, (SESSION,), ("trend",), "ACME-W")) == []
    assert list(order_ids.possible_ids(ACCOUNT, (SESSION,), ("Not A Name",), "ACME")) == []


def test_twelve_strategies_have_1140_ids_for_an_order() -> None:
    names = [f"strategy{number}" for number in range(12)]
    assert len({order_ids.ref_id(text) for text in order_ids.possible_ids(ACCOUNT, (SESSION,), names, "ACME")}) == 1140

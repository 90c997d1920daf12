"""What an audit row leaves out is known without it, so that a change of any column is found."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

from tradebot.core.model.orders import Intent
from tradebot.core.model.signals import ExitPolicy
from tradebot.ledger.codec import columns_of
from tradebot.ledger.engine import Value
from tradebot.ledger.told_columns import holding_subject, holding_told, intent_told, whole_holding, whole_intent

if TYPE_CHECKING:
    from tests.ledger.conftest import Samples


def columns_of_intent(intent: Intent) -> dict[str, Value]:
    return {**columns_of(intent.request), **columns_of(intent, without=("request",))}


def test_an_intent_is_told_whole_in_few_columns(some: Samples) -> None:
    for intent in (
        some.intent(),
        replace(some.intent(), policy=ExitPolicy(stop=Decimal("0.1")), note="late", sends=2),
        replace(some.intent(), request=replace(some.intent().request, client_order_id="not ours")),
    ):
        columns = columns_of_intent(intent)
        told = intent_told(columns)
        assert len(told) < len(columns)
        assert whole_intent(intent.client_order_id, told) | {"account_key": intent.account_key} == columns


def test_a_row_of_an_earlier_version_tells_every_column(some: Samples) -> None:
    columns = columns_of_intent(some.intent())
    assert whole_intent(some.intent().client_order_id, columns) == columns


def test_a_holding_is_told_whole(some: Samples) -> None:
    columns = columns_of(some.holding())
    told = holding_told(columns)
    assert None not in told.values()
    assert whole_holding(holding_subject(columns), told) == columns
    assert whole_holding(holding_subject(columns), columns) == columns

"""Whose an order is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.brokers.robinhood.broker.order_rows import INSTRUMENT_ID, order_row
from tradebot.brokers.robinhood.broker.order_parsing import OrderRow, parse_order_row
from tradebot.brokers.robinhood.broker.sent_ids import SentIds
from tradebot.core.model.order_ids import client_order_id, ref_id
from tradebot.core.model.orders import OrderRequest, OrderType, Purpose, Side, TimeInForce
from tradebot.home.sent_orders import record_sent_order

KEY = "robinhood:live:5QR12345"
AT = datetime(2026, 1, 14, 15, 0, tzinfo=UTC)
DAY = date(2026, 1, 14)
SYMBOLS = {INSTRUMENT_ID: "ACME"}
STOP = client_order_id(KEY, DAY, "trend", "ACME", Purpose.STOP, 1)


def request(identifier: str = STOP, quantity: int = 100, stop: int = 9) -> OrderRequest:
    kind, time = OrderType.STOP, TimeInForce.GTC
    return OrderRequest(identifier, "ACME", Side.SELL, Decimal(quantity), kind, time, stop_price=Decimal(stop))


def row(number: int = 1, *, ref: str | None = None, after: float = 1.0, **changes: Any) -> OrderRow:
    """The row of the order of ``request``, taken in ``after`` seconds after AT."""
    created = (AT + timedelta(seconds=after)).isoformat()
    shown = {"quantity": "100", "stop_price": "9", "created_at": created, "updated_at": created, **changes}
    return parse_order_row(order_row(id=f"order-{number}", ref_id=ref, **shown))


def ids(path: Path | None, strategies: Iterable[str] = ("trend",)) -> SentIds:
    return SentIds(path, KEY, lambda: strategies, lambda day: (day, day - timedelta(days=1)))


def resolved(ids: SentIds, rows: Sequence[OrderRow]) -> list[str]:
    return list(ids.resolve(rows, SYMBOLS).values())


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "sent_orders"


def test_an_id_that_was_asked_for_explains_its_order(path: Path) -> None:
    known = ids(None, strategies=())
    rows = [row(ref=ref_id("any id at all"))]
    assert resolved(known, rows) == [""]
    known.note(["any id at all"])
    assert resolved(known, rows) == ["any id at all"]


def test_the_file_explains_an_order_to_another_process_also_one_that_is_running(path: Path) -> None:
    running, rows = ids(path, strategies=()), [row(ref=ref_id(STOP))]
    assert resolved(running, rows) == [""]
    ids(path).record(request(), AT)
    assert resolved(running, rows) == resolved(ids(path, strategies=()), rows) == [STOP]
    assert running.sent_at(STOP) == AT
    assert running.sent_at("another") is None


@pytest.mark.parametrize("decided", [DAY, DAY - timedelta(days=1)])
def test_without_ledger_and_file_the_ids_that_could_be_explain_an_order(decided: date) -> None:
    identifier = client_order_id(KEY, decided, "trend", "ACME", Purpose.CLOSE, 1003)
    assert resolved(ids(None), [row(ref=ref_id(identifier))]) == [identifier]


@pytest.mark.parametrize(
    "identifier",
    [
        client_order_id("robinhood:live:OTHER", DAY, "trend", "ACME", Purpose.STOP, 1),
        client_order_id(KEY, DAY, "removed", "ACME", Purpose.STOP, 1),
        client_order_id(KEY, DAY - timedelta(days=5), "trend", "ACME", Purpose.STOP, 1),
        "somebody-elses",
    ],
)
def test_an_id_that_none_of_ours_could_be_is_somebody_else_s(identifier: str) -> None:
    assert resolved(ids(None), [row(ref=ref_id(identifier))]) == [""]


def test_an_order_without_a_ref_id_is_ours_by_its_terms_and_its_time(path: Path) -> None:
    ids(path).record(request(), AT)
    assert resolved(ids(path), [row()]) == [STOP]


def test_a_request_that_comes_in_long_after_it_was_sent_is_still_ours(path: Path) -> None:
    ids(path).record(request(), AT)
    assert resolved(ids(path), [row(after=timedelta(minutes=35).total_seconds())]) == [STOP]


@pytest.mark.parametrize(
    "other",
    [
        row(quantity="99"),
        row(stop_price="9.01"),
        row(side="buy"),
        row(type="limit", price="9", trigger="immediate", stop_price=None),
        row(after=-70),
        row(after=timedelta(hours=14).total_seconds()),
    ],
)
def test_an_order_of_other_terms_or_of_another_time_is_not(path: Path, other: OrderRow) -> None:
    ids(path).record(request(), AT)
    assert resolved(ids(path), [other]) == [""]


def test_a_line_explains_one_order_and_the_one_with_a_ref_id_first(path: Path) -> None:
    ids(path).record(request(), AT)
    assert resolved(ids(path), [row(1), row(2, ref=ref_id(STOP))]) == ["", STOP]
    once = ids(path)
    assert resolved(once, [row(1, after=2), row(2, after=1)]) == ["", STOP]
    assert resolved(once, [row(1, after=2), row(2, after=1)]) == ["", STOP]


def test_an_order_that_was_sent_twice_may_be_there_twice(path: Path) -> None:
    for seconds in (0, 60):
        record_sent_order(path, request(), AT + timedelta(seconds=seconds))
    assert resolved(ids(path), [row(1), row(2, after=61)]) == [STOP, STOP]


def test_of_two_that_fit_the_one_that_was_sent_right_before_is_there(path: Path) -> None:
    """The first request was lost on its way, its id given up, and the next sent over the same shares."""
    second = client_order_id(KEY, DAY, "trend", "ACME", Purpose.STOP, 2)
    known = ids(path)
    for identifier, seconds in ((STOP, 0), (STOP, 30), (second, 60)):
        known.record(request(identifier), AT + timedelta(seconds=seconds))
    assert resolved(ids(path), [row(after=61)]) == [second]
    assert resolved(ids(path), [row(2, after=61), row(1, after=31)]) == [second, STOP]


def test_an_answer_to_what_was_sent_names_the_order_for_good(path: Path) -> None:
    known = ids(path)
    known.learn("order-1", STOP)
    assert resolved(known, [row(1)]) == [STOP]


def test_a_file_that_cannot_be_read_leaves_the_ids_that_could_be(tmp_path: Path) -> None:
    folder = tmp_path / "sent_orders"
    folder.mkdir()
    assert resolved(ids(folder), [row(ref=ref_id(STOP))]) == [STOP]


def test_an_order_of_somebody_else_costs_its_ids_once(path: Path) -> None:
    asked: list[date] = []

    def sessions(day: date) -> tuple[date, ...]:
        asked.append(day)
        return (day,)

    known = SentIds(None, KEY, lambda: ("trend",), sessions)
    for number in range(5):
        assert resolved(known, [row(number, ref=ref_id("app's"))]) == [""]
    assert asked == [DAY]

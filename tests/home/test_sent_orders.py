"""The file of sent orders."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from tradebot.core.model.order_ids import ref_id
from tradebot.core.model.orders import OrderRequest, OrderType, Side, TimeInForce
from tradebot.home.sent_orders import read_sent_orders, record_sent_order

AT = datetime(2026, 1, 5, 14, 35, 0, 123456, tzinfo=UTC)


def request(client_order_id: str, **changes: Decimal) -> OrderRequest:
    return OrderRequest(
        client_order_id,
        "ACME",
        Side.SELL,
        Decimal(10),
        OrderType.STOP,
        TimeInForce.GTC,
        limit_price=changes.get("limit_price"),
        stop_price=changes.get("stop_price"),
    )


def test_orders_are_read_back_in_the_order_of_sending(tmp_path: Path) -> None:
    path = tmp_path / "state" / "sent_orders"
    assert read_sent_orders(path) == ()
    first = record_sent_order(path, request("one", stop_price=Decimal("9.50")), AT)
    second = record_sent_order(path, request("two", limit_price=Decimal(12)), AT + timedelta(seconds=1))
    assert first.ref_id == ref_id("one")
    assert first.stop_price == Decimal("9.5") and first.limit_price is None
    assert read_sent_orders(path) == (first, second)


def test_an_order_that_is_sent_twice_stands_there_twice_under_one_ref_id(tmp_path: Path) -> None:
    path = tmp_path / "sent_orders"
    for seconds in (0, 60):
        record_sent_order(path, request("one"), AT + timedelta(seconds=seconds))
    first, second = read_sent_orders(path)
    assert first.ref_id == second.ref_id
    assert second.at - first.at == timedelta(seconds=60)


def test_a_line_that_is_cut_off_or_damaged_is_ignored_and_joined_to_no_other(tmp_path: Path) -> None:
    path = tmp_path / "sent_orders"
    first = record_sent_order(path, request("one"), AT)
    whole = path.read_bytes()
    for damage in (b'{"at": "2026-01-05T14:3', b"\xff\x00", b"[]\n", b'{"at": 5}\n', b'{"at": "yesterday"}\n'):
        path.write_bytes(whole + damage)
        second = record_sent_order(path, request("two"), AT)
        assert read_sent_orders(path) == (first, second)

"""Rows of orders as they were captured of the list of orders, with made-up ids."""

from __future__ import annotations

from typing import Any

ORDER_ID = "11111111-1111-1111-1111-111111111111"
INSTRUMENT_ID = "33333333-3333-3333-3333-333333333333"


def order_row(**changes: Any) -> dict[str, Any]:
    """A stop that was placed while the market was closed; ``changes`` are told in place of what it shows."""
    row: dict[str, Any] = {
        "id": ORDER_ID,
        "ref_id": "22222222-2222-2222-2222-222222222222",
        "url": f"https://api.robinhood.com/orders/{ORDER_ID}/",
        "account": "https://api.robinhood.com/accounts/5QR12345/",
        "cancel": f"https://api.robinhood.com/orders/{ORDER_ID}/cancel/",
        "instrument": f"https://api.robinhood.com/instruments/{INSTRUMENT_ID}/",
        "instrument_id": INSTRUMENT_ID,
        "cumulative_quantity": "0.00000000",
        "average_price": None,
        "fees": "0",
        "state": "queued",
        "derived_state": "queued",
        "pending_cancel_open_agent": None,
        "type": "market",
        "side": "sell",
        "time_in_force": "gtc",
        "trigger": "stop",
        "price": None,
        "stop_price": "10.00000000",
        "quantity": "432.00000000",
        "reject_reason": None,
        "created_at": "2026-01-14T00:32:27.948317Z",
        "updated_at": "2026-01-14T00:32:28.201171Z",
        "last_transaction_at": "2026-01-14T00:32:27.948317Z",
        "executions": [],
        "extended_hours": False,
        "market_hours": "regular_hours",
        "stop_triggered_at": None,
        "last_trail_price": None,
        "dollar_based_amount": None,
        "drip_dividend_id": None,
        "total_notional": None,
        "executed_notional": None,
        "order_form_version": 6,
        "placed_agent": "user",
        "is_editable": True,
        "replaces": None,
        "user_cancel_request_state": "no_cancel_requested",
        "position_effect": "close",
        "root_advanced_order_id": None,
    }
    return row | changes


def execution(**changes: Any) -> dict[str, Any]:
    """An execution as captured."""
    row = {
        "id": "77777777-7777-7777-7777-777777777777",
        "price": "10.12000000",
        "quantity": "100.00000000",
        "rounded_notional": "1012.00",
        "settlement_date": "2026-01-15",
        "timestamp": "2026-01-14T14:35:00.123456Z",
        "fees": "0.05",
        "sec_fee": "0.03",
        "taf_fee": "0.02",
        "cat_fee": "0.00",
    }
    return row | changes

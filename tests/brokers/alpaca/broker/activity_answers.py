"""Rows of activities, as Alpaca lists them."""

from __future__ import annotations

from typing import Any

from tests.brokers.alpaca.broker.conftest import Desk, order_json
from tests.fakes.alpaca import Answer, Arrival
from tests.fakes.orders import Requests

make = Requests()
FILL = {
    "id": "20210510100104650::88b5f678-fef5-447b-af15-f21e367e6d8c",
    "activity_type": "FILL",
    "transaction_time": "2021-05-10T14:01:04.650275Z",
    "type": "fill",
    "price": "128.33",
    "qty": "0.38962051",
    "side": "buy",
    "symbol": "ACME",
    "leaves_qty": "0",
    "order_id": "fe060a1b-5b45-4eba-ba46-c3a3345d8255",
    "cum_qty": "0.38962051",
    "order_status": "filled",
}


def cash(number: int = 1, **fields: Any) -> dict[str, Any]:
    """Cash of 10 USD that moved without a trade on the tenth of May, booked the same night."""
    return {
        "id": f"2021051000000000{number}::045b3b8d-c566-4bef-b741-2bf598dd6ae7",
        "activity_type": "FEE",
        "date": "2021-05-10",
        "net_amount": "10",
        "created_at": "2021-05-11T02:00:00Z",
        "status": "executed",
        **fields,
    }


def told(desk: Desk, *rows: dict[str, Any], order_is_shown: bool = True) -> None:
    """Let the server tell these activities, and of no order but that of FILL, which a person sent."""
    orders = [order_json(id=FILL["order_id"], client_order_id="a-person-s", status="filled")] if order_is_shown else []

    def bend(arrival: Arrival, answer: Answer) -> Answer:
        if arrival.path == "/v2/clock":
            return answer
        if arrival.path == "/v2/orders":
            return Answer(200, orders)
        missing = Answer(404, {"code": 40410000, "message": "no"})
        return Answer(200, list(rows)) if "activities" in arrival.path else missing

    desk.fake.bend = bend

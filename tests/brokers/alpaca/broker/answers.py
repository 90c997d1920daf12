"""Answers of Alpaca that several tests change."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tests.brokers.alpaca.broker.conftest import Bend
from tests.fakes.alpaca import Answer, Arrival
from tests.fakes.orders import Requests

make = Requests()


def with_body(path: str, **fields: Any) -> Bend:
    """Answers to requests of this path have these fields; None takes one away."""

    def bend(arrival: Arrival, answer: Answer) -> Answer:
        if arrival.path != path:
            return answer
        body = answer.body[0] if isinstance(answer.body, list) else answer.body
        changed = {name: value for name, value in {**body, **fields}.items() if value is not None}
        return replace(answer, body=[changed] if isinstance(answer.body, list) else changed)

    return bend

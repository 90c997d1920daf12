"""Brackets at a played Alpaca."""

from __future__ import annotations

from typing import Any

from tests.brokers.alpaca.broker.conftest import Desk
from tests.fakes.orders import Requests
from tradebot.core.model.orders import Purpose

make = Requests()
STOP, TARGET = Purpose.STOP, Purpose.TARGET


def bracketed(desk: Desk, client_id: str = "entry", **terms: Any) -> None:
    desk.broker.submit(make.buy(10, stop_loss="95", take_profit="110", client_id=client_id, **terms))

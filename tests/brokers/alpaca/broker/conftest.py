"""The adapter before a server that speaks as Alpaca does, and that can be made to say something else for once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from tests.brokers.conftest import OpenPit
from tests.brokers.contract import QUIET
from tests.fakes.alpaca import Answer, Arrival, FakeAlpaca, Terms
from tests.fakes.alpaca.client import broker_of
from tests.fakes.pit import Pit
from tests.fakes.prices import made
from tests.fakes.wire.faults import Fault
from tradebot.brokers.paper import PaperExchange
from tradebot.core.model.account import CorporateAction

#: Gives another answer in the place of the honest one, or that one again.
Bend = Callable[[Arrival, Answer], Answer]


class Bent(FakeAlpaca):
    """Alpaca with a bend in its answers, of which the judge does not hear."""

    bend: Bend | None = None

    def _answer(self, arrival: Arrival, exchange: PaperExchange, fault: Fault | None) -> Answer | None:
        honest = super()._answer(arrival, exchange, fault)
        return honest if self.bend is None or honest is None else self.bend(arrival, honest)


class Desk:
    """An exchange that has played one quiet day, the server over it, and an adapter as a command has it."""

    def __init__(self, pit: Pit, fake: Bent) -> None:
        self.pit = pit
        self.fake = fake
        self.broker = broker_of(fake)

    def as_a_new_command(self) -> None:
        """Forget what a process remembers, and the requests so far."""
        self.broker = broker_of(self.fake)
        self.fake.served.clear()

    @property
    def asked(self) -> list[str]:
        """The requests so far, "GET /v2/orders"."""
        return [f"{arrival.method} {arrival.path}" for arrival in self.fake.requests]


MakeDesk = Callable[..., Desk]


@pytest.fixture
def alpaca(pit: OpenPit) -> Iterator[MakeDesk]:
    """Makes a desk five minutes after the open of the first of the given days of ACME."""
    with ExitStack() as stack:

        def make(
            *days: str,
            at: str = "09:35",
            groups: bool = False,
            actions: tuple[CorporateAction, ...] = (),
            **rules: Any,
        ) -> Desk:
            opened = pit(made({"ACME": [QUIET, *(days or (QUIET,))]}, actions), **rules)
            opened.next(at)
            return Desk(opened, stack.enter_context(Bent(opened.again, terms=Terms(groups=groups))))

        yield make


def order_json(**fields: Any) -> dict[str, Any]:
    """An order as Alpaca writes it: a limit order to buy ten shares of ACME that rests, save for ``fields``."""
    return {
        "id": "61e69015-8549-4bfd-b9c3-01e75843f47d",
        "client_order_id": "c1",
        "created_at": "2021-03-16T18:38:01.942282Z",
        "updated_at": "2021-03-16T18:38:01.942282Z",
        "submitted_at": "2021-03-16T18:38:01.937734Z",
        "filled_at": None,
        "expired_at": None,
        "canceled_at": None,
        "failed_at": None,
        "replaced_at": None,
        "replaced_by": None,
        "replaces": None,
        "asset_id": "b0b6dd9d-8b9b-48a9-ba46-b9d54906e415",
        "symbol": "ACME",
        "asset_class": "us_equity",
        "notional": None,
        "qty": "10",
        "filled_qty": "0",
        "filled_avg_price": None,
        "order_class": "",
        "order_type": "limit",
        "type": "limit",
        "side": "buy",
        "time_in_force": "gtc",
        "limit_price": "95.5",
        "stop_price": None,
        "status": "new",
        "extended_hours": False,
        "legs": None,
        "trail_percent": None,
        "trail_price": None,
        "hwm": None,
        **fields,
    }

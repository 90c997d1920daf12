"""What tests in other processes tell any fake, under /_fake/: the time, the faults, and what it has seen."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar

from tests.fakes.wire.faults import Kind
from tests.fakes.wire.messages import Answer, Arrival
from tests.fakes.wire.times import go_to
from tradebot.brokers.paper import PaperExchange
from tradebot.errors import TradebotError

if TYPE_CHECKING:
    from tests.fakes.wire.server import FakeServer

_ROOT = "/_fake/"
_Fake = TypeVar("_Fake", bound="FakeServer")
#: What is done with a fake, its exchange and the body of a request. It gives the content of the answer.
Control = Callable[[_Fake, PaperExchange, Any], Any]


def answer(
    own: Mapping[tuple[str, str], Control[_Fake]], fake: _Fake, exchange: PaperExchange, arrival: Arrival
) -> Answer | None:
    """Do what a test asks for, by the fake's ``own`` controls and those of all; None for a request of another kind.

    Status 400 says what is wrong with what is asked for.
    """
    if not arrival.path.startswith(_ROOT):
        return None
    place = (arrival.method, arrival.path.removeprefix(_ROOT))
    known: Control[_Fake] | None = own.get(place) or _OF_ALL.get(place)
    if known is None:
        return Answer(404, {"message": f"no control {arrival}"})
    try:
        return Answer(200, known(fake, exchange, arrival.body or {}))
    except (KeyError, TypeError, ValueError, TradebotError) as error:
        return Answer(400, {"message": repr(error)})


def _set_clock(fake: FakeServer, exchange: PaperExchange, body: Any) -> Any:
    """``now``: an aware instant to go to, through as many sessions as lie before it."""
    go_to(exchange, datetime.fromisoformat(body["now"]))
    return _clock(fake, exchange, body)


def _clock(fake: FakeServer, exchange: PaperExchange, body: Any) -> Any:
    return {"now": exchange.now().isoformat(), "session": exchange.session().isoformat()}


def _next_session(fake: FakeServer, exchange: PaperExchange, body: Any) -> Any:
    exchange.next_session()
    return _clock(fake, exchange, body)


def _strike(fake: FakeServer, exchange: PaperExchange, body: Any) -> Any:
    """``kind`` and the rest as ``FakeServer.strike`` takes it."""
    fake.strike(Kind(body.pop("kind")), **body)
    return {}


def _deliver(fake: FakeServer, exchange: PaperExchange, body: Any) -> Any:
    fake.deliver(exchange)
    return {}


def _requests(fake: FakeServer, exchange: PaperExchange, body: Any) -> Any:
    return [
        {
            "method": each.arrival.method,
            "path": each.arrival.path,
            "query": dict(each.arrival.query),
            "body": each.arrival.body,
            "status": None if each.answer is None else each.answer.status,
            "fault": None if each.fault is None else each.fault.kind,
            "at": each.at,
        }
        for each in fake.served
    ]


_OF_ALL: dict[tuple[str, str], Control[FakeServer]] = {
    ("GET", "clock"): _clock,
    ("POST", "clock"): _set_clock,
    ("POST", "next-session"): _next_session,
    ("POST", "faults"): _strike,
    ("POST", "deliver"): _deliver,
    ("GET", "requests"): _requests,
}

"""What tests in other processes tell the fake, under /_fake/: the time, the faults, and what it has seen."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from tests.fakes.wire.faults import Kind
from tests.fakes.wire.messages import Answer, Arrival
from tests.fakes.wire.times import go_to
from tradebot.brokers.paper import PaperExchange
from tradebot.core.model.account import CalendarDay, CashKind, SessionHours
from tradebot.core.model.exchange_time import new_york_instant
from tradebot.errors import TradebotError

if TYPE_CHECKING:
    from tests.fakes.alpaca.server import FakeAlpaca

_ROOT = "/_fake/"


def is_control(arrival: Arrival) -> bool:
    return arrival.path.startswith(_ROOT)


def answer(fake: FakeAlpaca, exchange: PaperExchange, arrival: Arrival) -> Answer:
    """Do what a test asks for. What is wrong with it is said with status 400."""
    known = _CONTROLS.get((arrival.method, arrival.path.removeprefix(_ROOT)))
    if known is None:
        return Answer(404, {"message": f"no control {arrival}"})
    try:
        return Answer(200, known(fake, exchange, arrival.body or {}))
    except (KeyError, TypeError, ValueError, TradebotError) as error:
        return Answer(400, {"message": repr(error)})


def _set_clock(fake: FakeAlpaca, exchange: PaperExchange, body: Any) -> Any:
    """``now``: an aware instant to go to, through as many sessions as lie before it."""
    go_to(exchange, datetime.fromisoformat(body["now"]))
    return _clock(fake, exchange, body)


def _clock(fake: FakeAlpaca, exchange: PaperExchange, body: Any) -> Any:
    return {"now": exchange.now().isoformat(), "session": exchange.session().isoformat()}


def _next_session(fake: FakeAlpaca, exchange: PaperExchange, body: Any) -> Any:
    exchange.next_session()
    return _clock(fake, exchange, body)


def _strike(fake: FakeAlpaca, exchange: PaperExchange, body: Any) -> Any:
    """``kind`` and the rest as ``FakeAlpaca.strike`` takes it."""
    fake.strike(Kind(body.pop("kind")), **body)
    return {}


def _deliver(fake: FakeAlpaca, exchange: PaperExchange, body: Any) -> Any:
    fake.deliver(exchange)
    return {}


def _terms(fake: FakeAlpaca, exchange: PaperExchange, body: Any) -> Any:
    """Any of ``house.Terms`` but ``submit``; of ``telling``, any of its settings."""
    for name, value in body.pop("telling", {}).items():
        if not hasattr(fake.house.terms.telling, name):
            raise KeyError(name)
        setattr(fake.house.terms.telling, name, value)
    for name, value in body.items():
        if name == "submit" or not hasattr(fake.house.terms, name):
            raise KeyError(name)
        setattr(fake.house.terms, name, tuple(value) if name == "keys" and value is not None else value)
    return {}


def _cash(fake: FakeAlpaca, exchange: PaperExchange, body: Any) -> Any:
    """Pay in an ``amount`` of USD, or out when it is negative."""
    amount = Decimal(body["amount"])
    kind = CashKind.DEPOSIT if amount > 0 else CashKind.WITHDRAWAL
    with exchange.writing() as paper:
        paper.book.book_cash(kind, amount, None, "by hand", paper.booking_time)
    return {}


def _calendar(fake: FakeAlpaca, exchange: PaperExchange, body: Any) -> Any:
    """Announce the hours of a ``day``: ``opens`` and ``closes`` in New York time, or without them that it is closed.

    The exchange's own sessions are those of its prices, which must have none on a day that is closed.
    """
    day, hours = date.fromisoformat(body["day"]), None
    if "closes" in body:
        opens, closes = (time.fromisoformat(body[name]) for name in ("opens", "closes"))
        hours = SessionHours(day, new_york_instant(day, opens), new_york_instant(day, closes), closes < time(16))
    fake.house.calendar.correct([CalendarDay(day, hours)])
    return {}


def _requests(fake: FakeAlpaca, exchange: PaperExchange, body: Any) -> Any:
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


def _judgement(fake: FakeAlpaca, exchange: PaperExchange, body: Any) -> Any:
    judge = fake.judge
    return {"requests": judge.requests, "answers": judge.answers, "violations": judge.violations}


def _forgive(fake: FakeAlpaca, exchange: PaperExchange, body: Any) -> Any:
    return fake.judge.forgive()


_CONTROLS: dict[tuple[str, str], Callable[[FakeAlpaca, PaperExchange, Any], Any]] = {
    ("GET", "clock"): _clock,
    ("POST", "clock"): _set_clock,
    ("POST", "next-session"): _next_session,
    ("POST", "faults"): _strike,
    ("POST", "deliver"): _deliver,
    ("POST", "terms"): _terms,
    ("GET", "requests"): _requests,
    ("GET", "judgement"): _judgement,
    ("POST", "forgive"): _forgive,
    ("POST", "cash"): _cash,
    ("POST", "calendar"): _calendar,
}

"""What tests in other processes tell the fake, under /_fake/: the time, the faults, and what it has seen."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from tests.fakes.robinhood.house import Repeated
from tests.fakes.wire.faults import Kind
from tests.fakes.wire.messages import Answer, Arrival
from tests.fakes.wire.times import go_to
from tradebot.brokers.paper import PaperExchange
from tradebot.core.model.account import CalendarDay, CashKind
from tradebot.errors import TradebotError

if TYPE_CHECKING:
    from tests.fakes.robinhood.server import FakeRobinhood

_ROOT = "/_fake/"


def is_control(arrival: Arrival) -> bool:
    return arrival.path.startswith(_ROOT)


def answer(fake: FakeRobinhood, exchange: PaperExchange, arrival: Arrival) -> Answer:
    """Do what a test asks for. What is wrong with it is said with status 400."""
    known = _CONTROLS.get((arrival.method, arrival.path.removeprefix(_ROOT)))
    if known is None:
        return Answer(404, {"detail": f"no control {arrival}"})
    try:
        return Answer(200, known(fake, exchange, arrival.body or {}))
    except (KeyError, TypeError, ValueError, TradebotError) as error:
        return Answer(400, {"detail": repr(error)})


def _set_clock(fake: FakeRobinhood, exchange: PaperExchange, body: Any) -> Any:
    """``now``: an aware instant to go to, through as many sessions as lie before it."""
    go_to(exchange, datetime.fromisoformat(body["now"]))
    return _clock(fake, exchange, body)


def _clock(fake: FakeRobinhood, exchange: PaperExchange, body: Any) -> Any:
    return {"now": exchange.now().isoformat(), "session": exchange.session().isoformat()}


def _next_session(fake: FakeRobinhood, exchange: PaperExchange, body: Any) -> Any:
    exchange.next_session()
    return _clock(fake, exchange, body)


def _strike(fake: FakeRobinhood, exchange: PaperExchange, body: Any) -> Any:
    """``kind`` and the rest as ``FakeRobinhood.strike`` takes it."""
    fake.strike(Kind(body.pop("kind")), **body)
    return {}


def _deliver(fake: FakeRobinhood, exchange: PaperExchange, body: Any) -> Any:
    fake.deliver(exchange)
    return {}


def _terms(fake: FakeRobinhood, exchange: PaperExchange, body: Any) -> Any:
    """Any of ``house.Terms`` but those that are functions or fractions."""
    for name, value in body.items():
        if name in ("submit", "client_id", "far_limit", "spread") or not hasattr(fake.house.terms, name):
            raise KeyError(name)
        setattr(fake.house.terms, name, Repeated(value) if name == "repeated" else value)
    return {}


def _cash(fake: FakeRobinhood, exchange: PaperExchange, body: Any) -> Any:
    """Book an ``amount`` of USD: a deposit, or a withdrawal when it is negative; or another ``kind`` of cash."""
    amount = Decimal(body["amount"])
    usual = CashKind.DEPOSIT if amount > 0 else CashKind.WITHDRAWAL
    with exchange.writing() as paper:
        paper.book.book_cash(CashKind(body.get("kind", usual)), amount, None, "by hand", paper.booking_time)
    return {}


def _closed(fake: FakeRobinhood, exchange: PaperExchange, body: Any) -> Any:
    """Announce that the exchange is closed on a ``day``, on which its prices have no session."""
    fake.house.calendar.correct([CalendarDay(date.fromisoformat(body["day"]), None)])
    return {}


def _requests(fake: FakeRobinhood, exchange: PaperExchange, body: Any) -> Any:
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


def _asked(fake: FakeRobinhood, exchange: PaperExchange, body: Any) -> Any:
    return dict(fake.asked)


def _grant(fake: FakeRobinhood, exchange: PaperExchange, body: Any) -> Any:
    """A pair of tokens as a browser would have it."""
    pair = fake.logins.grant(exchange.now())
    return {"access_token": pair.access, "refresh_token": pair.refresh, "device_token": pair.device}


def _revoke(fake: FakeRobinhood, exchange: PaperExchange, body: Any) -> Any:
    fake.logins.revoke()
    return {}


def _approve(fake: FakeRobinhood, exchange: PaperExchange, body: Any) -> Any:
    """The owner approves in the app after so many ``looks``; null for never."""
    fake.approvals.patience = body["looks"]
    return {}


_CONTROLS: dict[tuple[str, str], Callable[[FakeRobinhood, PaperExchange, Any], Any]] = {
    ("GET", "clock"): _clock,
    ("POST", "clock"): _set_clock,
    ("POST", "next-session"): _next_session,
    ("POST", "faults"): _strike,
    ("POST", "deliver"): _deliver,
    ("POST", "terms"): _terms,
    ("GET", "requests"): _requests,
    ("GET", "asked"): _asked,
    ("POST", "cash"): _cash,
    ("POST", "closed"): _closed,
    ("POST", "grant"): _grant,
    ("POST", "revoke"): _revoke,
    ("POST", "approve"): _approve,
}

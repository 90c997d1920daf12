"""What tests in other processes tell the fake, under /_fake/: the time, the faults, and what it has seen."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from tests.fakes.robinhood.house import Repeated
from tests.fakes.wire import control
from tests.fakes.wire.messages import Answer, Arrival
from tradebot.brokers.paper import PaperExchange
from tradebot.core.model.account import CalendarDay, CashKind

if TYPE_CHECKING:
    from tests.fakes.robinhood.server import FakeRobinhood


def answer(fake: FakeRobinhood, exchange: PaperExchange, arrival: Arrival) -> Answer | None:
    """Do what a test asks for; None for a request of another kind."""
    return control.answer(_CONTROLS, fake, exchange, arrival)


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


_CONTROLS: dict[tuple[str, str], control.Control[FakeRobinhood]] = {
    ("POST", "terms"): _terms,
    ("GET", "asked"): _asked,
    ("POST", "cash"): _cash,
    ("POST", "closed"): _closed,
    ("POST", "grant"): _grant,
    ("POST", "revoke"): _revoke,
    ("POST", "approve"): _approve,
}

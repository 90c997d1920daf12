"""What tests in other processes tell the fake, under /_fake/: the time, the faults, and what it has seen."""

from __future__ import annotations

from datetime import date, time
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from tests.fakes.wire import control
from tests.fakes.wire.messages import Answer, Arrival
from tradebot.brokers.paper import PaperExchange
from tradebot.core.model.account import CalendarDay, CashKind, SessionHours
from tradebot.core.model.exchange_time import new_york_instant

if TYPE_CHECKING:
    from tests.fakes.alpaca.server import FakeAlpaca


def answer(fake: FakeAlpaca, exchange: PaperExchange, arrival: Arrival) -> Answer | None:
    """Do what a test asks for; None for a request of another kind."""
    return control.answer(_CONTROLS, fake, exchange, arrival)


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


def _judgement(fake: FakeAlpaca, exchange: PaperExchange, body: Any) -> Any:
    judge = fake.judge
    return {"requests": judge.requests, "answers": judge.answers, "violations": judge.violations}


def _forgive(fake: FakeAlpaca, exchange: PaperExchange, body: Any) -> Any:
    return fake.judge.forgive()


_CONTROLS: dict[tuple[str, str], control.Control[FakeAlpaca]] = {
    ("POST", "terms"): _terms,
    ("GET", "judgement"): _judgement,
    ("POST", "forgive"): _forgive,
    ("POST", "cash"): _cash,
    ("POST", "calendar"): _calendar,
}

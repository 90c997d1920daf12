"""The broker's side of a world: the embedded exchange, and what is still on its way to it or through it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from threading import get_ident
from typing import TypeVar, cast
from unittest.mock import patch

from tests.worlds.market import TakenIn
from tests.worlds.real_life import LateRows, submit_in_part
from tradebot.brokers.paper import ExchangeRules, PaperBroker, PaperExchange
from tradebot.brokers.paper import broker as paper_broker
from tradebot.brokers.paper.order_matching import match_at_market
from tradebot.brokers.paper.orders import parse_number
from tradebot.core.model.exchange_time import new_york_date
from tradebot.core.model.orders import BrokerOrder, OrderRequest, OrderState
from tradebot.errors import OrderRefused
from tradebot.market.calendar import NyseCalendar

T = TypeVar("T")


class Memory:
    """What the broker has answered, for when it answers that again."""

    def __init__(self) -> None:
        self._answers: dict[tuple[date, str], list[object]] = {}

    def keep(self, session: date, question: str, answer: object) -> None:
        """Remember an answer that differs from the one before it."""
        answers = self._answers.setdefault((session, question), [])
        if not answers or answers[-1] != answer:
            answers.append(answer)

    def before(self, session: date, question: str, answer: T) -> T:
        """The newest answer of the session to this question that was another one; ``answer`` where there is none."""
        others = [kept for kept in self._answers.get((session, question), ()) if kept != answer]
        return cast(T, others[-1]) if others else answer


@dataclass(frozen=True, slots=True)
class Late:
    """A request whose sender has given up on it, and that arrives all the same."""

    due: datetime
    arrive: Callable[[PaperExchange], object]


@dataclass(frozen=True, slots=True)
class Unmatched:
    """An order that the exchange has taken in and not let trade yet. In the end it does, or is rejected."""

    due: datetime
    broker_order_id: str
    reject: bool


class Venue:
    """What outlives a process at the broker. Nobody but the venue moves the exchange's clock.

    Use it as a context: the thread that enters it keeps one handle on the exchange throughout, as every other thread
    does while it works there.
    """

    def __init__(self, path: Path, rules: ExchangeRules, rows: LateRows) -> None:
        self.path = path
        self.rules = rules
        self.rows = rows
        self.memory = Memory()
        self.on_the_wire: list[Late] = []
        self.unmatched: list[Unmatched] = []
        self._kept: dict[int, PaperExchange] = {}

    def __enter__(self) -> Venue:
        exchange = self._open()
        self._kept[get_ident()] = exchange
        self.now = exchange.now()
        return self

    def __exit__(self, *error: object) -> None:
        self._kept.pop(get_ident()).close()

    @contextmanager
    def exchange(self) -> Iterator[PaperExchange]:
        """A handle on the exchange for the present thread."""
        kept = self._kept.get(get_ident())
        if kept is not None:
            yield kept
            return
        with self._open() as exchange:
            yield exchange

    def _open(self) -> PaperExchange:
        return PaperExchange.open(self.path, TakenIn(), NyseCalendar(), self.rules, durable=False)

    def pass_time(self, exchange: PaperExchange, seconds: float) -> None:
        """Let time go by at the exchange, to the end of its day at most, and happen what is due by then."""
        self.go_to(exchange, self.now + timedelta(seconds=seconds))

    def next_session(self, exchange: PaperExchange) -> date:
        """End the session, and begin the next."""
        self.go_to(exchange, exchange.hours().closes)
        session = exchange.next_session()
        self.now = exchange.now()
        return session

    def go_to(self, exchange: PaperExchange, instant: datetime) -> None:
        """Move the exchange's clock to an instant; what is due on the way happens at its own time."""
        dues = {late.due for late in self.on_the_wire} | {waiting.due for waiting in self.unmatched}
        for due in sorted(due for due in dues if due < instant):
            self._move(exchange, due)
            self.happen(exchange)
        self._move(exchange, instant)
        self.happen(exchange)

    def happen(self, exchange: PaperExchange) -> None:
        """Let arrive and trade what is due by now."""
        for late in [event for event in self.on_the_wire if event.due <= self.now]:
            self.on_the_wire.remove(late)
            with suppress(OrderRefused):
                late.arrive(exchange)
        for waiting in [event for event in self.unmatched if event.due <= self.now]:
            self.unmatched.remove(waiting)
            _match(exchange, waiting)

    def submit_unmatched(
        self, broker: PaperBroker, request: OrderRequest, due: datetime, *, reject: bool
    ) -> BrokerOrder:
        """Take an order in as any other, save that it does not trade before ``due``."""
        with patch.object(paper_broker, match_at_market.__name__, _not_yet):
            order = broker.submit(request)
        self.unmatched.append(Unmatched(due, order.broker_order_id, reject))
        return order

    def submit_in_part(self, broker: PaperBroker, request: OrderRequest, due: datetime) -> BrokerOrder:
        """Take an order in and fill half of it; the rest does not trade before ``due``."""
        order = submit_in_part(broker, request)
        self.unmatched.append(Unmatched(due, order.broker_order_id, reject=False))
        return order

    def _move(self, exchange: PaperExchange, instant: datetime) -> None:
        """Within its New York day, and never back."""
        if instant > self.now and new_york_date(instant) == new_york_date(self.now):
            exchange.advance_to(instant)
            self.now = instant


def _not_yet(paper: object, order: object) -> None:
    """Stands where the exchange would let an order trade on its arrival."""


def _match(exchange: PaperExchange, waiting: Unmatched) -> None:
    with exchange.writing() as paper:
        number = parse_number(waiting.broker_order_id, "O")
        order = paper.book.orders.get(number) if number is not None else None
        if order is None or not order.live:
            return
        if waiting.reject and order.filled_quantity == 0:
            paper.book.end(order, OrderState.REJECTED, "rejected by the market center")
        else:
            match_at_market(paper, order)

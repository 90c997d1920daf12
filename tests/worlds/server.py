"""The server's side of the wire: the fake Alpaca over a world's exchange, where each request meets its fate."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from tests.fakes.alpaca import Answer, Arrival, FakeAlpaca, Terms
from tests.fakes.alpaca.house import submit
from tests.worlds.broker import SHOWN_AFTER
from tests.worlds.faults import FaultKind, of_kind
from tests.worlds.line import Fate, Wire
from tests.worlds.venue import Late, Venue
from tradebot.brokers.paper import PaperBroker, PaperExchange
from tradebot.core.orders import BrokerOrder, OrderRequest

K = FaultKind
Body = Any

#: A status that no version of the program knows.
NEW_STATUS = "under_review"


class HungUp(Exception):
    """The server closes the connection instead of answering. With ``reset`` the other end notices at once."""

    def __init__(self, *, reset: bool) -> None:
        self.reset = reset


class WorldServer(FakeAlpaca):
    """Alpaca over the exchange of a world, with the faults that strike its requests."""

    def __init__(self, venue: Venue, wire: Wire) -> None:
        super().__init__(venue.exchange, terms=Terms(submit=self._take_in))
        self._venue = venue
        self._wire = wire

    def answer(self, arrival: Arrival, exchange: PaperExchange) -> Answer:
        """Let the request be worked on, or not, and answer it, or not. Raises HungUp."""
        fate = self._wire.fate
        assert fate is not None, "somebody asks past the worlds"
        unheard = self._unheard(fate, arrival, exchange)
        if unheard is not None:
            return unheard
        answer = self._work(fate, arrival, exchange)
        return self._unseen(fate, answer) or self._changed(fate, arrival, exchange, answer)

    def serve(self, connection: Any, exchange: PaperExchange) -> None:
        try:
            super().serve(connection, exchange)
        except HungUp as hung:
            connection.close_connection = True
            if hung.reset:
                connection.reset()

    def activity_id(self, number: int) -> str:
        """The id that the exchange's activity of this number has here."""
        with self._venue.exchange() as exchange, self.house.looking(exchange) as view:
            own = view.names.activity(number, "fill")
            return next((row.id for row in view.happenings.rows if row.id.endswith(own)), own)

    def order_id(self, client_order_id: str) -> str:
        """The client_order_id that the exchange's order has here."""
        with self._venue.exchange() as exchange, self.house.looking(exchange) as view:
            shown = (view.orders.shown(number) for number in view.orders.all)
            return next(
                view.names.client_order_id(order) for order in shown if order.client_order_id == client_order_id
            )

    # --- what becomes of it --------------------------------------------------------------------------

    def _work(self, fate: Fate, arrival: Arrival, exchange: PaperExchange) -> Answer:
        answer = super().answer(arrival, exchange)
        if arrival.method in ("POST", "PATCH") and answer.status == 200:
            fate.witness.accepted(answer.body["client_order_id"])
        return answer

    def _unheard(self, fate: Fate, arrival: Arrival, exchange: PaperExchange) -> Answer | None:
        """What its sender gets of a request that was not worked on, as far as he can tell; None to go on."""
        for fault in fate.meets(K.TOO_MANY, K.TOO_MANY_UNTIL):
            headers = {"Retry-After": str(fault.amount)} if fault.kind is K.TOO_MANY_UNTIL else {}
            return Answer(429, {"message": "too many requests."}, headers)
        for _ in fate.meets(K.WEB_PAGE):
            return _page(200, "Welcome")
        for _ in fate.meets(K.RESET_BEFORE):
            raise HungUp(reset=True)
        for fault in fate.meets(K.LOST_REQUEST, K.LATE_REQUEST):
            if fault.kind is K.LATE_REQUEST:
                due = self._venue.now + timedelta(seconds=fault.amount)
                self._venue.on_the_wire.append(Late(due, lambda later: self._work(fate, arrival, later)))
            raise _silence(fate)
        for fault in fate.meets(K.SERVER_ERROR, K.HTML):
            if fault.amount % 2:
                self._work(fate, arrival, exchange)
            if fault.kind is K.HTML:
                return _page(502, "502 Bad Gateway")
            return Answer(500, {"code": 50010000, "message": "internal server error occurred"})
        return None

    def _unseen(self, fate: Fate, answer: Answer) -> Answer | None:
        """What its sender gets of a request that was worked on, and whose answer he does not see; None to go on."""
        if not fate.answer_in_time or any(True for _ in fate.meets(K.LOST_ANSWER)):
            raise _silence(fate)
        for _ in fate.meets(K.RESET_AFTER):
            raise HungUp(reset=True)
        for _ in fate.meets(K.GATEWAY_TIMEOUT):
            return Answer(504, {"code": 50410000, "message": "request timed out"})
        for _ in fate.meets(K.TRUNCATED):
            whole = json.dumps(answer.body)
            return replace(answer, body=None, text=whole[: len(whole) // 2])
        for fault in of_kind(fate.struck, K.DUPLICATE):
            if answer.status == 200:
                fate.io.meet(fault, fate.call)
                return Answer(422, {"code": 40010001, "message": "client_order_id must be unique"})
        return None

    def _take_in(self, exchange: PaperExchange, request: OrderRequest) -> BrokerOrder:
        """An order that does not trade at once is taken in as any other."""
        fate = self._wire.fate
        for fault in () if fate is None else fate.meets(K.SLOW_FILL, K.REJECTED_LATER):
            due = self._venue.now + timedelta(seconds=fault.amount)
            reject = fault.kind is K.REJECTED_LATER
            return self._venue.submit_unmatched(PaperBroker(exchange), request, due, reject=reject)
        return submit(exchange, request)

    # --- answers that are not the whole truth ----------------------------------------------------------

    def _changed(self, fate: Fate, arrival: Arrival, exchange: PaperExchange, answer: Answer) -> Answer:
        if answer.status != 200:
            return answer
        if fate.call == "order":
            answer = self._not_yet_shown(fate, answer)
        elif not arrival.writes:
            answer = self._old(fate, exchange, arrival, answer)
        for fault in of_kind(fate.struck, K.EMPTY_LIST, K.LAGGING):
            if isinstance(answer.body, list) and answer.body:
                fate.io.meet(fault, fate.call)
                kept = 0 if fault.kind is K.EMPTY_LIST else -max(1, fault.amount)
                answer = replace(answer, body=answer.body[:kept])
        for fault in of_kind(fate.struck, K.UNKNOWN_STATE):
            if answer.body:
                fate.io.meet(fault, fate.call)
                answer = replace(answer, body=_each_order(answer.body, lambda order: order | {"status": NEW_STATUS}))
        return answer

    def _old(self, fate: Fate, exchange: PaperExchange, arrival: Arrival, answer: Answer) -> Answer:
        """The answer, or the newest one of this session that was another."""
        session, memory = exchange.session(), self._venue.memory
        memory.keep(session, str(arrival), answer.body)
        for fault in of_kind(fate.struck, K.OLD_ANSWER):
            old = memory.before(session, str(arrival), answer.body)
            if old is not answer.body:
                fate.io.meet(fault, fate.call)
                return replace(answer, body=old)
        return answer

    def _not_yet_shown(self, fate: Fate, answer: Answer) -> Answer:
        """The answer without orders that came in only just now."""
        for fault in of_kind(fate.struck, K.OLD_ANSWER):
            if isinstance(answer.body, list):
                shown = [order for order in answer.body if not self._is_new(order)]
                if len(shown) != len(answer.body):
                    fate.io.meet(fault, fate.call)
                    return replace(answer, body=shown)
            elif self._is_new(answer.body):
                fate.io.meet(fault, fate.call)
                return Answer(404, {"code": 40410000, "message": "order not found"})
        return answer

    def _is_new(self, order: Mapping[str, Any]) -> bool:
        return self._venue.now < datetime.fromisoformat(order["submitted_at"]) + SHOWN_AFTER


def _silence(fate: Fate) -> HungUp:
    """Nothing more is heard. The connection is closed, so that nobody waits for it, and the line tells of silence."""
    fate.silent = True
    return HungUp(reset=False)


def _page(status: int, title: str) -> Answer:
    text = f"<html><head><title>{title}</title></head><body><h1>{title}</h1></body></html>"
    return Answer(status, text=text, content_type="text/html")


def _each_order(body: Body, change: Callable[[dict[str, Any]], dict[str, Any]]) -> Body:
    """The answer with every order in it changed, legs included."""
    if isinstance(body, list):
        return [_each_order(order, change) for order in body]
    legs = body.get("legs")
    return change(body if legs is None else body | {"legs": _each_order(legs, change)})

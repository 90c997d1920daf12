"""The server's side of the wire: the fake Alpaca over a world's exchange, where each request meets its fate."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from tests.fakes.alpaca import KEY_ID, SECRET_KEY, Answer, Arrival, FakeAlpaca, Terms
from tests.worlds.broker import SHOWN_AFTER
from tests.worlds.fated import FatedServer
from tests.worlds.fates import Fate
from tests.worlds.faults import FaultKind, of_kind
from tests.worlds.trouble import LEG_HELD
from tests.worlds.venue import Venue
from tradebot.brokers.paper import PaperBroker
from tradebot.brokers.paper.orders import parse_number
from tradebot.core.model.account import id_of

K = FaultKind
#: The rows that an activity of the exchange can have at Alpaca.
_PARTS = ("fill", "fee", "cash", "old", "new")


class WorldServer(FatedServer, FakeAlpaca):
    """Alpaca over the exchange of a world, with the faults that strike its requests. One is worked on at once."""

    def __init__(self, venue: Venue, *, groups: bool, hides_held: bool) -> None:
        terms = Terms(groups, hides_held, keys=(KEY_ID, SECRET_KEY), submit=self._take_in)
        super().__init__(venue.exchange, terms=terms, on_request=self._fault_of)
        self._venue = venue

    def activity_id(self, number: int) -> str:
        """The id that the exchange's activity of this number has here."""
        with self._venue.exchange() as exchange, self.house.looking(exchange) as view:
            own = view.names.activity(number, "fill")
            return next((row.id for row in view.happenings.rows if row.id.endswith(own)), own)

    def order_id(self, client_order_id: str) -> str:
        """The client_order_id that the exchange's order has here."""
        with self._venue.exchange() as exchange, self.house.looking(exchange) as view:
            orders = view.orders.all
            found = next(order for order in orders.values() if order.client_order_id == client_order_id)
            return view.names.client_order_id(found, None if found.parent is None else orders[found.parent])

    def met(self) -> Counter[str]:
        """In how many answers a leg was held."""
        bodies = (served.answer.body for served in self.served if served.answer is not None)
        return Counter({LEG_HELD: sum("'status': 'held'" in str(body) for body in bodies)})

    def _taken_in(self, arrival: Arrival, answer: Answer) -> str | None:
        is_new = arrival.method in ("POST", "PATCH") and answer.status == 200
        return str(answer.body["client_order_id"]) if is_new else None

    def _shown(self, fate: Fate, arrival: Arrival, answer: Answer) -> Answer:
        shown = self._not_yet_shown if fate.call == "order" else self._old
        answer = shown(fate, arrival, answer)
        if fate.call == "positions":
            answer = self._fewer_shares(fate, answer)
        if fate.call == "activities":
            answer = self._without_instants(fate, self._shown_rows(answer))
        return answer

    # --- answers that were the whole truth -----------------------------------------------------------

    def _shown_rows(self, answer: Answer) -> Answer:
        """The answer without the rows that are not shown yet."""
        rows = self._venue.rows
        with self._venue.exchange() as exchange:
            today, every = exchange.session(), PaperBroker(exchange).activities(None)
            hidden = [parse_number(id_of(done), "A") or 0 for done in every if rows.hides(done, today)]
            with self.house.looking(exchange) as view:
                ids = {view.names.activity(number, part) for number in hidden for part in _PARTS}
        return replace(answer, body=[row for row in answer.body if row["id"].partition("::")[2] not in ids])

    def _fewer_shares(self, fate: Fate, answer: Answer) -> Answer:
        """The answer with half of each position, as before the second half was bought."""
        for fault in of_kind(fate.struck, K.FEWER_SHARES):
            if answer.body:
                fate.io.meet(fault, fate.call)
            halves = [{**each, "qty": str(int(Decimal(each["qty"]) / 2))} for each in answer.body]
            return replace(answer, body=[half for half in halves if half["qty"] != "0"])
        return answer

    def _without_instants(self, fate: Fate, answer: Answer) -> Answer:
        """The answer without the instants at which rows were booked, where a row has a date besides."""
        for fault in of_kind(fate.struck, K.NO_INSTANTS):
            if any("created_at" in row for row in answer.body):
                fate.io.meet(fault, fate.call)
            body = [{name: value for name, value in row.items() if name != "created_at"} for row in answer.body]
            return replace(answer, body=body)
        return answer

    def _not_yet_shown(self, fate: Fate, arrival: Arrival, answer: Answer) -> Answer:
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

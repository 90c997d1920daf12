"""The server's side of the wire to Robinhood: the fake over a world's exchange, where each request meets its fate."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from random import Random
from typing import Any

from tests.fakes.robinhood import FakeRobinhood, Repeated, Terms
from tests.fakes.robinhood.house import View
from tests.fakes.robinhood.orders import fill_id
from tests.fakes.wire.messages import Answer, Arrival
from tests.worlds.fated import FatedServer
from tests.worlds.fates import Fate
from tests.worlds.faults import FaultKind, of_kind
from tests.worlds.trouble import NO_REF_ID, NOT_LISTED, PENDING_CANCEL
from tests.worlds.venue import Venue
from tests.worlds.world import World
from tradebot.brokers.paper import PaperBroker
from tradebot.brokers.paper.orders import parse_number
from tradebot.core.model.account import CashEvent, SplitEvent, id_of
from tradebot.core.model.order_ids import parse, ref_id

K = FaultKind
#: How long a token serves: renewing it is tried elsewhere.
_FOR_EVER = 1e9
#: Ends the id under which the exchange keeps a second order with a ref_id.
_AGAIN = "#"


def terms_of(world: World) -> Terms:
    """What nobody knows of Robinhood, another in each world."""
    chance = Random(f"robinhood {world.seed}")
    return Terms(
        repeated=chance.choice(list(Repeated)),
        null_refs=chance.choice([0, 0, 1, 3]),
        list_lag=chance.choice([0.0, 0.0, 2.0, 15.0, 90.0]),
        unconfirmed_reads=chance.choice([0, 1, 2]),
        slow_cancels=chance.choice([0, 1, 3]),
        cancel_links=chance.random() < 0.7,
        rest_word=chance.choice(["cancelled", "partially_filled_rest_cancelled"]),
        page_rows=chance.choice([2, 100]),
        retirement=chance.choice(["first", "last"]),
        lives=_FOR_EVER,
    )


class WorldRobinhood(FatedServer, FakeRobinhood):
    """Robinhood over the exchange of a world, with the faults that strike its requests.

    ``sent`` has the client_order_ids of the orders that were sent here, by their ref_ids.
    """

    def __init__(self, world: World, venue: Venue) -> None:
        terms = replace(terms_of(world), client_id=self._client_id, submit=self._take_in)
        if world.renamed is not None:
            terms.first_names[f"{world.renamed[0]}X"] = world.renamed[0]
        super().__init__(venue.exchange, terms=terms, on_request=self._fault_of)
        self._venue = venue
        self._known: set[str] = set()
        self.sent: dict[str, str] = {}
        self.seen: Counter[str] = Counter()

    @property
    def account_number(self) -> str:
        with self._venue.exchange() as exchange, self.house.looking(exchange) as view:
            return view.names.account_number

    @property
    def now(self) -> datetime:
        """The time at the exchange."""
        return self._venue.now

    def carries(self, client_order_id: str) -> None:
        """An order is about to be sent here."""
        self.sent[ref_id(client_order_id)] = client_order_id

    def activity_id(self, number: int) -> str:
        """The id by which the adapter knows the exchange's fill of this number."""
        with self._venue.exchange() as exchange, self.house.looking(exchange) as view:
            fills = (fill for fills in view.happenings.fills.values() for fill in fills)
            found = next((fill for fill in fills if fill.fill_id == f"A-{number:09d}"), None)
            if found is None:
                return view.names.activity(number)
            return f"{found.at:%Y%m%d%H%M%S%f}:fill:{fill_id(view, found)}"

    def order_id(self, client_order_id: str) -> str:
        """The client_order_id that the exchange's order has in the ledger: a person's has none."""
        return client_order_id.partition(_AGAIN)[0] if parse(client_order_id.partition(_AGAIN)[0]) else ""

    def met(self) -> Counter[str]:
        return self.seen

    # --- what becomes of a request ---------------------------------------------------------------------

    def _client_id(self, body: Mapping[str, Any]) -> str:
        return self.sent[str(body["ref_id"])]

    def _taken_in(self, arrival: Arrival, answer: Answer) -> str | None:
        """The id of an order that is new here.

        A sell may leave twice, and is taken in twice where a ref_id means nothing.
        """
        if (arrival.method, arrival.path, answer.status) != ("POST", "/orders/", 201):
            return None
        if answer.body["id"] in self._known:
            return None
        self._known.add(answer.body["id"])
        is_second = any(self.house.refs[number] == answer.body["ref_id"] for number in self._numbers_before(answer))
        is_sell = answer.body["side"] == "sell"
        return None if is_second and is_sell else self.sent[str(arrival.body["ref_id"])]

    def _numbers_before(self, answer: Answer) -> Iterator[int]:
        with self._venue.exchange() as exchange, self.house.looking(exchange) as view:
            own = view.names.order_number(answer.body["id"], view.newest)
        return (number for number in self.house.refs if number != own)

    # --- answers that were the whole truth -----------------------------------------------------------

    def _shown(self, fate: Fate, arrival: Arrival, answer: Answer) -> Answer:
        self._count(answer)
        if isinstance(answer.body, dict) and "results" in answer.body:
            answer = self._without_late_rows(answer)
        answer = self._old(fate, arrival, answer)
        return self._fewer_shares(fate, answer) if arrival.path == "/positions/" else answer

    def _count(self, answer: Answer) -> None:
        """Count what is out of the ordinary in an answer."""
        text = str(answer.body)
        self.seen[PENDING_CANCEL] += "'pending_cancelled'" in text
        self.seen[NO_REF_ID] += "'ref_id': None" in text
        with self._venue.exchange() as exchange, self.house.looking(exchange) as view:
            self.seen[NOT_LISTED] += any(self._is_lagging(view, number) for number in view.orders)

    def _is_lagging(self, view: View, number: int) -> bool:
        lag = self.house.terms.list_lag
        return lag > 0 and (view.paper.state.now - view.orders[number].submitted_at).total_seconds() < lag

    def _without_late_rows(self, answer: Answer) -> Answer:
        """The answer without the payments and splits that are not shown yet."""
        rows = self._venue.rows
        with self._venue.exchange() as exchange:
            today, every = exchange.session(), PaperBroker(exchange).activities(None)
            hidden = [done for done in every if isinstance(done, CashEvent | SplitEvent) and rows.hides(done, today)]
            with self.house.looking(exchange) as view:
                ids = {view.names.activity(parse_number(id_of(done), "A") or 0) for done in hidden}
        results = [row for row in answer.body["results"] if row is None or row.get("id") not in ids]
        return replace(answer, body={**answer.body, "results": results})

    def _fewer_shares(self, fate: Fate, answer: Answer) -> Answer:
        """The answer with half of each position, as before the second half was bought."""
        for fault in of_kind(fate.struck, K.FEWER_SHARES):
            results = answer.body["results"]
            if results:
                fate.io.meet(fault, fate.call)
            halves = [{**row, "quantity": str(int(Decimal(row["quantity"]) / 2))} for row in results]
            return replace(answer, body={**answer.body, "results": [row for row in halves if row["quantity"] != "0"]})
        return answer

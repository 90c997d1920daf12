"""Robinhood's hosts: who is let in, what is counted, what answers."""

from __future__ import annotations

from collections import Counter

from tests.fakes.robinhood import control, routes, trading
from tests.fakes.robinhood.approvals import Approvals
from tests.fakes.robinhood.house import House, Terms
from tests.fakes.robinhood.logins import Logins, Pair
from tests.fakes.robinhood.messages import Refusal
from tests.fakes.robinhood.spoiling import WORDS
from tests.fakes.wire.faults import Fault, Kind
from tests.fakes.wire.messages import Answer, Arrival
from tests.fakes.wire.server import FakeServer, OpenExchange
from tests.fakes.wire.struck import OnRequest
from tradebot.brokers.paper import PaperExchange
from tradebot.market.calendar import CorrectedCalendar

_TOKEN, _REVOKE = "/oauth2/token/", "/oauth2/revoke_token/"
#: Paths that are asked without a token.
_OPEN = (_TOKEN, _REVOKE, "/pathfinder/", "/push/", "/challenge/")


class FakeRobinhood(FakeServer):
    """Robinhood's hosts, all at ``url``, over an embedded exchange. Runs while it is entered.

    ``calendar`` is the one of ``exchange``, for hours that the installed one does not know. ``logins`` and
    ``approvals`` are who is let in. ``asked`` counts the requests by method and kind of path, those of tests apart.
    """

    def __init__(
        self,
        exchange: OpenExchange,
        *,
        terms: Terms | None = None,
        on_request: OnRequest | None = None,
        port: int = 0,
        calendar: CorrectedCalendar | None = None,
    ) -> None:
        super().__init__(exchange, on_request, port)
        self.house = House(terms or Terms(), calendar, lambda: self.url)
        self.approvals = Approvals(self.house.terms)
        self.logins = Logins(self.house.terms, self.approvals)
        self.asked: Counter[str] = Counter()

    # --- for tests -----------------------------------------------------------------------------------

    def grant(self) -> Pair:
        """A pair of tokens as a browser would have it."""
        with self._exchange() as exchange:
            return self.logins.grant(exchange.now())

    @property
    def order_posts(self) -> int:
        """How many orders were sent here, whatever became of them."""
        return self.asked["POST /orders/"]

    def sentence(self) -> None:
        if self.errors:
            raise self.errors[0]

    # --- what is made of requests --------------------------------------------------------------------

    def process(self, arrival: Arrival, exchange: PaperExchange | None = None) -> Answer:
        """What Robinhood makes of a request, as it is and at once."""
        if exchange is None:
            with self._exchange() as opened:
                return self.process(arrival, opened)
        trading.settle(self.house, exchange)
        try:
            return self._login(arrival, exchange) or routes.find(arrival).answer(self.house, exchange, arrival)
        except Refusal as refused:
            return refused.answer

    def processed(self, arrival: Arrival, exchange: PaperExchange, fault: Fault) -> Answer:
        if fault.kind is Kind.ID_BURNT and (arrival.method, arrival.path) == ("POST", "/orders/"):
            try:
                return trading.submit(self.house, exchange, arrival, makes_none=True)
            except Refusal as refused:
                return refused.answer
        return super().processed(arrival, exchange, fault)

    def spoilt(self, fault: Fault, arrival: Arrival, answer: Answer | None, before: Answer | None) -> Answer:
        return WORDS.spoilt(fault, arrival, answer, before)

    def control(self, arrival: Arrival, exchange: PaperExchange) -> Answer | None:
        return control.answer(self, exchange, arrival)

    def noticed(self, arrival: Arrival) -> None:
        self.asked[routes.kind_of(arrival)] += 1

    def barred(self, arrival: Arrival, exchange: PaperExchange) -> Answer | None:
        if arrival.path.startswith(_OPEN):
            return None
        return self.logins.refused(arrival.headers, exchange.now())

    def _login(self, arrival: Arrival, exchange: PaperExchange) -> Answer | None:
        """The answer to what a login asks for; None for another request."""
        if not arrival.path.startswith(_OPEN):
            return None
        where = arrival.path.strip("/").split("/")
        match arrival.method, *where:
            case "POST", "oauth2", "token":
                return self.logins.token(arrival, exchange.now())
            case "POST", "oauth2", "revoke_token":
                return self.logins.revoke_token(arrival)
            case "POST", "pathfinder", "user_machine":
                return self.approvals.machine(arrival)
            case "GET" | "POST", "pathfinder", "inquiries", machine, "user_view":
                return self.approvals.view(arrival, machine)
            case "GET", "push", challenge, "get_prompts_status":
                return self.approvals.prompts(arrival, challenge)
            case "POST", "challenge", challenge, "respond":
                return self.approvals.respond(arrival, challenge)
        return None

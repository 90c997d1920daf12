"""Alpaca's hosts: who is let in, what is judged, what answers."""

from __future__ import annotations

from collections.abc import Mapping

from tests.fakes import validated
from tests.fakes.alpaca import control, routes, trading
from tests.fakes.alpaca.door import Door
from tests.fakes.alpaca.house import House, Terms
from tests.fakes.alpaca.judge import Judge
from tests.fakes.alpaca.messages import Refusal
from tests.fakes.alpaca.renames import in_new_names, in_old_names
from tests.fakes.alpaca.spoiling import WORDS
from tests.fakes.wire.faults import Fault, Kind
from tests.fakes.wire.messages import Answer, Arrival
from tests.fakes.wire.server import FakeServer, OpenExchange
from tests.fakes.wire.struck import OnRequest
from tradebot.brokers.paper import PaperExchange
from tradebot.market.calendar import CorrectedCalendar

#: A pair of keys in the form of those of a paper account.
KEY_ID = "PKFAKE7C1FCANARY0001"
SECRET_KEY = "fakesecret0000000000000000000000000000001"


class FakeAlpaca(FakeServer):
    """Alpaca's trading and data hosts, both at ``url``, over an embedded exchange. Runs while it is entered.

    ``calendar`` is the one of ``exchange``, for hours that the installed one does not know. Leaving raises
    SpecificationBroken when the specification does not allow what was asked or answered.
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
        self.house = House(terms or Terms(), calendar)
        self.judge = Judge()
        self._door = Door(self.house.terms)

    def sentence(self) -> None:
        """Raise what went wrong in here, or SpecificationBroken when the judge had anything to object to."""
        if self.errors:
            raise self.errors[0]
        self.judge.sentence()

    def close(self) -> None:
        super().close()
        validated.add(*self.judge.counted())

    def process(self, arrival: Arrival, exchange: PaperExchange | None = None) -> Answer:
        """What Alpaca makes of a request, as it is and at once."""
        if exchange is None:
            with self._exchange() as opened:
                return self.process(arrival, opened)
        trading.bring_about_cancels(self.house, exchange)
        renames = self.house.terms.renames
        try:
            asked = in_old_names(renames, arrival)
            return in_new_names(renames, arrival, routes.find(asked).answer(self.house, exchange, asked))
        except Refusal as refused:
            return refused.answer

    def processed(self, arrival: Arrival, exchange: PaperExchange, fault: Fault) -> Answer:
        self.house.fails_one = fault.kind is Kind.ITEM_FAILED
        answer = super().processed(arrival, exchange, fault)
        self.house.fails_one = False
        return answer

    def spoilt(self, fault: Fault, arrival: Arrival, answer: Answer | None, before: Answer | None) -> Answer:
        return WORDS.spoilt(fault, arrival, answer, before)

    def control(self, arrival: Arrival, exchange: PaperExchange) -> Answer | None:
        return control.answer(self, exchange, arrival)

    def noticed(self, arrival: Arrival) -> None:
        self.judge.request(arrival)

    def barred(self, arrival: Arrival, exchange: PaperExchange) -> Answer | None:
        return self._door.bars(arrival)

    def headers(self) -> Mapping[str, str]:
        return self._door.allowance()

    def told(self, arrival: Arrival, answer: Answer) -> Answer:
        self.judge.answer(arrival, answer)
        return self.house.terms.telling.told(arrival, answer)

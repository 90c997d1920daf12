"""How the processes of a world reach its exchange, and by which names they learn of what is there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Protocol

from tests.worlds.broker import FaultyBroker
from tests.worlds.faults import Io
from tests.worlds.venue import Venue
from tests.worlds.world import World
from tradebot.brokers.paper import PaperExchange
from tradebot.ports import Broker

if TYPE_CHECKING:
    from tests.worlds.witness import Witness


class Door(Protocol):
    """One way in. ``account_key`` is the account behind it, as the ledger knows it.

    ``fees_apart`` says whether the fee of a fill is told as cash by itself; ``fresh_for`` is that of a desk here.
    ``tells_expiry`` says whether an order that expired is told apart from one that was cancelled.
    ``host`` is what messages call the broker; at some it has another port in each run.
    """

    @property
    def account_key(self) -> str: ...

    @property
    def host(self) -> str: ...

    @property
    def fees_apart(self) -> bool: ...

    @property
    def tells_expiry(self) -> bool: ...

    @property
    def fresh_for(self) -> timedelta: ...

    def broker(
        self, exchange: PaperExchange, io: Io, witness: Witness, *, pressing: bool
    ) -> AbstractContextManager[Broker]:
        """The broker of one process, which meets the faults of ``io``. ``exchange`` is the process's own handle.

        A ``pressing`` one is not to wait long for an answer.
        """
        ...

    def activity_id(self, number: int) -> str:
        """The id by which processes know the exchange's activity of this number."""
        ...

    def order_id(self, client_order_id: str) -> str:
        """The id by which processes know the exchange's order: that of a leg may be the broker's own."""
        ...

    def met(self) -> Counter[str]:
        """How often processes were shown what is out of the ordinary."""
        ...

    def objections(self) -> Sequence[str]:
        """What was asked or answered on the way in against the rules of those who speak there."""
        ...


#: Opens a way to what lies at a world's venue, for as long as the world lasts.
Opening = Callable[[World, Venue], AbstractContextManager[Door]]


class OwnDoor:
    """The embedded exchange's own door, in the process itself."""

    #: The exchange of every world begins its account by a reset.
    account_key = "paper:paper:PAPER-0002"
    host = "the broker"
    fees_apart = False
    tells_expiry = True
    fresh_for = timedelta(0)

    def __init__(self, venue: Venue) -> None:
        self._venue = venue

    @contextmanager
    def broker(self, exchange: PaperExchange, io: Io, witness: Witness, *, pressing: bool) -> Iterator[Broker]:
        yield FaultyBroker(self._venue, exchange, io, witness)

    def activity_id(self, number: int) -> str:
        return f"A-{number:09d}"

    def order_id(self, client_order_id: str) -> str:
        return client_order_id

    def met(self) -> Counter[str]:
        return Counter()

    def objections(self) -> Sequence[str]:
        return ()


@contextmanager
def directly(world: World, venue: Venue) -> Iterator[Door]:
    yield OwnDoor(venue)

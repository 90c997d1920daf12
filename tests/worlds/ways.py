"""The brokers that worlds are run with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from tests.worlds.doors import Opening, directly
from tests.worlds.drawing import draw
from tests.worlds.ledgers import LedgerOpening, in_a_file
from tests.worlds.market import Market
from tests.worlds.over_http import over_http
from tests.worlds.over_robinhood import over_robinhood
from tests.worlds.simulate import simulate
from tests.worlds.story import Story
from tests.worlds.trouble import AT_A_SIMPLE_DOOR, AT_ITS_OWN_DOOR, AT_ROBINHOOD, OVER_HTTP, Possible, with_a_server
from tests.worlds.world import World


@dataclass(frozen=True, slots=True)
class Way:
    """A broker between the processes and the exchange, and what can go wrong with it."""

    opening: Opening
    possible: Possible
    keeping: LedgerOpening = in_a_file  # of the ledger

    def draw(self, seed: int, market: Market) -> World:
        return draw(seed, market, possible=self.possible)

    def simulate(self, world: World, market: Market) -> Story:
        return simulate(world, market, self.opening, self.keeping)

    def with_ledger(self, keeping: LedgerOpening) -> Way:
        """The same broker beside a ledger on a server."""
        return replace(self, possible=with_a_server(self.possible), keeping=keeping)


#: By the name of the broker; "simple" is the embedded exchange without brackets, replacing and a look-up by id.
WAYS: Mapping[str, Way] = {
    "paper": Way(directly, AT_ITS_OWN_DOOR),
    "simple": Way(directly, AT_A_SIMPLE_DOOR),
    "alpaca": Way(over_http, OVER_HTTP),
    "robinhood": Way(over_robinhood, AT_ROBINHOOD),
}

"""The account as an emergency stop sees it at one moment, and what of it has to go. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from tradebot.core.model.account import Fill, Position
from tradebot.core.model.holdings import FOREIGN
from tradebot.core.model.order_ids import DecisionId
from tradebot.core.model.orders import BrokerOrder, Purpose, Side
from tradebot.core.model.ownership import Lots, Ownership, ours_among
from tradebot.core.model.values import ZERO
from tradebot.core.safety.stop_coverage import coverable


@dataclass(frozen=True, slots=True)
class StopGoal:
    """What an emergency stop is to reach: without ``close`` positions stay open, protected by their stops."""

    close: bool
    include_foreign: bool = False


@dataclass(frozen=True, slots=True)
class OwnedShares:
    """Shares of a position that belong to one owner: a strategy, or FOREIGN for what people bought."""

    position: Position
    strategy: str
    shares: Decimal  # never negative

    @property
    def symbol(self) -> str:
        return self.position.symbol

    @property
    def key(self) -> tuple[str, bool]:
        return self.symbol, self.is_foreign

    @property
    def is_foreign(self) -> bool:
        return self.strategy == FOREIGN

    @property
    def quantity(self) -> Decimal:
        """Negative for a short."""
        return self.shares.copy_sign(self.position.quantity)

    @property
    def closing_side(self) -> Side:
        return Side.SELL if self.position.quantity > 0 else Side.BUY

    @property
    def dollars(self) -> Decimal:
        return self.shares * self.position.market_price


@dataclass(frozen=True, slots=True)
class StopState:
    """One look. ``positions`` is None, and nothing is known of them, where they could not be read."""

    ownership: Ownership
    goal: StopGoal
    orders: tuple[BrokerOrder, ...]
    positions: Mapping[str, Position] | None
    lots: Lots
    fills: tuple[Fill, ...] = ()  # that the ledger has not booked
    market_is_open: bool = True

    # --- orders --------------------------------------------------------------------------------

    def ours(self, order: BrokerOrder) -> bool:
        return self.ownership.is_ours(order, self.orders, self.lots)

    def purpose(self, order: BrokerOrder) -> Purpose | None:
        """Why an order of ours was sent; None for a leg, whose id the broker may have made, and for people's."""
        made = self._made(order)
        return made.purpose if made else None

    def must_cancel(self, order: BrokerOrder) -> bool:
        """Whether an order has to be cancelled: one that could open or add, or that holds shares we are to sell."""
        if not self.ours(order) and not self.goal.include_foreign:
            return False
        purpose = self.purpose(order)
        if purpose is Purpose.ENTRY or self.positions is None:
            return purpose is Purpose.ENTRY
        if purpose is Purpose.CLOSE:
            return not self._fits(order)
        return self.goal.close or not _reduces(order, self.positions.get(order.symbol))

    def to_cancel(self) -> tuple[BrokerOrder, ...]:
        return tuple(order for order in self.orders if self.must_cancel(order))

    def closing(self, owned: OwnedShares) -> tuple[BrokerOrder, ...]:
        """The live orders by which an emergency stop closes a stake."""
        found = ((order, self._made(order)) for order in self.orders if order.symbol == owned.symbol)
        return tuple(
            order
            for order, made in found
            if made and made.purpose is Purpose.CLOSE and (made.strategy == FOREIGN) == owned.is_foreign
        )

    def covered(self, owned: OwnedShares) -> Decimal:
        """Shares of a stake that a resting stop, or an order that closes it, will sell."""
        stops = (
            order.remaining
            for order in self.orders
            if order.symbol == owned.symbol and order.side is owned.closing_side and order.stop_price is not None
        )
        return min(owned.shares, sum(stops, ZERO) + _shares(self.closing(owned)))

    # --- positions -----------------------------------------------------------------------------

    def owned_shares(self) -> Iterator[OwnedShares]:
        """Whose the shares of each position are."""
        for position in (self.positions or {}).values():
            lots = ours_among(self.lots.get(position.symbol, ()))
            held = sum((lot.quantity for lot in lots), ZERO)
            ours = min(abs(held), abs(position.quantity)) if held * position.quantity > 0 else ZERO
            if ours:
                yield OwnedShares(position, lots[0].strategy, ours)
            if foreign := abs(position.quantity) - ours:
                yield OwnedShares(position, FOREIGN, foreign)

    def ours_held(self) -> tuple[OwnedShares, ...]:
        return tuple(owned for owned in self.owned_shares() if not owned.is_foreign)

    def to_close(self) -> tuple[OwnedShares, ...]:
        wanted = (owned for owned in self.owned_shares() if self.goal.include_foreign or not owned.is_foreign)
        return tuple(wanted) if self.goal.close else ()

    def bare(self) -> tuple[OwnedShares, ...]:
        """What stays open without a stop for as much of it as a stop can cover."""
        return () if self.goal.close else tuple(s for s in self.ours_held() if self.coverable(s) > 0)

    def coverable(self, owned: OwnedShares) -> Decimal:
        """Shares of a stake that a stop could cover and none does."""
        return coverable(owned.shares) - self.covered(owned)

    # --- both ----------------------------------------------------------------------------------

    @property
    def is_reached(self) -> bool:
        """Whether this is what was wanted."""
        return self.positions is not None and not self.to_cancel() and not self.to_close() and not self.bare()

    @property
    def is_at_rest(self) -> bool:
        """Whether nothing can be done now: it is reached, or what closes the rest waits for the market to open."""
        return self.is_reached or (
            self.positions is not None
            and not self.market_is_open
            and not self.to_cancel()
            and not self.bare()
            and all(_shares(self.closing(owned)) == owned.shares for owned in self.to_close())
        )

    def _made(self, order: BrokerOrder) -> DecisionId | None:
        return self.ownership.decision_of(order)

    def _fits(self, order: BrokerOrder) -> bool:
        """Whether a closing order of ours closes no more than there is: the rest would open a position."""
        closed = [each for each in self.owned_shares() if each.symbol == order.symbol and order in self.closing(each)]
        return any(order.side is owned.closing_side and order.remaining <= owned.shares for owned in closed)


def blocks(order: BrokerOrder, owned: OwnedShares) -> bool:
    """Whether an order that has yet to go may sell what a stake is about: its shares would be sold twice."""
    return order.symbol == owned.symbol and order.side is owned.closing_side


def _shares(orders: Iterable[BrokerOrder]) -> Decimal:
    return sum((order.remaining for order in orders), ZERO)


def _reduces(order: BrokerOrder, position: Position | None) -> bool:
    """True for an order that can only make a position smaller, the legs of a bracket that has filled included."""
    if position is None or position.quantity == 0:
        return False
    closing = Side.SELL if position.quantity > 0 else Side.BUY
    return order.side is closing and order.remaining <= abs(position.quantity)

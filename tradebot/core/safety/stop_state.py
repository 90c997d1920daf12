"""The account during an emergency stop: which orders have to be cancelled, which positions closed or protected."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from tradebot.core.model.account import Fill, Position
from tradebot.core.model.holdings import FOREIGN, shares_of
from tradebot.core.model.orders import BrokerOrder, Purpose, Side
from tradebot.core.model.ownership import Lots, Ownership, ours_among
from tradebot.core.model.values import ZERO
from tradebot.core.safety.stop_coverage import coverable_shares, waits_for_its_entry


@dataclass(frozen=True, slots=True)
class StopGoal:
    """The goal of an emergency stop."""

    close: bool  # close positions; else they stay open, protected by their stops
    include_foreign: bool = False  # cancel foreign orders and close foreign positions too


@dataclass(frozen=True, slots=True)
class OwnedShares:
    """The shares of a position that have one owner."""

    position: Position
    strategy: str  # the owner: a strategy, or FOREIGN
    shares: Decimal  # never negative

    @property
    def symbol(self) -> str:
        """The position's symbol."""
        return self.position.symbol

    @property
    def key(self) -> tuple[str, bool]:
        """What is the same in every look at these shares."""
        return self.symbol, self.is_foreign

    @property
    def is_foreign(self) -> bool:
        """Whether they are not ours."""
        return self.strategy == FOREIGN

    @property
    def quantity(self) -> Decimal:
        """The shares, negative for a short."""
        return self.shares.copy_sign(self.position.quantity)

    @property
    def closing_side(self) -> Side:
        """The side of an order that closes them."""
        return Side.SELL if self.position.quantity > 0 else Side.BUY

    @property
    def dollars(self) -> Decimal:
        """Their market value, USD, never negative."""
        return self.shares * self.position.market_price


@dataclass(frozen=True, slots=True)
class StopState:
    """The account at one moment."""

    ownership: Ownership
    goal: StopGoal
    orders: tuple[BrokerOrder, ...]  # all live ones
    positions: Mapping[str, Position] | None  # None where they could not be read
    lots: Lots  # open lots, activities included that the ledger has not booked
    fills: tuple[Fill, ...] = ()  # that the ledger has not booked
    market_is_open: bool = True

    # --- orders --------------------------------------------------------------------------------

    def ours(self, order: BrokerOrder) -> bool:
        """Whether we sent an order or its bracket."""
        return self.ownership.is_ours(order, self.orders, self.lots)

    def purpose(self, order: BrokerOrder) -> Purpose | None:
        """The purpose of an order of ours; None for a foreign order and for a leg."""
        decision = self.ownership.decision_of(order)
        return decision.purpose if decision else None

    def must_cancel(self, order: BrokerOrder) -> bool:
        """Whether an order has to be cancelled: it could open or add, or it holds shares that are to be sold."""
        if not self.ours(order) and not self.goal.include_foreign:
            return False
        purpose = self.purpose(order)
        if purpose is Purpose.ENTRY or self.positions is None:
            return purpose is Purpose.ENTRY
        if purpose is Purpose.CLOSE:
            return not self._fits(order)
        return self.goal.close or not _reduces(order, self.positions.get(order.symbol))

    def to_cancel(self) -> tuple[BrokerOrder, ...]:
        """The orders that have to be cancelled."""
        return tuple(order for order in self.orders if self.must_cancel(order))

    def closing(self, owned: OwnedShares) -> tuple[BrokerOrder, ...]:
        """The live closing orders of an emergency stop for an owner's shares."""
        decisions = (
            (order, self.ownership.decision_of(order)) for order in self.orders if order.symbol == owned.symbol
        )
        return tuple(
            order
            for order, decision in decisions
            if decision and decision.purpose is Purpose.CLOSE and (decision.strategy == FOREIGN) == owned.is_foreign
        )

    def covered(self, owned: OwnedShares) -> Decimal:
        """The shares that a stop that surely rests, or a closing order, sells. Waiting legs sell nothing."""
        stops = (
            order.remaining
            for order in self.orders
            if order.symbol == owned.symbol
            and order.side is owned.closing_side
            and order.stop_price is not None
            and order.rests
            and not waits_for_its_entry(order, self.orders, filled_entries=None)
        )
        return min(owned.shares, sum(stops, ZERO) + _shares(self.closing(owned)))

    # --- positions -----------------------------------------------------------------------------

    def owned_shares(self) -> Iterator[OwnedShares]:
        """The positions by owner: our shares, then the foreign rest of each."""
        for position in (self.positions or {}).values():
            lots = ours_among(self.lots.get(position.symbol, ()))
            held = shares_of(lots)
            ours = min(abs(held), abs(position.quantity)) if held * position.quantity > 0 else ZERO
            if ours:
                yield OwnedShares(position, lots[0].strategy, ours)
            if foreign := abs(position.quantity) - ours:
                yield OwnedShares(position, FOREIGN, foreign)

    def is_being_entered(self, owned: OwnedShares) -> bool:
        """Whether an entry of ours in the symbol is still live."""
        return any(order.symbol == owned.symbol and self.purpose(order) is Purpose.ENTRY for order in self.orders)

    def ours_held(self) -> tuple[OwnedShares, ...]:
        """The shares of ours."""
        return tuple(owned for owned in self.owned_shares() if not owned.is_foreign)

    def to_close(self) -> tuple[OwnedShares, ...]:
        """The shares that have to be closed."""
        affected = (owned for owned in self.owned_shares() if self.goal.include_foreign or not owned.is_foreign)
        return tuple(affected) if self.goal.close else ()

    def bare(self) -> tuple[OwnedShares, ...]:
        """The shares of ours that stay open and lack a stop that could cover them."""
        return () if self.goal.close else tuple(s for s in self.ours_held() if self.coverable(s) > 0)

    def coverable(self, owned: OwnedShares) -> Decimal:
        """The shares that a stop could cover and none does."""
        return coverable_shares(owned.shares) - self.covered(owned)

    def unsettled(self, owned: OwnedShares) -> Decimal:
        """The shares of live stops that do not surely rest: they protect nothing, and may sell."""
        stops = (
            order.remaining
            for order in self.orders
            if order.symbol == owned.symbol and order.side is owned.closing_side and order.stop_price is not None
            if not order.rests
        )
        return sum(stops, ZERO)

    # --- the goal ------------------------------------------------------------------------------

    @property
    def is_reached(self) -> bool:
        """Whether the goal is reached."""
        return self.positions is not None and not self.to_cancel() and not self.to_close() and not self.bare()

    @property
    def is_at_rest(self) -> bool:
        """Whether nothing can be done now: the goal is reached, or the closing orders wait for the market to open."""
        return self.is_reached or (
            self.positions is not None
            and not self.market_is_open
            and not self.to_cancel()
            and not self.bare()
            and all(_shares(self.closing(owned)) == owned.shares for owned in self.to_close())
        )

    def _fits(self, order: BrokerOrder) -> bool:
        """Whether a closing order of ours closes no more than is held. The excess would open a position."""
        closed = [each for each in self.owned_shares() if each.symbol == order.symbol and order in self.closing(each)]
        return any(order.side is owned.closing_side and order.remaining <= owned.shares for owned in closed)


def blocks(order: BrokerOrder, owned: OwnedShares) -> bool:
    """Whether an order that is not cancelled yet may sell an owner's shares, which would then be sold twice."""
    return order.symbol == owned.symbol and order.side is owned.closing_side


def _shares(orders: Iterable[BrokerOrder]) -> Decimal:
    return sum((order.remaining for order in orders), ZERO)


def _reduces(order: BrokerOrder, position: Position | None) -> bool:
    """Whether an order can only make a position smaller. The legs of a filled bracket are such orders."""
    if position is None or position.quantity == 0:
        return False
    closing = Side.SELL if position.quantity > 0 else Side.BUY
    return order.side is closing and order.remaining <= abs(position.quantity)

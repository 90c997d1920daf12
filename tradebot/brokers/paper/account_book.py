"""The account during one transaction: cash, positions, orders, and the activities of the transaction.

The book is read from the file at the beginning of a transaction and written back at its end. It keeps the account
consistent: a fill changes cash, position and order together, and a leg of a bracket that fills ends the other. It
decides nothing: its caller decides whether and at what price an order trades.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal

from tradebot.brokers.paper.orders import PaperOrder
from tradebot.core.model.account import (
    ActionKind,
    Activity,
    CashEvent,
    CashKind,
    Fill,
    FillBust,
    Reorganisation,
    SplitEvent,
)
from tradebot.core.model.orders import OrderState, Side
from tradebot.core.model.values import ZERO

AVERAGE_PRICE_STEP = Decimal("0.000001")  # USD


@dataclass(frozen=True, slots=True)
class PaperPosition:
    """The shares of one symbol that the account has."""

    symbol: str
    quantity: Decimal  # negative for a short
    average_price: Decimal  # USD a share to six places; only shown, no rule uses it

    def traded(self, change: Decimal, price: Decimal) -> PaperPosition:
        """The position after ``change`` more shares (fewer when negative) at ``price``."""
        after = self.quantity + change
        if after == 0:
            average = ZERO
        elif self.quantity * change >= 0:
            average = average_of(self.quantity, self.average_price, change, price)
        elif self.quantity * after > 0:
            average = self.average_price
        else:
            average = price
        return replace(self, quantity=after, average_price=average)


@dataclass(frozen=True, slots=True)
class BookingTime:
    """When an activity is booked."""

    at: datetime  # aware UTC
    session: date


class AccountBook:
    """A working copy of the account.

    orders: by number; the live ones, and the entries of live legs.
    touched_orders, touched_symbols, activities: the changes that are written back.
    """

    def __init__(
        self,
        cash: Decimal,
        positions: Iterable[PaperPosition],
        orders: Iterable[PaperOrder],
        next_order: int,
        next_activity: int,
    ) -> None:
        self.cash = cash
        self.positions = {position.symbol: position for position in positions}
        self.orders = {order.number: order for order in orders}
        self.activities: list[Activity] = []
        self.touched_orders: set[int] = set()
        self.touched_symbols: set[str] = set()
        self._next_order = next_order
        self._next_activity = next_activity

    # --- reading -------------------------------------------------------------------------------

    @property
    def is_touched(self) -> bool:
        """Whether there are changes to write back."""
        return bool(self.touched_orders or self.touched_symbols or self.activities)

    def live_orders(self) -> tuple[PaperOrder, ...]:
        """The live orders, oldest first."""
        return tuple(order for order in self.orders.values() if order.live)

    def live_group(self, order: PaperOrder) -> tuple[PaperOrder, ...]:
        """The live orders of the same bracket, ``order`` included if it is live, oldest first."""
        return tuple(other for other in self.live_orders() if other.group == order.group)

    def bracket(self, order: PaperOrder) -> tuple[PaperOrder, ...]:
        """The live orders of the same bracket, and its entry, live or not."""
        return tuple(other for other in self.orders.values() if other.group == order.group)

    def held(self, symbol: str) -> Decimal:
        """The shares held, negative for a short."""
        position = self.positions.get(symbol)
        return position.quantity if position else ZERO

    def available_to_close(self, symbol: str, side: Side, besides: int | None = None) -> Decimal:
        """The shares of the opposite position that an order on ``side`` may close.

        The shares of working orders on that side are subtracted, except those of the group ``besides``.
        """
        return max(-side.sign * self.held(symbol) - self.committed(symbol, side, besides), ZERO)

    def committed(self, symbol: str, side: Side, besides: int | None = None) -> Decimal:
        """The shares of working orders on ``side``, those of one bracket once, without the group ``besides``."""
        shares: dict[int, Decimal] = {}
        for order in self.live_orders():
            if order.symbol == symbol and order.side is side and order.working and order.group != besides:
                shares[order.group] = max(shares.get(order.group, ZERO), order.remaining)
        return sum(shares.values(), ZERO)

    def traded_quantity(self, symbol: str) -> Decimal:
        """The shares of a symbol that were traded in this transaction."""
        fills = (activity for activity in self.activities if isinstance(activity, Fill) and activity.symbol == symbol)
        return sum((fill.quantity for fill in fills), ZERO)

    # --- orders --------------------------------------------------------------------------------

    def add(self, draft: PaperOrder) -> PaperOrder:
        """Add an order under the next number."""
        order = replace(draft, number=self._next_order)
        self._next_order += 1
        return self.update(order)

    def update(self, order: PaperOrder) -> PaperOrder:
        """Store the order's new state."""
        self.orders[order.number] = order
        self.touched_orders.add(order.number)
        return order

    def end(self, order: PaperOrder, state: OrderState, reason: str) -> None:
        """End an order without a fill, and with it the live orders of its bracket."""
        self.update(replace(order, state=state, reason=reason))
        state_of_others = OrderState.CANCELLED if state is OrderState.REJECTED else state
        for other in self.live_group(order):
            self.update(replace(other, state=state_of_others, reason=f"with {order.client_order_id}: {reason}"))

    def fill(self, order: PaperOrder, quantity: Decimal, price: Decimal, fee: Decimal, time: BookingTime) -> PaperOrder:
        """Fill ``quantity`` shares of an order at ``price`` USD a share for a commission of ``fee`` USD."""
        self.cash -= order.side.sign * quantity * price + fee
        self._change_position(order.symbol, order.side.sign * quantity, price)
        filled = order.filled_quantity + quantity
        is_complete = filled == order.quantity
        average = average_of(order.filled_quantity, order.average_fill_price or ZERO, quantity, price)
        order = self.update(
            replace(
                order,
                state=OrderState.FILLED if is_complete else OrderState.PARTIALLY_FILLED,
                filled_quantity=filled,
                average_fill_price=average,
                fees=order.fees + fee,
            )
        )
        self.activities.append(self._as_fill(order, quantity, price, fee, time))
        if order.parent is not None:
            self._reduce_other_leg(order, quantity)
        elif is_complete:
            self._activate_legs(order)
        return order

    # --- cash, splits, ends and busts ----------------------------------------------------------------

    def book_cash(self, kind: CashKind, amount: Decimal, symbol: str | None, note: str, time: BookingTime) -> None:
        """Book cash (USD, negative when it leaves the account) that does not come from a trade."""
        if amount:
            self.cash += amount
            self.activities.append(CashEvent(self._activity_id(), kind, amount, time.at, time.session, symbol, note))

    def book_split(self, symbol: str, ratio: Decimal, quantity_after: Decimal, time: BookingTime) -> None:
        """Multiply a position by ``ratio``; ``quantity_after`` is the result, rounded or not."""
        before = self.positions[symbol]
        average = (before.average_price / ratio).quantize(AVERAGE_PRICE_STEP) if quantity_after else ZERO
        self.positions[symbol] = PaperPosition(symbol, quantity_after, average)
        self.touched_symbols.add(symbol)
        event_id = self._activity_id()
        self.activities.append(
            SplitEvent(event_id, symbol, ratio, before.quantity, quantity_after, time.at, time.session)
        )

    def book_end(self, symbol: str, kind: ActionKind, cash: Decimal, time: BookingTime) -> None:
        """End a position for ``cash`` USD a share, which its caller books."""
        before = self.positions[symbol]
        self.positions[symbol] = PaperPosition(symbol, ZERO, ZERO)
        self.touched_symbols.add(symbol)
        self.activities.append(
            Reorganisation(
                self._activity_id(), kind, symbol, None, ZERO, before.quantity, ZERO, cash, time.at, time.session
            )
        )

    def reverse_fill(self, fill: Fill, position: PaperPosition, time: BookingTime) -> None:
        """Reverse the cash and the shares of a fill; ``position`` is the position without it."""
        self.cash += fill.side.sign * fill.quantity * fill.price + fill.fee
        self.positions[fill.symbol] = position
        self.touched_symbols.add(fill.symbol)
        self.activities.append(FillBust(self._activity_id(), fill.fill_id, time.at, time.session))

    def book_corrected_fill(self, fill: Fill, position: PaperPosition, price: Decimal, time: BookingTime) -> Fill:
        """Book a reversed fill again at ``price`` USD a share; ``position`` is the position with it."""
        corrected = replace(fill, fill_id=self._activity_id(), price=price, at=time.at, session=time.session)
        self.cash -= corrected.side.sign * corrected.quantity * corrected.price + corrected.fee
        self.positions[fill.symbol] = position
        self.activities.append(corrected)
        return corrected

    # --- consistency ---------------------------------------------------------------------------

    def _change_position(self, symbol: str, change: Decimal, price: Decimal) -> None:
        before = self.positions.get(symbol, PaperPosition(symbol, ZERO, ZERO))
        self.positions[symbol] = before.traded(change, price)
        self.touched_symbols.add(symbol)

    def _activate_legs(self, entry: PaperOrder) -> None:
        """Let the legs of a filled entry rest, for no more shares than there are to close."""
        for leg in self.live_group(entry):
            closable = self.available_to_close(leg.symbol, leg.side, besides=leg.group)
            quantity = min(leg.quantity, closable)
            if quantity > 0:
                self.update(replace(leg, waiting=False, quantity=quantity))
            else:
                self.update(replace(leg, state=OrderState.CANCELLED, reason="nothing is left for it to close"))

    def _reduce_other_leg(self, leg: PaperOrder, quantity: Decimal) -> None:
        """Reduce the other leg by the shares that ``leg`` has closed, and cancel it when none are left."""
        for other in self.live_group(leg):
            if other.number == leg.number:
                continue
            if other.remaining > quantity:
                self.update(replace(other, quantity=other.quantity - quantity))
            else:
                reason = f"{leg.client_order_id} filled"
                self.update(replace(other, state=OrderState.CANCELLED, reason=reason))

    def _as_fill(self, order: PaperOrder, quantity: Decimal, price: Decimal, fee: Decimal, time: BookingTime) -> Fill:
        return Fill(
            fill_id=self._activity_id(),
            broker_order_id=order.broker_order_id,
            client_order_id=order.client_order_id,
            symbol=order.symbol,
            side=order.side,
            quantity=quantity,
            price=price,
            fee=fee,
            at=time.at,
            session=time.session,
            parent_client_order_id=None if order.parent is None else self.orders[order.parent].client_order_id,
        )

    def _activity_id(self) -> str:
        identifier = activity_id(self._next_activity)
        self._next_activity += 1
        return identifier


def activity_id(number: int) -> str:
    """The id of an activity: "A-000000001"."""
    return f"A-{number:09d}"


def average_of(quantity: Decimal, average: Decimal, more: Decimal, price: Decimal) -> Decimal:
    """The average price of ``quantity`` shares at ``average`` and ``more`` shares at ``price``, to six places."""
    return ((quantity * average + more * price) / (quantity + more)).quantize(AVERAGE_PRICE_STEP)

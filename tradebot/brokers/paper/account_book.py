"""The account as one operation works on it: cash, positions, orders, and what has happened to them so far.

A book is read from the file at the beginning of an operation and written back at its end, in one transaction. It
keeps the account consistent (a fill moves cash, position and order together; one leg of a bracket ends the other) and
decides nothing: whether and at what price an order trades is settled by its caller.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal

from tradebot.brokers.paper.orders import PaperOrder
from tradebot.core.model.account import Activity, CashEvent, CashKind, Fill, FillBust, SplitEvent
from tradebot.core.model.orders import OrderState, Side
from tradebot.core.model.values import ZERO

AVERAGE_PRICE_STEP = Decimal("0.000001")


@dataclass(frozen=True, slots=True)
class PaperPosition:
    """Shares held, negative for a short. ``average_price`` is USD a share to six places; it decides nothing."""

    symbol: str
    quantity: Decimal
    average_price: Decimal

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
class SessionMoment:
    """When something is booked: an instant (aware UTC) and its session."""

    at: datetime
    session: date


class AccountBook:
    """A working copy of the account.

    ``orders`` are the live ones with the entries that live legs belong to, by number. ``touched_orders``,
    ``touched_symbols`` and ``activities`` are what has to be written back.
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

    # --- looking ---------------------------------------------------------------------------

    @property
    def is_touched(self) -> bool:
        """Whether there is anything to be written back."""
        return bool(self.touched_orders or self.touched_symbols or self.activities)

    def live(self) -> tuple[PaperOrder, ...]:
        """The live orders, oldest first."""
        return tuple(order for order in self.orders.values() if order.live)

    def group(self, order: PaperOrder) -> tuple[PaperOrder, ...]:
        """The live orders that belong to one bracket with ``order``, itself included, oldest first."""
        return tuple(other for other in self.live() if other.group == order.group)

    def bracket(self, order: PaperOrder) -> tuple[PaperOrder, ...]:
        """What is live of one bracket with ``order``, and its entry, live or not."""
        return tuple(other for other in self.orders.values() if other.group == order.group)

    def held(self, symbol: str) -> Decimal:
        """Shares held, negative for a short."""
        position = self.positions.get(symbol)
        return position.quantity if position else ZERO

    def uncommitted(self, symbol: str, side: Side, besides: int | None = None) -> Decimal:
        """Shares of the opposite position that an order on ``side`` may still close.

        Those that resting orders on that side already stand for are taken off, the two legs of one bracket once;
        the group ``besides`` is left out of that.
        """
        committed: dict[int, Decimal] = {}
        for order in self.live():
            if order.symbol == symbol and order.side is side and order.working and order.group != besides:
                committed[order.group] = max(committed.get(order.group, ZERO), order.remaining)
        return max(-side.sign * self.held(symbol) - sum(committed.values(), ZERO), ZERO)

    def traded(self, symbol: str) -> Decimal:
        """Shares of a symbol that this operation has traded."""
        fills = (done for done in self.activities if isinstance(done, Fill) and done.symbol == symbol)
        return sum((fill.quantity for fill in fills), ZERO)

    # --- changing orders ---------------------------------------------------------------------

    def place(self, draft: PaperOrder) -> PaperOrder:
        """Take in an order under the next number."""
        order = replace(draft, number=self._next_order)
        self._next_order += 1
        return self.put(order)

    def put(self, order: PaperOrder) -> PaperOrder:
        """The order as it now is."""
        self.orders[order.number] = order
        self.touched_orders.add(order.number)
        return order

    def end(self, order: PaperOrder, state: OrderState, reason: str) -> None:
        """Bring an order to its end without a fill; the live orders of its bracket end with it."""
        self.put(replace(order, state=state, reason=reason))
        together = OrderState.CANCELLED if state is OrderState.REJECTED else state
        for other in self.group(order):
            self.put(replace(other, state=together, reason=f"with {order.client_order_id}: {reason}"))

    def fill(
        self, order: PaperOrder, quantity: Decimal, price: Decimal, fee: Decimal, moment: SessionMoment
    ) -> PaperOrder:
        """Trade ``quantity`` shares of an order at ``price`` for a commission of ``fee`` USD."""
        self.cash -= order.side.sign * quantity * price + fee
        self._trade(order.symbol, order.side.sign * quantity, price)
        filled = order.filled_quantity + quantity
        done = filled == order.quantity
        average = average_of(order.filled_quantity, order.average_fill_price or ZERO, quantity, price)
        order = self.put(
            replace(
                order,
                state=OrderState.FILLED if done else OrderState.PARTIALLY_FILLED,
                filled_quantity=filled,
                average_fill_price=average,
                fees=order.fees + fee,
            )
        )
        self.activities.append(self._fill_of(order, quantity, price, fee, moment))
        if order.parent is not None:
            self._reduce_siblings(order, quantity)
        elif done:
            self._activate_legs(order)
        return order

    # --- changing the rest of the account ------------------------------------------------------

    def pay(self, kind: CashKind, amount: Decimal, symbol: str | None, note: str, moment: SessionMoment) -> None:
        """Book cash that moves without a trade; negative when it leaves the account."""
        if amount:
            self.cash += amount
            self.activities.append(
                CashEvent(self._activity_id(), kind, amount, moment.at, moment.session, symbol, note)
            )

    def split(self, symbol: str, ratio: Decimal, quantity_after: Decimal, moment: SessionMoment) -> None:
        """Multiply a position by ``ratio``, down to ``quantity_after`` whole shares."""
        before = self.positions[symbol]
        average = (before.average_price / ratio).quantize(AVERAGE_PRICE_STEP) if quantity_after else ZERO
        self.positions[symbol] = PaperPosition(symbol, quantity_after, average)
        self.touched_symbols.add(symbol)
        event_id = self._activity_id()
        self.activities.append(
            SplitEvent(event_id, symbol, ratio, before.quantity, quantity_after, moment.at, moment.session)
        )

    def take_back(self, fill: Fill, position: PaperPosition, moment: SessionMoment) -> None:
        """Undo what a fill did to cash and shares; ``position`` is the one there is without it."""
        self.cash += fill.side.sign * fill.quantity * fill.price + fill.fee
        self.positions[fill.symbol] = position
        self.touched_symbols.add(fill.symbol)
        self.activities.append(FillBust(self._activity_id(), fill.fill_id, moment.at, moment.session))

    def fill_again(self, fill: Fill, position: PaperPosition, price: Decimal, moment: SessionMoment) -> Fill:
        """Do at another price what a fill that was taken back had done; ``position`` is the one there is with it."""
        again = replace(fill, fill_id=self._activity_id(), price=price, at=moment.at, session=moment.session)
        self.cash -= again.side.sign * again.quantity * again.price + again.fee
        self.positions[fill.symbol] = position
        self.activities.append(again)
        return again

    # --- keeping it consistent -----------------------------------------------------------------

    def _trade(self, symbol: str, change: Decimal, price: Decimal) -> None:
        before = self.positions.get(symbol, PaperPosition(symbol, ZERO, ZERO))
        self.positions[symbol] = before.traded(change, price)
        self.touched_symbols.add(symbol)

    def _activate_legs(self, entry: PaperOrder) -> None:
        """The entry has filled: its legs rest from now on, for no more than there is to close."""
        for leg in self.group(entry):
            closable = self.uncommitted(leg.symbol, leg.side, besides=leg.group)
            quantity = min(leg.quantity, closable)
            if quantity > 0:
                self.put(replace(leg, waiting=False, quantity=quantity))
            else:
                self.put(replace(leg, state=OrderState.CANCELLED, reason="nothing is left for it to close"))

    def _reduce_siblings(self, leg: PaperOrder, quantity: Decimal) -> None:
        """One of a pair has closed ``quantity`` shares: the other stands for so many fewer, or ends with none left."""
        for sibling in self.group(leg):
            if sibling.number == leg.number:
                continue
            if sibling.remaining > quantity:
                self.put(replace(sibling, quantity=sibling.quantity - quantity))
            else:
                reason = f"{leg.client_order_id} filled"
                self.put(replace(sibling, state=OrderState.CANCELLED, reason=reason))

    def _fill_of(
        self, order: PaperOrder, quantity: Decimal, price: Decimal, fee: Decimal, moment: SessionMoment
    ) -> Fill:
        return Fill(
            fill_id=self._activity_id(),
            broker_order_id=order.broker_order_id,
            client_order_id=order.client_order_id,
            symbol=order.symbol,
            side=order.side,
            quantity=quantity,
            price=price,
            fee=fee,
            at=moment.at,
            session=moment.session,
            parent_client_order_id=None if order.parent is None else self.orders[order.parent].client_order_id,
        )

    def _activity_id(self) -> str:
        identifier = activity_id(self._next_activity)
        self._next_activity += 1
        return identifier


def activity_id(number: int) -> str:
    return f"A-{number:09d}"


def average_of(quantity: Decimal, average: Decimal, more: Decimal, price: Decimal) -> Decimal:
    """The average price of ``quantity`` shares at ``average`` and ``more`` shares at ``price``, to six places."""
    return ((quantity * average + more * price) / (quantity + more)).quantize(AVERAGE_PRICE_STEP)

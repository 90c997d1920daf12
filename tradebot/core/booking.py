"""What the broker's activities do to the books: lots, round trips, and the holding with its plan for leaving."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from tradebot.core.account import Activity, CashEvent, Fill, SplitEvent
from tradebot.core.exits import entry_prices
from tradebot.core.holdings import FOREIGN, Holding, Lot, Trade
from tradebot.core.limits import Limits
from tradebot.core.orders import Intent, Purpose, Side
from tradebot.core.records import Booking
from tradebot.core.roundtrips import book_fill, book_split
from tradebot.core.signals import ExitPolicy
from tradebot.core.values import ZERO, to_tick


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose fill it is. ``intent`` is the order's own, or its parent's for a bracket's leg; None where there is none.

    ``reason`` says in words why the order was sent. A stop or target needs none: the price tells which of them filled.
    """

    strategy: str
    intent: Intent | None
    purpose: Purpose
    reason: str


NOBODY = Owner(FOREIGN, None, Purpose.ENTRY, "")


def bookings_for(
    activities: Iterable[Activity],
    lots: Iterable[Lot],
    holdings: Iterable[Holding],
    owners: Mapping[str, Owner],
    limits: Limits,
) -> tuple[Booking, ...]:
    """Work out, in order, what each activity does to the books as they are after the one before it.

    ``lots`` are the open lots, oldest first; ``owners`` maps a fill's client_order_id to its owner, and a fill without
    one is foreign. Each booking of a symbol carries all its open lots and its holding afterwards, also when the
    activity was foreign or changed neither. ``limits`` give the plan for leaving where no entry's intent does.
    """
    books = _Books(lots, holdings, owners, limits)
    return tuple(books.book(activity) for activity in activities)


class _Books:
    """Lots and holdings by symbol, taken from one activity to the next."""

    def __init__(
        self, lots: Iterable[Lot], holdings: Iterable[Holding], owners: Mapping[str, Owner], limits: Limits
    ) -> None:
        self.lots: dict[str, tuple[Lot, ...]] = {}
        for lot in lots:
            self.lots[lot.symbol] = (*self.lots.get(lot.symbol, ()), lot)
        self.holdings = {holding.symbol: holding for holding in holdings}
        self.owners = owners
        self.limits = limits

    def book(self, activity: Activity) -> Booking:
        match activity:
            case Fill():
                return self._book_fill(activity)
            case SplitEvent():
                return self._book_split(activity)
            case CashEvent(symbol=str(symbol)):
                return self._booking(activity, self._holder(symbol), symbol)
            case CashEvent():
                return Booking(activity, FOREIGN, None)

    def _book_fill(self, fill: Fill) -> Booking:
        owner = self.owners.get(fill.client_order_id, NOBODY)
        held = self.holdings.get(fill.symbol)
        booked = book_fill(self.lots.get(fill.symbol, ()), fill, owner.strategy, _exit_reason(owner, fill, held))
        self.lots[fill.symbol] = booked.lots
        self._hold(fill.symbol, self._after_fill(fill, owner, held))
        return self._booking(fill, owner.strategy, fill.symbol, booked.trades)

    def _book_split(self, event: SplitEvent) -> Booking:
        strategy = self._holder(event.symbol)
        held = self.holdings.get(event.symbol)
        booked = book_split(self.lots.get(event.symbol, ()), event)
        self.lots[event.symbol] = booked.lots
        own = self._lots_of(strategy, event.symbol)
        self._hold(event.symbol, _after_split(held, own, event.ratio) if held and own else None)
        return self._booking(event, strategy, event.symbol, booked.trades)

    def _after_fill(self, fill: Fill, owner: Owner, held: Holding | None) -> Holding | None:
        """The symbol's holding: of the strategy that has it while it has lots, else of the fill's strategy."""
        own = self._lots_of(held.strategy, fill.symbol) if held else ()
        if held and own and own[0].quantity * held.quantity > 0:
            return _resized(held, own)
        own = () if owner.strategy == FOREIGN else self._lots_of(owner.strategy, fill.symbol)
        return _entered(own, fill, owner, self.limits) if own else None

    def _lots_of(self, strategy: str, symbol: str) -> tuple[Lot, ...]:
        return tuple(lot for lot in self.lots.get(symbol, ()) if lot.strategy == strategy)

    def _holder(self, symbol: str) -> str:
        held = self.holdings.get(symbol)
        return held.strategy if held else FOREIGN

    def _hold(self, symbol: str, holding: Holding | None) -> None:
        if holding is None:
            self.holdings.pop(symbol, None)
        else:
            self.holdings[symbol] = holding

    def _booking(self, activity: Activity, strategy: str, symbol: str, trades: tuple[Trade, ...] = ()) -> Booking:
        return Booking(activity, strategy, symbol, self.lots.get(symbol, ()), trades, self.holdings.get(symbol))


def _entered(own: tuple[Lot, ...], fill: Fill, owner: Owner, limits: Limits) -> Holding:
    """A new holding. Its stop and target are those that the bracket rests at, whatever the fill's own price."""
    intent = owner.intent if owner.purpose is Purpose.ENTRY else None
    policy = (intent.policy if intent else None) or ExitPolicy()
    entry_price = _average_cost(own)
    quantity = _shares(own)
    usual = entry_prices(entry_price, policy, limits, Side.BUY if quantity > 0 else Side.SELL)
    stop_loss = intent.request.stop_loss if intent else None
    return Holding(
        strategy=owner.strategy,
        symbol=fill.symbol,
        quantity=quantity,
        entry_price=entry_price,
        stop_price=usual.stop if stop_loss is None else stop_loss,
        target_price=usual.target if intent is None else intent.request.take_profit,
        high_water=entry_price,
        policy=policy,
        opened_session=fill.session,
    )


def _resized(held: Holding, own: tuple[Lot, ...]) -> Holding:
    entry_price = _average_cost(own)
    best = max if held.side is Side.BUY else min
    high_water = best(held.high_water, entry_price)
    return replace(held, quantity=_shares(own), entry_price=entry_price, high_water=high_water)


def _after_split(held: Holding, own: tuple[Lot, ...], ratio: Decimal) -> Holding:
    """The holding on the new split basis; its prices rounded to the nearest tick, as the orders resting for it are."""
    return replace(
        held,
        quantity=_shares(own),
        entry_price=_average_cost(own),
        stop_price=to_tick(held.stop_price / ratio),
        target_price=None if held.target_price is None else to_tick(held.target_price / ratio),
        high_water=to_tick(held.high_water / ratio),
    )


def _exit_reason(owner: Owner, fill: Fill, held: Holding | None) -> str:
    """Why shares were closed, in words, should the fill close any."""
    if owner.strategy == FOREIGN:
        return "closed outside tradebot"
    if owner.purpose not in (Purpose.STOP, Purpose.TARGET):
        return owner.reason or owner.purpose.value
    target = held.target_price if held else None
    reached = target is not None and (fill.price - target) * fill.side.opposite.sign >= 0
    return "target" if reached else "stop"


def _shares(lots: tuple[Lot, ...]) -> Decimal:
    return sum((lot.quantity for lot in lots), ZERO)


def _average_cost(lots: tuple[Lot, ...]) -> Decimal:
    return sum((lot.quantity * lot.price for lot in lots), ZERO) / _shares(lots)

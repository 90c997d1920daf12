"""Stop coverage: the holdings whose stops at the broker are missing or wrong, and the dollars without a stop."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from tradebot.core.model.account import Position, Quote
from tradebot.core.model.holdings import Holding
from tradebot.core.model.orders import BrokerOrder, OrderState, OrderType, Purpose, TimeInForce
from tradebot.core.model.ownership import Ownership
from tradebot.core.model.values import ZERO, whole_shares


class GapKind(StrEnum):
    """What is wrong with the stop of a holding."""

    MISSING = "missing"
    TOO_SMALL = "too_small"  # covers too few shares
    TOO_LARGE = "too_large"  # covers more than the whole position, and could turn it round
    WRONG_PRICE = "wrong_price"  # worse than the holding's stop price
    LAPSING = "lapsing"  # the broker is about to end it
    FRACTION = "fraction"  # a part of a share is not covered
    UNFOLLOWED = "unfollowed"  # the shares stand under a symbol that nothing connects with the holding

    @property
    def text(self) -> str:
        """The fault, for people, after "the stop is"."""
        return _TEXTS.get(self, self.replace("_", " "))

    @property
    def can_be_closed(self) -> bool:
        """Whether a new stop can close the gap.

        No order that outlives its day covers a part of a share. Shares that may not be ours are a case of their own.
        """
        return self not in (GapKind.FRACTION, GapKind.UNFOLLOWED)


_TEXTS = {
    GapKind.WRONG_PRICE: "at a worse price",
    GapKind.LAPSING: "about to be ended by the broker",
    GapKind.FRACTION: "over whole shares only, for it can cover no part of one",
    GapKind.UNFOLLOWED: "not there, for nothing tells that these shares are its own",
}


@dataclass(frozen=True, slots=True)
class Gap:
    """A holding whose stop at the broker is not right."""

    kind: GapKind
    strategy: str
    symbol: str
    held: Decimal  # shares of the holding that the broker shows, negative for a short
    protected: Decimal  # shares of them that a stop covers, negative for a short
    stop_price: Decimal  # the holding's
    dollars: Decimal  # USD market value of the shares without a stop
    stop_order_ids: tuple[str, ...] = ()  # broker ids of all live stops on the closing side, of unknown state too
    held_as: str = ""  # the holding's symbol, of shares that are probably its own under another


#: States in which a stop can rest. In an unknown state it only may; ``BrokerOrder.rests`` tells the others apart.
_RESTING = frozenset({OrderState.ACCEPTED, OrderState.PARTIALLY_FILLED})
_STOPS = frozenset({OrderType.STOP, OrderType.STOP_LIMIT, OrderType.TRAILING_STOP})


def coverable_shares(shares: Decimal) -> Decimal:
    """The shares that a stop can cover beyond its day: the whole ones; negative for a short."""
    return whole_shares(abs(shares)).copy_sign(shares)


def waits_for_its_entry(
    order: BrokerOrder, open_orders: Iterable[BrokerOrder], filled_entries: Collection[str] | None
) -> bool:
    """Whether a live order is a held leg that sells nothing yet.

    A held stop works once its entry has filled whole and its twin, the other leg of that entry, is live and not held:
    the broker then holds the stop only because both share their quantity. ``filled_entries`` are the broker ids of the
    entries that have filled whole; None where nobody can tell, and then an entry that is not live counts. The limit
    order of an exit pair (OCO) is the twin of its stop.
    """
    if not order.held:
        return False
    group = {other.broker_order_id: other for other in open_orders if _is_twin_or_parent(other, order)}
    parent = group.pop(order.parent_id or "", None)
    if parent is not None:
        is_pair = parent.role is Purpose.TARGET and parent.side is order.side
        return not (is_pair and _works(parent))
    has_filled = filled_entries is None or order.parent_id in filled_entries
    return not (has_filled and any(_works(twin) for twin in group.values()))


def find_gaps(
    holdings: Iterable[Holding],
    positions: Iterable[Position],
    open_orders: Collection[BrokerOrder],
    quotes: Mapping[str, Quote],
    ended_by: datetime | None = None,
    *,
    filled_entries: Collection[str] = (),
    gtc_age: timedelta | None = None,
) -> tuple[Gap, ...]:
    """The holdings that are not protected as they should be.

    A holding is protected by stop, stop-limit or trailing orders on the closing side that cover the shares that the
    broker shows of it, at the holding's stop price or a better one. Legs that wait for their entry protect nothing.
    Shares that the broker does not show need no stop; reconciliation reports them. With ``ended_by``, a stop that the
    broker ends by then is a gap too: every DAY stop, and a GTC stop that expires earlier, by itself or by ``gtc_age``
    where it does not tell. ``filled_entries`` are the broker ids of the entries that have filled whole.
    """
    at_broker = {position.symbol: position for position in positions}
    stops = _Stops(open_orders, filled_entries, ended_by, gtc_age)
    found = []
    for holding in holdings:
        position = at_broker.get(holding.symbol)
        if position is not None and holding.shares_in(position) > 0:
            quote = quotes.get(holding.symbol)
            last = quote.last if quote else position.market_price
            found.append(_gap(holding, position, stops, last))
    return tuple(gap for gap in found if gap is not None)


def resting_stops(
    holdings: Iterable[Holding], open_orders: Collection[BrokerOrder], *, filled_entries: Collection[str] = ()
) -> dict[str, tuple[BrokerOrder, ...]]:
    """The stops that surely rest on the closing side of each holding, by symbol. Their price is known."""
    stops = _Stops(open_orders, filled_entries)
    return {
        holding.symbol: tuple(order for order in stops.of(holding) if stops.rests(order) and order.stop_price)
        for holding in holdings
    }


def resting_targets(
    holdings: Iterable[Holding], open_orders: Iterable[BrokerOrder]
) -> dict[str, tuple[BrokerOrder, ...]]:
    """The targets that surely rest on the closing side of each holding, by symbol."""
    targets = [order for order in open_orders if order.role is Purpose.TARGET and _works(order)]
    return {
        holding.symbol: tuple(
            order for order in targets if order.symbol == holding.symbol and order.side is holding.side.opposite
        )
        for holding in holdings
    }


def closing_shares(ownership: Ownership, open_orders: Iterable[BrokerOrder]) -> dict[str, Decimal]:
    """The shares by symbol that our live orders at the market still close: of an exit, or of an emergency stop."""
    found: dict[str, Decimal] = {}
    for order in open_orders:
        decision = ownership.decision_of(order)
        at_market = order.type is OrderType.MARKET and order.state in _RESTING
        if at_market and decision is not None and decision.purpose in (Purpose.EXIT, Purpose.CLOSE):
            found[order.symbol] = found.get(order.symbol, ZERO) + order.remaining
    return found


def unprotected_dollars(gaps: Iterable[Gap]) -> Decimal:
    """The market value of all shares without a stop, USD."""
    return sum((gap.dollars for gap in gaps), ZERO)


class _Stops:
    """The live stop orders by symbol. ``ended_by`` and ``gtc_age`` as in ``find_gaps``."""

    def __init__(
        self,
        open_orders: Collection[BrokerOrder],
        filled_entries: Collection[str],
        ended_by: datetime | None = None,
        gtc_age: timedelta | None = None,
    ) -> None:
        self._ended_by, self._gtc_age = ended_by, gtc_age
        live = [order for order in open_orders if order.state.live]
        self._live = live
        self._filled_entries = filled_entries
        self._ids = {order.broker_order_id for order in live}
        self._by_symbol: dict[str, list[BrokerOrder]] = {}
        for order in live:
            if order.type in _STOPS:
                self._by_symbol.setdefault(order.symbol, []).append(order)

    def of(self, holding: Holding) -> list[BrokerOrder]:
        orders = self._by_symbol.get(holding.symbol, ())
        return [order for order in orders if order.side is holding.side.opposite]

    def rests(self, order: BrokerOrder) -> bool:
        """Whether an order surely rests and would sell now."""
        surely = order.state in _RESTING and order.rests
        return surely and not waits_for_its_entry(order, self._live, self._filled_entries)

    def outlives(self, order: BrokerOrder) -> bool:
        """Whether the broker ends an order later than the moment in question, if there is one."""
        if self._ended_by is None:
            return True
        by_age = None if self._gtc_age is None else order.submitted_at + self._gtc_age
        end = order.expires_at or by_age
        return order.time_in_force is TimeInForce.GTC and (end is None or end > self._ended_by)

    def is_leg_of_live_entry(self, order: BrokerOrder) -> bool:
        """Whether an order is a leg whose entry still fills. It sells what was bought and no more."""
        return order.parent_id in self._ids


def _gap(holding: Holding, position: Position, stops: _Stops, last: Decimal) -> Gap | None:
    held = holding.shares_in(position)
    wanted = coverable_shares(held)
    on_closing_side = stops.of(holding)
    resting = [order for order in on_closing_side if stops.rests(order)]
    covered = _shares(resting)
    good = [order for order in resting if _is_good(order, holding)]
    if covered == 0 and wanted:
        kind = GapKind.MISSING
    elif covered < wanted:
        kind = GapKind.TOO_SMALL
    elif _shares(good) < wanted:
        kind = GapKind.WRONG_PRICE
    elif _shares(order for order in resting if not stops.is_leg_of_live_entry(order)) > abs(position.quantity):
        kind = GapKind.TOO_LARGE
    elif _shares(order for order in good if stops.outlives(order)) < wanted:
        kind = GapKind.LAPSING
    elif covered < held:
        kind = GapKind.FRACTION
    else:
        return None
    protected = min(covered, held)
    return Gap(
        kind=kind,
        strategy=holding.strategy,
        symbol=holding.symbol,
        held=held.copy_sign(holding.quantity),
        protected=protected.copy_sign(holding.quantity),
        stop_price=holding.stop_price,
        dollars=(held - protected) * last,
        stop_order_ids=tuple(order.broker_order_id for order in on_closing_side),
    )


def _is_twin_or_parent(other: BrokerOrder, leg: BrokerOrder) -> bool:
    is_twin = other.parent_id == leg.parent_id and other.broker_order_id != leg.broker_order_id
    return other.state.live and leg.parent_id is not None and (is_twin or other.broker_order_id == leg.parent_id)


def _works(order: BrokerOrder) -> bool:
    return order.state in _RESTING and order.rests and not order.held


def _shares(orders: Iterable[BrokerOrder]) -> Decimal:
    return sum((order.remaining for order in orders), ZERO)


def _is_good(order: BrokerOrder, holding: Holding) -> bool:
    """Whether a stop is at the holding's stop price or a better one."""
    return order.stop_price is not None and (order.stop_price - holding.stop_price) * holding.side.sign >= 0

"""Orders: what we ask for, what we wrote down (the intent), and what the broker shows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from tradebot.core.model.signals import ExitPolicy


class Side(StrEnum):
    BUY = "buy"
    SELL = "sell"

    @property
    def opposite(self) -> Side:
        return Side.SELL if self is Side.BUY else Side.BUY

    @property
    def sign(self) -> int:
        """+1 for a buy, -1 for a sell."""
        return 1 if self is Side.BUY else -1


class OrderType(StrEnum):
    MARKET = "market"
    LIMIT = "limit"
    STOP = "stop"
    STOP_LIMIT = "stop_limit"
    TRAILING_STOP = "trailing_stop"  # read and never sent: the jobs raise a stop by replacing it
    OTHER = "other"  # a kind at the broker that this version does not know, and never sends


class TimeInForce(StrEnum):
    DAY = "day"
    GTC = "gtc"
    OPG = "opg"  # only in the opening auction; read and never sent
    CLS = "cls"  # only in the closing auction; read and never sent
    OTHER = "other"  # one at the broker that this version does not know, and never sends


class OrderClass(StrEnum):
    """Which orders a request makes, and how they hang together."""

    SIMPLE = "simple"
    BRACKET = "bracket"  # an entry with a stop and a target
    OTO = "oto"  # an entry with a stop


class Purpose(StrEnum):
    """Why an order is sent; part of its client_order_id."""

    ENTRY = "entry"
    EXIT = "exit"  # a closing order decided by a rule: signal, time, stop found missing too late
    STOP = "stop"  # a protective stop that rests at the broker
    TARGET = "target"
    CLOSE = "close"  # a closing order of the emergency stop

    @property
    def reduces(self) -> bool:
        """True when the order can only make a position smaller."""
        return self is not Purpose.ENTRY


class OrderState(StrEnum):
    """Where an order stands. ``LEGAL_MOVES`` says which way it may go from here."""

    PLANNED = "planned"
    ABANDONED = "abandoned"
    SUBMITTING = "submitting"
    ACCEPTED = "accepted"
    PARTIALLY_FILLED = "partially_filled"
    FILLED = "filled"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    REJECTED = "rejected"
    REPLACED = "replaced"
    UNKNOWN = "unknown"

    @property
    def terminal(self) -> bool:
        return self in TERMINAL

    @property
    def live(self) -> bool:
        """True while the order may still fill, as far as we know."""
        return self in LIVE

    @property
    def in_doubt(self) -> bool:
        """True when the order was sent and its outcome is unknown: the broker may have it or not."""
        return self in (OrderState.SUBMITTING, OrderState.UNKNOWN)


TERMINAL = frozenset(
    {
        OrderState.ABANDONED,
        OrderState.FILLED,
        OrderState.CANCELLED,
        OrderState.EXPIRED,
        OrderState.REJECTED,
        OrderState.REPLACED,
    }
)
LIVE = frozenset({OrderState.SUBMITTING, OrderState.ACCEPTED, OrderState.PARTIALLY_FILLED, OrderState.UNKNOWN})

_AT_THE_BROKER = frozenset(
    {
        OrderState.ACCEPTED,
        OrderState.PARTIALLY_FILLED,
        OrderState.FILLED,
        OrderState.CANCELLED,
        OrderState.EXPIRED,
        OrderState.REJECTED,
        OrderState.REPLACED,
    }
)
#: Submitting and unknown go back to planned when the broker is shown to have no such order: it is only a plan again.
#: A filled, cancelled, expired or replaced order stays so; late fills add rows to the fills table, not states, save
#: that one that ended without a fill becomes filled when found so, and a filled one cancelled when a fill is busted, or
#: unknown where the broker does not say then what became of it.
#: One given up as never having arrived may turn up.
LEGAL_MOVES: dict[OrderState, frozenset[OrderState]] = {
    OrderState.PLANNED: _AT_THE_BROKER | {OrderState.SUBMITTING, OrderState.ABANDONED},
    OrderState.SUBMITTING: _AT_THE_BROKER | {OrderState.UNKNOWN, OrderState.PLANNED, OrderState.ABANDONED},
    OrderState.UNKNOWN: _AT_THE_BROKER | {OrderState.PLANNED, OrderState.ABANDONED},
    OrderState.ACCEPTED: _AT_THE_BROKER | {OrderState.UNKNOWN},
    OrderState.PARTIALLY_FILLED: (_AT_THE_BROKER - {OrderState.ACCEPTED, OrderState.REJECTED}) | {OrderState.UNKNOWN},
    OrderState.CANCELLED: frozenset({OrderState.FILLED}),
    OrderState.EXPIRED: frozenset({OrderState.FILLED}),
    OrderState.REPLACED: frozenset({OrderState.FILLED}),
    OrderState.FILLED: frozenset({OrderState.CANCELLED, OrderState.UNKNOWN}),
    OrderState.REJECTED: frozenset(),
    OrderState.ABANDONED: _AT_THE_BROKER,
}


def may_move(before: OrderState, after: OrderState) -> bool:
    """Whether an order may go from ``before`` to ``after``; staying where it is, is always legal."""
    return before is after or after in LEGAL_MOVES[before]


@dataclass(frozen=True, slots=True)
class OrderRequest:
    """An order as it leaves for the broker.

    ``take_profit`` (a limit price) and ``stop_loss`` (a stop price) make it a bracket: closing legs that the
    broker activates on the fill and of which one cancels the other. A bracket may lack the target, never the stop.
    """

    client_order_id: str
    symbol: str
    side: Side
    quantity: Decimal
    type: OrderType
    time_in_force: TimeInForce
    limit_price: Decimal | None = None
    stop_price: Decimal | None = None
    take_profit: Decimal | None = None
    stop_loss: Decimal | None = None

    @property
    def order_class(self) -> OrderClass:
        if self.take_profit is not None:
            return OrderClass.BRACKET
        return OrderClass.SIMPLE if self.stop_loss is None else OrderClass.OTO


@dataclass(frozen=True, slots=True)
class BrokerOrder:
    """An order as the broker shows it. ``role`` tells a bracket's legs apart; legs name their parent by both its
    ids.

    ``state`` is never PLANNED, SUBMITTING or ABANDONED. A status this version does not know is UNKNOWN.
    ``held`` legs wait for their parent's fill, or share their quantity with a sibling leg; they count as live.
    The limit order of an exit pair (OCO) has the role TARGET and the stop beside it for its leg. ``notional`` is the
    USD that an order trades for; its ``quantity`` is 0 until it is filled. The ``stop_price`` of a trailing stop is
    where it stands now. Such orders are read and never sent.
    ``expires_at`` is when the broker will end the order by itself, where it says so beforehand.
    """

    broker_order_id: str
    client_order_id: str
    symbol: str
    side: Side
    quantity: Decimal
    filled_quantity: Decimal
    type: OrderType
    time_in_force: TimeInForce
    state: OrderState
    submitted_at: datetime
    limit_price: Decimal | None = None
    stop_price: Decimal | None = None
    average_fill_price: Decimal | None = None
    parent_id: str | None = None
    parent_client_order_id: str | None = None
    role: Purpose = Purpose.ENTRY
    held: bool = False
    legs: tuple[BrokerOrder, ...] = ()
    reason: str = ""
    notional: Decimal | None = None
    expires_at: datetime | None = None

    @property
    def remaining(self) -> Decimal:
        return self.quantity - self.filled_quantity

    def shares_at(self, price: Decimal) -> Decimal:
        """The shares that are yet to trade; of an amount of USD, those that it comes to at a price above 0."""
        return self.notional / price if self.notional is not None and not self.quantity else self.remaining


@dataclass(frozen=True, slots=True)
class Intent:
    """An order we have decided on and written down before it is sent.

    ``planned_price`` is the USD price the decision saw; ``reason`` says in words why. ``session`` is the exchange day
    (New York) of the decision. Prices are USD a share. ``policy`` is how the position of an entry is to be left.
    """

    request: OrderRequest
    account_key: str
    session: date
    strategy: str
    purpose: Purpose
    attempt: int
    planned_price: Decimal
    reason: str
    state: OrderState = OrderState.PLANNED
    broker_order_id: str | None = None
    filled_quantity: Decimal = Decimal(0)
    average_fill_price: Decimal | None = None
    note: str = ""
    policy: ExitPolicy | None = None
    sends: int = 0  # how often it has left for the broker

    @property
    def remaining(self) -> Decimal:
        return self.request.quantity - self.filled_quantity

    @property
    def client_order_id(self) -> str:
        return self.request.client_order_id

    @property
    def symbol(self) -> str:
        return self.request.symbol


def is_plausible_state(order: BrokerOrder, intent: Intent) -> bool:
    """Whether the order of an intent can stand where the broker shows it: one that has filled in part was accepted, and
    is neither that alone nor rejected any more.
    """
    went_back = intent.filled_quantity > 0 and order.state in (OrderState.ACCEPTED, OrderState.REJECTED)
    return may_move(intent.state, order.state) and not went_back

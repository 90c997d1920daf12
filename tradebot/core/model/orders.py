"""Orders: requests to a broker, intents that the ledger stores, and orders as the broker shows them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from tradebot.core.model.exits import ExitKind
from tradebot.core.model.signals import ExitPolicy
from tradebot.core.model.values import canonical, dollars


class Side(StrEnum):
    """Side of an order, and of the order that opened a position: BUY for a long."""

    BUY = "buy"
    SELL = "sell"

    @property
    def opposite(self) -> Side:
        """The other side."""
        return Side.SELL if self is Side.BUY else Side.BUY

    @property
    def sign(self) -> int:
        """+1 for a buy, -1 for a sell."""
        return 1 if self is Side.BUY else -1


class OrderType(StrEnum):
    """The type of an order."""

    MARKET = "market"
    LIMIT = "limit"
    STOP = "stop"
    STOP_LIMIT = "stop_limit"
    TRAILING_STOP = "trailing_stop"  # read, never sent: jobs raise a stop by replacing it
    OTHER = "other"  # a type that this version does not know; read, never sent


class TimeInForce(StrEnum):
    """How long an order stays live."""

    DAY = "day"  # until the session's close
    GTC = "gtc"  # until it is cancelled
    OPG = "opg"  # opening auction only; read, never sent
    CLS = "cls"  # closing auction only; read, never sent
    OTHER = "other"  # one that this version does not know; read, never sent


class OrderClass(StrEnum):
    """How the orders of one request depend on each other."""

    SIMPLE = "simple"
    BRACKET = "bracket"  # an entry with a stop and a target
    OTO = "oto"  # an entry with a stop


class Purpose(StrEnum):
    """Why an order is sent; part of its client_order_id."""

    ENTRY = "entry"
    EXIT = "exit"  # closes by an exit rule: signal, age, or a price already beyond the stop
    STOP = "stop"  # protective stop that rests at the broker
    TARGET = "target"  # take-profit limit order that rests at the broker
    CLOSE = "close"  # closes for an emergency stop

    @property
    def reduces(self) -> bool:
        """Whether the order can only make a position smaller."""
        return self is not Purpose.ENTRY


class OrderState(StrEnum):
    """The state of an order. ``LEGAL_MOVES`` holds the transitions."""

    PLANNED = "planned"  # stored, not at the broker
    ABANDONED = "abandoned"  # given up: it never reached the broker
    SUBMITTING = "submitting"  # being sent, no answer seen
    ACCEPTED = "accepted"  # live at the broker, no fill yet
    PARTIALLY_FILLED = "partially_filled"
    FILLED = "filled"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    REJECTED = "rejected"
    REPLACED = "replaced"
    UNKNOWN = "unknown"  # sent, and the broker has given no clear state

    @property
    def terminal(self) -> bool:
        """Whether the state is final, as far as we know."""
        return self in TERMINAL

    @property
    def live(self) -> bool:
        """Whether the order may still fill, as far as we know."""
        return self in LIVE

    @property
    def in_doubt(self) -> bool:
        """Whether the outcome of sending is unknown: the broker may have the order or not."""
        return self in (OrderState.SUBMITTING, OrderState.UNKNOWN)


#: The reason of an order that rebuild recovered. Its planned price is made up from what the broker shows.
RECOVERED = "recovered by rebuild: why it was sent is not known"

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
#: The states that may follow each state. Terminal states are final, with three exceptions:
#: (1) CANCELLED, EXPIRED or REPLACED becomes FILLED when the broker later shows the order as filled;
#: (2) FILLED becomes CANCELLED when its fill is busted, or UNKNOWN if the broker gives no state then;
#: (3) ABANDONED becomes any broker state when an order that we gave up on appears.
#: SUBMITTING and UNKNOWN become PLANNED again when the broker has no such order.
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
    """Whether a state may follow another, or itself."""
    return before is after or after in LEGAL_MOVES[before]


@dataclass(frozen=True, slots=True)
class OrderRequest:
    """An order as it is sent. Prices are USD a share.

    ``stop_loss`` makes it a bracket, with or without ``take_profit``: the broker activates the closing legs when the
    entry fills, and the fill of one leg cancels the other. A broker that takes no legs is sent the request without
    them (``Capabilities.sent``); jobs place the stop and watch for the target then.
    """

    client_order_id: str
    symbol: str
    side: Side
    quantity: Decimal
    type: OrderType
    time_in_force: TimeInForce
    limit_price: Decimal | None = None
    stop_price: Decimal | None = None
    take_profit: Decimal | None = None  # limit price of the closing leg
    stop_loss: Decimal | None = None  # stop price of the closing leg

    @property
    def order_class(self) -> OrderClass:
        """BRACKET, OTO or SIMPLE, by the closing legs."""
        if self.take_profit is not None:
            return OrderClass.BRACKET
        return OrderClass.SIMPLE if self.stop_loss is None else OrderClass.OTO


@dataclass(frozen=True, slots=True)
class BrokerOrder:
    """An order as the broker shows it. Prices are USD a share.

    Exit pairs (OCO) and orders for a ``notional`` are read, never sent. The limit order of an exit pair has the role
    TARGET and its stop as a leg.
    """

    broker_order_id: str
    client_order_id: str
    symbol: str
    side: Side
    quantity: Decimal  # 0 for a notional that has not filled
    filled_quantity: Decimal
    type: OrderType
    time_in_force: TimeInForce
    state: OrderState  # a broker state: UNKNOWN for a status that this version does not know
    submitted_at: datetime
    limit_price: Decimal | None = None
    stop_price: Decimal | None = None  # of a trailing stop: the present one
    average_fill_price: Decimal | None = None
    parent_id: str | None = None  # broker_order_id of a leg's parent
    parent_client_order_id: str | None = None
    role: Purpose = Purpose.ENTRY  # tells the legs of a bracket apart
    held: bool = False  # a leg that waits for its parent's fill, or shares its quantity with its sibling; it is live
    legs: tuple[BrokerOrder, ...] = ()
    reason: str = ""  # the broker's, for a rejection or an unknown status
    notional: Decimal | None = None  # USD that the order trades for
    expires_at: datetime | None = None  # when the broker will end it, where it says so
    rests: bool = True  # False: live, and its state is none in which it surely works: just taken, about to end, or new

    @property
    def remaining(self) -> Decimal:
        """Shares that have not filled."""
        return self.quantity - self.filled_quantity

    @property
    def text(self) -> str:
        """The order for people: "sell 100 BAC stop 30 (its id)"."""
        prices = (("limit", self.limit_price), ("stop", self.stop_price))
        priced = "".join(f" {name} {canonical(price)}" for name, price in prices if price is not None)
        of = canonical(self.remaining) if self.quantity or self.notional is None else dollars(self.notional)
        return f"{self.side} {of} {self.symbol}{priced} ({self.client_order_id or self.broker_order_id})"

    def shares_at(self, price: Decimal) -> Decimal:
        """Shares that have not filled; for a notional, the shares that it buys at ``price``, which is above 0."""
        return self.notional / price if self.notional is not None and not self.quantity else self.remaining


@dataclass(frozen=True, slots=True)
class Intent:
    """An order that was decided and is stored before it is sent. Prices are USD a share."""

    request: OrderRequest
    account_key: str
    session: date  # of the decision
    strategy: str
    purpose: Purpose
    attempt: int
    planned_price: Decimal  # price at the decision
    reason: str
    state: OrderState = OrderState.PLANNED
    broker_order_id: str | None = None
    filled_quantity: Decimal = Decimal(0)
    average_fill_price: Decimal | None = None
    note: str = ""  # why it is in its state
    policy: ExitPolicy | None = None  # exit policy of the position; entries only
    sends: int = 0  # submissions so far
    exit_kind: ExitKind | None = None  # of an exit or a close

    @property
    def remaining(self) -> Decimal:
        """Shares that have not filled."""
        return self.request.quantity - self.filled_quantity

    @property
    def most_paid(self) -> Decimal:
        """The price that an entry is counted with, USD a share: its limit, where it has one."""
        return self.request.limit_price or self.planned_price

    @property
    def client_order_id(self) -> str:
        """The id that it is sent under."""
        return self.request.client_order_id

    @property
    def symbol(self) -> str:
        """The symbol of its request."""
        return self.request.symbol


def is_plausible_state(order: BrokerOrder, intent: Intent) -> bool:
    """Whether the broker's state of an intent's order can be true.

    It has to be a legal move, and an order that has filled in part is neither merely accepted nor rejected.
    """
    loses_fills = intent.filled_quantity > 0 and order.state in (OrderState.ACCEPTED, OrderState.REJECTED)
    return may_move(intent.state, order.state) and not loses_fills

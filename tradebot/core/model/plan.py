"""Input and output of planning: the situation, the plan, and denials with their codes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from tradebot.core.model.account import AccountSnapshot, Asset, Position, Quote
from tradebot.core.model.capabilities import Capabilities
from tradebot.core.model.halts import Halt, HaltLevel
from tradebot.core.model.holdings import Holding
from tradebot.core.model.limits import Counters, Limits, LimitUsed
from tradebot.core.model.orders import BrokerOrder, Intent, Purpose
from tradebot.core.model.ownership import Ownership
from tradebot.core.model.repetition import EntryKey, Repetition
from tradebot.core.model.signals import Signal


class DenialCode(StrEnum):
    """Why an order was not planned or sent. Stable: stored, counted, documented in docs/configuration.md."""

    HALTED = "HALTED"
    PREFLIGHT = "PREFLIGHT"
    MARKET_CLOSED = "MARKET_CLOSED"
    CASH_UNEXPLAINED = "CASH_UNEXPLAINED"
    SYMBOL_LOCKED = "SYMBOL_LOCKED"
    SYMBOL_NOT_ALLOWED = "SYMBOL_NOT_ALLOWED"
    SYMBOL_OWNED = "SYMBOL_OWNED"
    ALREADY_HELD = "ALREADY_HELD"
    ORDER_PENDING = "ORDER_PENDING"
    ALREADY_DECIDED = "ALREADY_DECIDED"
    NOT_TRADABLE = "NOT_TRADABLE"
    NO_PRICE = "NO_PRICE"
    INVALID_STOP = "INVALID_STOP"
    INVALID_TARGET = "INVALID_TARGET"
    STALE_SIGNAL = "STALE_SIGNAL"
    PRICE_COLLAR = "PRICE_COLLAR"
    REPEAT_ORDER_LIMIT = "REPEAT_ORDER_LIMIT"
    ACCOUNT_BLOCKED = "ACCOUNT_BLOCKED"
    MAX_POSITIONS = "MAX_POSITIONS"
    MAX_POSITION_SIZE = "MAX_POSITION_SIZE"
    MAX_PORTFOLIO_RISK = "MAX_PORTFOLIO_RISK"
    MAX_GROSS_EXPOSURE = "MAX_GROSS_EXPOSURE"
    MAX_DAILY_TRADES = "MAX_DAILY_TRADES"
    MAX_ORDERS_PER_MINUTE = "MAX_ORDERS_PER_MINUTE"
    MAX_ORDERS_PER_SESSION = "MAX_ORDERS_PER_SESSION"
    MAX_ORDER_VALUE = "MAX_ORDER_VALUE"
    MAX_ORDER_ADV = "MAX_ORDER_ADV"
    MIN_ORDER_VALUE = "MIN_ORDER_VALUE"
    BUYING_POWER = "BUYING_POWER"
    DAILY_LOSS = "DAILY_LOSS"
    DRAWDOWN = "DRAWDOWN"
    ZERO_QUANTITY = "ZERO_QUANTITY"
    NOTHING_TO_SELL = "NOTHING_TO_SELL"
    REFUSED_BY_BROKER = "REFUSED_BY_BROKER"


@dataclass(frozen=True, slots=True)
class Denial:
    """A decision not to trade, with the numbers compared."""

    code: DenialCode
    strategy: str
    symbol: str
    purpose: Purpose
    message: str
    value: Decimal | None = None  # the figure that broke the limit
    limit: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Situation:
    """Everything that a plan depends on, read at one moment."""

    ownership: Ownership
    now: datetime
    today: date  # the exchange session
    session_open: bool  # whether orders may be sent now
    halt: HaltLevel  # the account's level
    account: AccountSnapshot
    positions: tuple[Position, ...]  # the broker's, foreign ones included
    holdings: tuple[Holding, ...]  # the ledger's
    open_orders: tuple[BrokerOrder, ...]
    unsettled: tuple[Intent, ...]  # whose outcome is not final
    quotes: Mapping[str, Quote]
    assets: Mapping[str, Asset]
    signals: tuple[Signal, ...]
    limits: Limits
    counters: Counters
    capabilities: Capabilities
    expected_as_of: date | None  # session whose bar a fresh signal is based on
    locked: Mapping[str, str] = field(default_factory=dict)  # symbol without entries: why
    decided: frozenset[str] = frozenset()  # client_order_ids that the session has stored
    halts: tuple[Halt, ...] = ()  # all that hold, of a strategy or symbol too
    average_volume: Mapping[str, Decimal] = field(default_factory=dict)  # shares a session, on today's split basis
    sessions_run: Mapping[str, int] = field(default_factory=dict)  # by strategy: sessions before today as it is now
    repetitions: Mapping[EntryKey, Repetition] = field(default_factory=dict)
    objections: tuple[str, ...] = ()  # failed checks that allow no entry today

    @property
    def account_key(self) -> str:
        """The pinned account."""
        return self.ownership.account_key


@dataclass(frozen=True, slots=True)
class Plan:
    """The orders to send now, exits first, and the denials of all others."""

    exits: tuple[Intent, ...] = ()
    entries: tuple[Intent, ...] = ()
    denials: tuple[Denial, ...] = ()
    limits_used: tuple[LimitUsed, ...] = ()  # by the largest of the entries

    @property
    def intents(self) -> tuple[Intent, ...]:
        """All orders, in the order in which they are sent."""
        return self.exits + self.entries

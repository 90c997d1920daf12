"""The values that planning takes in and gives out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from tradebot.core.model.account import AccountSnapshot, Asset, Position, Quote
from tradebot.core.model.halts import Halt, HaltLevel
from tradebot.core.model.holdings import Holding
from tradebot.core.model.limits import Counters, Limits
from tradebot.core.model.orders import BrokerOrder, Intent, Purpose
from tradebot.core.model.ownership import Ownership
from tradebot.core.model.repetition import EntryKey, Repetition
from tradebot.core.model.signals import Signal


class DenialCode(StrEnum):
    """Why something was not done. Stable: stored, counted and documented in docs/configuration.md."""

    HALTED = "HALTED"
    PREFLIGHT = "PREFLIGHT"
    MARKET_CLOSED = "MARKET_CLOSED"
    SYMBOL_LOCKED = "SYMBOL_LOCKED"
    SYMBOL_NOT_ALLOWED = "SYMBOL_NOT_ALLOWED"
    SYMBOL_OWNED = "SYMBOL_OWNED"
    ALREADY_HELD = "ALREADY_HELD"
    ORDER_PENDING = "ORDER_PENDING"
    ALREADY_DECIDED = "ALREADY_DECIDED"
    NOT_TRADABLE = "NOT_TRADABLE"
    NO_PRICE = "NO_PRICE"
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
    """A decision not to act, with the numbers that were compared: ``value`` broke ``limit``."""

    code: DenialCode
    strategy: str
    symbol: str
    purpose: Purpose
    message: str
    value: Decimal | None = None
    limit: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Situation:
    """Everything a plan is made from.

    ``today`` is the exchange session; ``session_open`` whether orders may be sent now. ``positions`` are the broker's
    (foreign ones included, and they count in exposure); ``holdings`` the ledger's account of ours. ``halt`` is how far
    the account may act, ``halts`` are those that hold, of one strategy or symbol too. ``locked`` maps a symbol to why
    it takes no entries. ``decided`` holds the client_order_ids already written down this session, ``expected_as_of``
    the session whose bar a fresh signal must be based on.

    ``average_volume`` is in shares a session, on today's split basis. ``sessions_run`` says in how many sessions before
    today each strategy ran as it is now; one that is not named never did. ``repetitions`` has those who entered before.
    ``objections`` are the failed checks that let nothing be entered today.
    """

    ownership: Ownership
    now: datetime
    today: date
    session_open: bool
    halt: HaltLevel
    account: AccountSnapshot
    positions: tuple[Position, ...]
    holdings: tuple[Holding, ...]
    open_orders: tuple[BrokerOrder, ...]
    unsettled: tuple[Intent, ...]
    quotes: Mapping[str, Quote]
    assets: Mapping[str, Asset]
    signals: tuple[Signal, ...]
    limits: Limits
    counters: Counters
    expected_as_of: date | None
    locked: Mapping[str, str] = field(default_factory=dict)
    decided: frozenset[str] = frozenset()
    halts: tuple[Halt, ...] = ()
    average_volume: Mapping[str, Decimal] = field(default_factory=dict)
    sessions_run: Mapping[str, int] = field(default_factory=dict)
    repetitions: Mapping[EntryKey, Repetition] = field(default_factory=dict)
    objections: tuple[str, ...] = ()

    @property
    def account_key(self) -> str:
        """The pinned account that is planned for."""
        return self.ownership.account_key


@dataclass(frozen=True, slots=True)
class Plan:
    """What to do now, in the order to do it: exits before entries. Denials say what was not done and why."""

    exits: tuple[Intent, ...] = ()
    entries: tuple[Intent, ...] = ()
    denials: tuple[Denial, ...] = ()

    @property
    def intents(self) -> tuple[Intent, ...]:
        return self.exits + self.entries

"""What happened in a session, live or in a backtest, as facts by strategy and symbol that can be compared."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from tradebot.core.model.exits import ExitKind
from tradebot.core.model.orders import OrderState
from tradebot.core.model.plan import DenialCode
from tradebot.core.model.signals import Action
from tradebot.core.model.values import ZERO
from tradebot.core.results.diff_outcome import Cause

#: A strategy and a symbol.
Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Shares:
    """Shares that were planned, bought or held, and their price: USD a share, an average of fills."""

    quantity: Decimal
    price: Decimal


@dataclass(frozen=True, slots=True)
class Sold:
    """Shares that were sold."""

    quantity: Decimal
    price: Decimal  # USD a share, average
    kind: ExitKind | None  # of the last sale; None: not known


def average_price(parts: Iterable[tuple[Decimal, Decimal]]) -> Shares:
    """Shares and prices together."""
    parts = tuple(parts)
    quantity = sum((shares for shares, _ in parts), ZERO)
    return Shares(quantity, round(sum((shares * price for shares, price in parts), ZERO) / quantity, 6))


@dataclass(frozen=True, slots=True)
class SessionFacts:
    """One side of a session."""

    signals: Mapping[Key, Action] = field(default_factory=dict)  # those that act
    entries: Mapping[Key, Shares] = field(default_factory=dict)  # planned
    denials: Mapping[Key, frozenset[DenialCode]] = field(default_factory=dict)
    bought: Mapping[Key, Shares] = field(default_factory=dict)
    sold: Mapping[Key, Sold] = field(default_factory=dict)
    stops: Mapping[Key, Decimal] = field(default_factory=dict)  # of what is held at the close, USD a share


@dataclass(frozen=True, slots=True)
class SentEntry:
    """What became of a planned entry. Prices are USD a share."""

    ordered: Decimal
    filled: Decimal
    decided_at: Decimal  # price when it was planned
    sent_at: Decimal | None  # price when it left; None: it never did
    state: OrderState
    note: str  # why it is in its state


@dataclass(frozen=True, slots=True)
class SaleOrder:
    """The order that sold shares. Prices are USD a share."""

    is_ours: bool  # whether a job sent it, or the bracket that it belongs to
    level: Decimal | None  # the stop or limit that it rested at; None: sold at the market
    planned_level: Decimal | None  # the level that a job set; None: none
    decided_at: Decimal | None  # price when it was planned; None: it rested


@dataclass(frozen=True, slots=True)
class SessionDetails:
    """What the ledger knows besides of a live session, that explains differences."""

    no_run: str = ""  # why run-daily planned nothing; "" if it did
    no_run_cause: Cause = Cause.MISSED_RUN
    entries: Mapping[Key, SentEntry] = field(default_factory=dict)
    sales: Mapping[Key, SaleOrder] = field(default_factory=dict)
    moved_stops: Mapping[Key, Decimal] = field(default_factory=dict)  # that no job set, where they rest at the close
    denied_exits: Mapping[Key, str] = field(default_factory=dict)  # why an exit that was due was not sent
    halted: str = ""  # why a halt was set in the session; "": none was
    bare: frozenset[Key] = frozenset()  # without a live stop for some time
    bare_at_close: frozenset[Key] = frozenset()
    trailed: frozenset[Key] = frozenset()  # whose stop was raised in the session
    lows: Mapping[str, Decimal] = field(default_factory=dict)  # of the session's bars by symbol, USD
    highs: Mapping[str, Decimal] = field(default_factory=dict)
    opens: Mapping[str, Decimal] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Variant:
    """The backtest with one input replaced by that of live, or with several."""

    cause: Cause  # of what it makes equal
    why: str  # what was replaced, with figures: the end of a sentence
    facts: SessionFacts

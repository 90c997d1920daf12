"""The outcome of `explain`: what happened to symbols in a session, and why, as five answers for each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from tradebot.core.model.exits import ExitKind
from tradebot.core.model.holdings import Holding
from tradebot.core.model.ledger_rows import DecisionRow
from tradebot.core.model.signals import Condition
from tradebot.core.results.outcomes import Outcome


class WhyNot(StrEnum):
    """Why a symbol was not bought. Stable: programs read it."""

    NO_SIGNAL = "no_signal"
    EXIT_SIGNAL = "exit_signal"  # the strategy's exit holds, and exit wins
    HELD = "held"  # the strategy holds it already
    HALTED = "halted"
    LOCKED = "locked"  # an open break or an order in doubt locks it
    OWNED = "owned"  # by another strategy or a person
    DENIED = "denied"  # by another rule
    NOT_FILLED = "not_filled"  # the order ended, or rests, without a fill
    WARMING_UP = "warming_up"
    NO_DATA = "no_data"
    STRATEGY_FAILED = "strategy_failed"
    NOT_ASKED = "not_asked"  # no run-daily asked the strategies, or none planned
    NOT_TRADED = "not_traded"  # no strategy trades the symbol
    NOT_RECORDED = "not_recorded"  # an earlier version stored no signals

    @property
    def text(self) -> str:
        """The words for people."""
        return self.value.replace("_", " ")


@dataclass(frozen=True, slots=True)
class Reading:
    """What a strategy saw in a symbol: its indicators by name, and the conditions that it states for an entry."""

    values: Mapping[str, float | None] = field(default_factory=dict)  # None: no number
    conditions: tuple[Condition, ...] = ()


@dataclass(frozen=True, slots=True)
class Bought:
    """Why shares were bought. Prices are USD a share."""

    strategy: str  # FOREIGN for what tradebot did not buy
    session: date  # of the fills
    at: datetime | None  # of the last fill, aware UTC
    quantity: Decimal  # filled shares
    price: Decimal  # average of the fills
    planned_price: Decimal | None  # at the decision; None: not recorded
    stop: Decimal | None
    target: Decimal | None
    reason: str
    as_of: date | None  # session of the bar that the signal is based on
    client_order_id: str
    reading: Reading | None  # None: not recorded


@dataclass(frozen=True, slots=True)
class Sold:
    """Why shares were sold. Prices are USD a share."""

    strategy: str
    at: datetime  # aware UTC
    kind: ExitKind | None  # None: not known
    quantity: Decimal
    entry_price: Decimal  # average
    exit_price: Decimal  # average
    pnl: Decimal  # USD after fees
    stop: Decimal | None  # of the holding then; None: not recorded, or none of ours
    target: Decimal | None
    trailed_from: Decimal | None  # the best price that a trailing stop was raised from
    reason: str


@dataclass(frozen=True, slots=True)
class NotBought:
    """Why a strategy did not buy, or, among ``not_sold``, why an exit that was due was not sent."""

    strategy: str  # "" where no strategy is concerned
    why: WhyNot
    text: str
    code: str = ""  # of a denial
    value: Decimal | None = None  # the numbers that a denial compared
    limit: Decimal | None = None
    reading: Reading | None = None


@dataclass(frozen=True, slots=True)
class ActionEffect:
    """What a split, a dividend, a new name or another corporate action did."""

    session: date
    kind: str  # split, dividend, cash_in_lieu, name_change, stock_merger, spin_off, cash_merger, delisting
    text: str
    ratio: Decimal | None = None  # new shares for one old share
    quantity_before: Decimal | None = None
    quantity_after: Decimal | None = None
    amount: Decimal | None = None  # USD


class Guard(StrEnum):
    """How shares are protected."""

    STOP = "stop"  # a live stop order rests
    BARE = "bare"
    CLOSING = "closing"  # an emergency stop cancelled the stop, and its closing order is not known to have filled
    CANCELLED = "cancelled"  # an emergency stop cancelled the stop, and nothing is known in its place
    NOT_RECORDED = "not_recorded"


@dataclass(frozen=True, slots=True)
class Protection:
    """What protects the shares of one strategy, as last known at the end of the session. Prices are USD a share."""

    strategy: str
    state: Guard
    quantity: Decimal | None  # shares held; None: not recorded
    stop: Decimal | None = None
    stop_quantity: Decimal | None = None
    last: Decimal | None = None  # the newest price that was seen in the session
    distance: Decimal | None = None  # from the last price to the stop, a fraction of the last price
    seen_at: datetime | None = None  # when the broker's order was seen to change last, aware UTC
    bare_since: datetime | None = None
    bare_dollars: Decimal | None = None  # their value when it began, USD
    close_quantity: Decimal | None = None  # shares that an emergency stop's order closes; None: there is none
    close_sent_at: datetime | None = None  # aware UTC
    close_opens_at: datetime | None = None  # when the exchange opens for it, aware UTC; None: it was open

    @property
    def is_bare(self) -> bool:
        """Whether no stop rests, as far as is known."""
        return self.state in (Guard.BARE, Guard.CLOSING, Guard.CANCELLED)


@dataclass(frozen=True, slots=True)
class SymbolDay:
    """The five answers for one symbol in one session."""

    symbol: str
    session: date
    line: str  # in a line
    bought: tuple[Bought, ...] = ()  # in the session, and before it what is still held
    sold: tuple[Sold, ...] = ()
    not_sold: tuple[NotBought, ...] = ()
    not_bought: tuple[NotBought, ...] = ()
    actions: tuple[ActionEffect, ...] = ()  # of the session; where it has none, of the time that the shares are held
    protection: tuple[Protection, ...] = ()  # of what is held at the end of the session


@dataclass(frozen=True, slots=True)
class ExplainOutcome(Outcome):
    """The outcome of `explain`: one symbol, or with ``symbol`` "" all of a session, the most important first."""

    symbol: str = ""
    days: tuple[SymbolDay, ...] = ()
    decisions: tuple[DecisionRow, ...] = ()  # of these sessions, in order
    holdings: tuple[Holding, ...] = ()  # of the symbol, now
    is_span: bool = False  # asked for several sessions of the symbol

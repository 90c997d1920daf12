"""The account of a backtest: cash, holdings and the orders that rest for them, as numbers by symbol.

Only longs are held, each bought by one entry. Prices in arrays are in steps, those of holdings in USD.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import ROUND_DOWN, Decimal
from enum import Enum
from typing import NamedTuple

import numpy as np

from tradebot.backtest.bars import NEVER, Bars, Steps, in_dollars, in_steps
from tradebot.core.accounting.booking import bookings_for
from tradebot.core.model.account import ActionKind, CorporateAction, SplitEvent
from tradebot.core.model.exchange_time import start_of_day
from tradebot.core.model.exits import Exit
from tradebot.core.model.holdings import Holding, Lot
from tradebot.core.model.limits import Limits
from tradebot.core.model.orders import Purpose, Side
from tradebot.core.model.values import ONE, ZERO, to_cents
from tradebot.market.matching import FillRules


class Moment(Enum):
    """When in a session something happened."""

    BEFORE = "before the open"
    OPEN = "at the open"
    ENTRY = "when run-daily trades, at the open price"
    RANGE = "within the range of the bar"
    CLOSE = "when check-exits looks last, at the closing price"


class BookedFill(NamedTuple):
    """A fill."""

    row: int
    moment: Moment
    strategy: str
    symbol: str
    side: Side
    purpose: Purpose
    quantity: Decimal
    price: Decimal
    fee: Decimal
    due: Exit | None  # why it closes


class BookedCash(NamedTuple):
    """Cash that moved without a trade, and the shares that a split or an end changed with it."""

    row: int
    kind: ActionKind
    symbol: str
    amount: Decimal  # USD
    value: Decimal  # of the action
    before: Decimal  # shares
    after: Decimal  # shares


@dataclass(slots=True)
class Held:
    """A holding. ``target_rests``: whether an order rests at its target, as of an entry that filled whole."""

    column: int
    strategy: int  # the number of its strategy; -1: it is not backtested
    holding: Holding
    opened_row: int
    fee: Decimal  # of the entry
    target_rests: bool = True


class Account:
    """Cash and holdings. ``stops`` and ``targets`` are what rests: 0 and NEVER for nothing."""

    def __init__(self, bars: Bars, cash: Decimal, rules: FillRules) -> None:
        width = len(bars.symbols)
        self.bars = bars
        self.rules = rules
        self.cash = cash
        self.held: dict[int, Held] = {}
        self.shares = np.zeros(width, np.int64)
        self.stops = np.zeros(width, np.int64)
        self.targets = np.full(width, NEVER, np.int64)
        self.owner = np.full(width, -1, np.int64)  # the number of the strategy
        self.booked: list[BookedFill | BookedCash] = []
        self._traded: dict[int, Decimal] = {}  # shares by column, in this session, where a limit counts them

    def begin_session(self) -> None:
        """Count the volume that fills may take anew."""
        self._traded.clear()

    def fillable(self, column: int, row: int, quantity: Decimal) -> Decimal:
        """The shares of an order that may fill in the session."""
        if self.rules.max_fill_volume_pct is None:
            return quantity
        most = self.rules.fillable(int(self.bars.volume[row, column]))
        assert most is not None, "fills are limited"
        return min(quantity, max(most - self._traded.get(column, ZERO), ZERO))

    def buy(self, held: Held, row: int) -> None:
        """Book the fill of an entry, which made this holding."""
        holding, fee = held.holding, held.fee
        quantity, price = holding.quantity, holding.entry_price
        self.cash -= quantity * price + fee
        self._count(held.column, quantity)
        self.hold(held)
        self.booked.append(
            BookedFill(
                row, Moment.ENTRY, holding.strategy, holding.symbol, Side.BUY, Purpose.ENTRY, quantity, price, fee, None
            )
        )

    def hold(self, held: Held) -> None:
        """Hold shares, and let their stop and target rest."""
        self.held[held.column] = held
        self.owner[held.column] = held.strategy
        self.shares[held.column] = int(held.holding.quantity)
        self.arm(held)

    def sell(
        self, held: Held, row: int, moment: Moment, purpose: Purpose, price: Decimal, quantity: Decimal, due: Exit
    ) -> None:
        """Book a sale of shares of a holding."""
        holding, fee = held.holding, self.rules.commission(quantity)
        self.cash += quantity * price - fee
        self._count(held.column, quantity)
        self.booked.append(
            BookedFill(row, moment, holding.strategy, holding.symbol, Side.SELL, purpose, quantity, price, fee, due)
        )
        left = holding.quantity - quantity
        if left:
            held.holding = replace(holding, quantity=left)
            self.shares[held.column] = int(left)
        else:
            self._end(held.column)

    def arm(self, held: Held) -> None:
        """Let stop and target of a holding rest."""
        target = held.holding.target_price if held.target_rests else None
        self.stops[held.column] = in_steps(held.holding.stop_price)
        self.targets[held.column] = NEVER if target is None else in_steps(target)

    def disarm(self, held: Held) -> None:
        """Let nothing rest for a holding."""
        self.stops[held.column], self.targets[held.column] = 0, NEVER

    def bare(self) -> list[int]:
        """The columns of what is held without a stop that rests."""
        return np.flatnonzero((self.shares > 0) & (self.stops == 0)).tolist() if self.held else []

    def value(self, marks: Steps) -> Decimal:
        """What is held at these prices, USD."""
        return in_dollars(int(self.shares @ marks)) if self.held else ZERO

    def equity(self, marks: Steps) -> Decimal:
        """Cash and holdings at these prices, USD to the cent."""
        return to_cents(self.cash + self.value(marks))

    def apply(self, action: CorporateAction, column: int, row: int, limits: Limits) -> None:
        """Apply a corporate action to what is held, as the embedded exchange does."""
        held = self.held.get(column)
        if held is None:
            return
        match action.kind:
            case ActionKind.SPLIT:
                self._split(held, action, row, limits)
            case ActionKind.DIVIDEND:
                amount = to_cents(held.holding.quantity * action.value)
                self._book(action, row, amount, held.holding.quantity, held.holding.quantity)
            case ActionKind.CASH_MERGER | ActionKind.DELISTING:
                amount = to_cents(held.holding.quantity * action.value)
                self._book(action, row, amount, held.holding.quantity, ZERO)
                self._end(column)
            case _:
                pass

    def _split(self, held: Held, action: CorporateAction, row: int, limits: Limits) -> None:
        holding, ratio = held.holding, action.value
        exact = holding.quantity * ratio
        after = exact.quantize(ONE, rounding=ROUND_DOWN)
        price = in_dollars(int(self.bars.previous[row, held.column]))
        self._book(action, row, to_cents((exact - after) * price), holding.quantity, after)
        if not after:
            self._end(held.column)
            return
        at = start_of_day(self.bars.sessions[row])
        lot = Lot("", holding.strategy, holding.symbol, holding.quantity, holding.entry_price, held.fee, at, at.date())
        event = SplitEvent("", holding.symbol, ratio, holding.quantity, after, at, self.bars.sessions[row])
        (booking,) = bookings_for([event], [lot], [holding], {}, limits)
        assert booking.holding is not None, "shares are left"
        held.holding = booking.holding
        self.shares[held.column] = int(after)
        self.arm(held)

    def _book(self, action: CorporateAction, row: int, amount: Decimal, before: Decimal, after: Decimal) -> None:
        self.cash += amount
        self.booked.append(BookedCash(row, action.kind, action.symbol, amount, action.value, before, after))

    def _count(self, column: int, quantity: Decimal) -> None:
        if self.rules.max_fill_volume_pct is not None:
            self._traded[column] = self._traded.get(column, ZERO) + quantity

    def _end(self, column: int) -> None:
        held = self.held.pop(column)
        self.disarm(held)
        self.shares[column], self.owner[column] = 0, -1

"""The sums of what is booked between two moments, and what the ledger had at each. It only reads.

Rows count at their own instant, and by what is known now: a fill that was busted later counts for nothing, and its
value at a moment before the bust is told apart. Sums are made row by row without a value for each.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from tradebot.core.accounting.adjustment_effects import AdjustmentEffect, adjustment_effects
from tradebot.core.accounting.bridge import Booked, Holdings, Movements
from tradebot.core.accounting.fill_sums import FillSum, fill_sums
from tradebot.core.model.account import CASH, ActionKind, CashKind
from tradebot.core.model.opening import is_id_of_opening
from tradebot.core.model.values import ZERO
from tradebot.ledger.codec import Numbers, stamp
from tradebot.ledger.engine import Engine
from tradebot.ledger.executions import executions
from tradebot.ledger.round_trip_rows import ClosureRow, standing_closures
from tradebot.ledger.symbol_history import read_histories

_NO_PERIOD = (date.max, date.max)


@dataclass(slots=True)
class _Sums:
    """What is booked in one stretch of time."""

    moved: dict[str, Decimal] = field(default_factory=dict)  # shares by symbol
    traded: dict[str, tuple[Decimal, Decimal]] = field(default_factory=dict)  # shares and their value by symbol
    bought: Decimal = ZERO
    fill_fees: Decimal = ZERO
    cash: dict[CashKind, Decimal] = field(default_factory=dict)
    corrected_cash: Decimal = ZERO
    paid_for_ended: Decimal = ZERO
    spun_off: Decimal = ZERO
    added: Decimal = ZERO
    closed_by_prices: Decimal = ZERO
    closed_by_pnl: Decimal = ZERO

    def move(self, symbol: str, shares: Decimal) -> None:
        self.moved[symbol] = self.moved.get(symbol, ZERO) + shares

    @property
    def cash_moved(self) -> Decimal:
        return sum(self.cash.values(), ZERO) + self.corrected_cash - self.bought - self.fill_fees

    def movements(self) -> Movements:
        return Movements(
            shares=self.moved,
            bought=self.bought,
            fill_fees=self.fill_fees,
            closed_by_prices=self.closed_by_prices,
            closed_by_pnl=self.closed_by_pnl,
            cash=self.cash,
            paid_for_ended=self.paid_for_ended,
            spun_off=self.spun_off,
            added=self.added,
            corrected_cash=self.corrected_cash,
        )


class PassedRows:
    """The sums of the fills and lot closures that are read for other figures as well, from one instant to another."""

    def __init__(self, start: datetime, end: datetime) -> None:
        self.ends = start, end
        self.fills: tuple[FillSum, ...] = ()
        self.closed_by_prices = self.closed_by_pnl = ZERO
        #: of the shares that were open at each instant and are closed since
        self.cost_before = self.cost_after = ZERO

    def closures(self, rows: Iterable[ClosureRow]) -> Iterator[ClosureRow]:
        """Let the standing closures pass by. The sums are right when all have."""
        first, last = map(stamp, self.ends)
        before, after, by_prices, by_pnl = ZERO, ZERO, ZERO, ZERO
        numbers = Numbers()
        for row in rows:
            yield row
            _, _, _, opened, closed, _, pnl, fees, side, quantity, entry, exit_price = row
            if closed <= first:
                continue
            shares = numbers[quantity] if side == "buy" else -numbers[quantity]
            if closed <= last:
                by_prices += shares * (numbers[exit_price] - numbers[entry])
                by_pnl += numbers[pnl] + numbers[fees]
            elif opened <= last:
                after += shares * numbers[entry]
            if opened <= first:
                before += shares * numbers[entry]
        self.closed_by_prices, self.closed_by_pnl = by_prices, by_pnl
        self.cost_before, self.cost_after = before, after


class LedgerMovements:
    """What is booked in one account between moments."""

    def __init__(self, engine: Engine, account_key: str) -> None:
        self._engine = engine
        self._account_key = account_key

    def at(self, moment: datetime, prices: Mapping[str, Decimal]) -> Holdings:
        """What the ledger had right after an instant, as it is known now."""
        return self.between(moment, moment, prices, prices).after

    def since(self, moment: datetime) -> Booked:
        """What is booked after an instant, shares without a price at the prices of fills."""
        return self.between(moment, datetime.max.replace(tzinfo=UTC), {}, {})

    def between(
        self,
        start: datetime,
        end: datetime,
        at_start: Mapping[str, Decimal],
        at_end: Mapping[str, Decimal],
        passed: PassedRows | None = None,
    ) -> Booked:
        """What is booked after ``start`` and until ``end``. ``at_start`` and ``at_end``: the prices by symbol.

        passed: of the same two instants, where all fills and closures have passed by already.
        """
        within, later = _Sums(), _Sums()
        first, last = stamp(start), stamp(end)
        passed = passed or self._read(start, end)
        _add_fills(passed.fills, within, later)
        for add in (self._cash_events, self._share_events, self._adjustments):
            add(start, last, within, later)
        effects = list(self._effects())
        within.added = sum((effect.cost for effect in effects if start < effect.at <= end), ZERO)
        within.closed_by_prices, within.closed_by_pnl = passed.closed_by_prices, passed.closed_by_pnl
        cost_before, cost_after = passed.cost_before, passed.cost_after
        for opened, cost in self._open_lots():
            cost_before += cost if opened <= first else ZERO
            cost_after += cost if opened <= last else ZERO
        cost_before += _removed_between(effects, start)
        cost_after += _removed_between(effects, end)
        shares_after = _less(self._shares_now(), later.moved)
        cash_after = self._cash_now() - later.cash_moved
        means = {symbol: value / shares for sums in (later, within) for symbol, (shares, value) in sums.traded.items()}
        busted_before, before_prices = self._busted(first, at_start, means)
        busted_after, after_prices = self._busted(last, at_end, means)
        return Booked(
            Holdings(
                cash_after - within.cash_moved,
                _less(shares_after, within.moved),
                cost_before,
                busted_before,
                before_prices,
            ),
            Holdings(cash_after, shares_after, cost_after, busted_after, after_prices),
            within.movements(),
        )

    # --- rows ------------------------------------------------------------------------------

    def _cash_events(self, start: datetime, last: str, within: _Sums, later: _Sums) -> None:
        for kind, amount, at in self._rows_since("kind, amount, at", "cash_events", start):
            sums = within if at <= last else later
            sums.cash[CashKind(kind)] = sums.cash.get(CashKind(kind), ZERO) + Decimal(amount)

    def _share_events(self, start: datetime, last: str, within: _Sums, later: _Sums) -> None:
        columns = "symbol, quantity_before, quantity_after, at"
        for symbol, before, after, at in self._rows_since(columns, "corporate_actions", start):
            (within if at <= last else later).move(symbol, Decimal(after) - Decimal(before))
        columns = "kind, symbol, new_symbol, quantity_before, quantity_after, cash, price, at"
        for kind, symbol, new_symbol, before, after, cash, price, at in self._rows_since(
            columns, "reorganisations", start
        ):
            sums = within if at <= last else later
            if kind != ActionKind.SPIN_OFF:
                sums.move(symbol, -Decimal(before))
            if new_symbol is None:
                sums.paid_for_ended += Decimal(before) * Decimal(cash)
                continue
            sums.move(new_symbol, Decimal(after))
            if kind == ActionKind.SPIN_OFF:
                sums.spun_off += Decimal(after) * Decimal(price)

    def _adjustments(self, start: datetime, last: str, within: _Sums, later: _Sums) -> None:
        columns = "adjustment_id, symbol, quantity, amount, at"
        for adjustment_id, symbol, quantity, amount, at in self._rows_since(columns, "adjustments", start):
            if is_id_of_opening(adjustment_id):
                continue
            sums = within if at <= last else later
            sums.corrected_cash += Decimal(amount)
            if symbol != CASH:
                sums.move(symbol, Decimal(quantity))

    def _read(self, start: datetime, end: datetime) -> PassedRows:
        """The fills and closures after ``start``, read for this alone."""
        passed = PassedRows(start, end)
        passed.fills = fill_sums(executions(self._engine, self._account_key, _NO_PERIOD, (start, end)))
        for _ in passed.closures(standing_closures(self._engine, self._account_key, start)):
            pass
        return passed

    def _open_lots(self) -> Iterator[tuple[str, Decimal]]:
        """When the open lots were opened, and their cost."""
        rows = self._engine.tuples(
            "SELECT opened_at, quantity, price FROM lots WHERE account_key = :account", account=self._account_key
        )
        for opened, quantity, price in rows:
            yield opened, Decimal(quantity) * Decimal(price)

    def _effects(self) -> Iterator[AdjustmentEffect]:
        rows = self._engine.tuples(
            "SELECT adjustment_id, symbol FROM adjustments WHERE account_key = :account", account=self._account_key
        )
        symbols = {symbol for adjustment_id, symbol in rows if symbol != CASH and not is_id_of_opening(adjustment_id)}
        for symbol in sorted(symbols):
            yield from adjustment_effects(read_histories(self._engine, self._account_key, [symbol]), symbol)

    # --- now -------------------------------------------------------------------------------

    def _shares_now(self) -> dict[str, Decimal]:
        shares: dict[str, Decimal] = {}
        for symbol, quantity in self._engine.tuples(
            "SELECT symbol, quantity FROM lots WHERE account_key = :account", account=self._account_key
        ):
            shares[symbol] = shares.get(symbol, ZERO) + Decimal(quantity)
        return shares

    def _cash_now(self) -> Decimal:
        rows = self._engine.tuples("SELECT cash FROM accounts WHERE account_key = :account", account=self._account_key)
        return Decimal(next(rows, (None,))[0] or 0)

    def _busted(
        self, moment: str, prices: Mapping[str, Decimal], means: Mapping[str, Decimal]
    ) -> tuple[Decimal, Mapping[str, Decimal]]:
        """What the fills were worth at a moment that were busted after it, and prices by symbol for shares without one.

        means: of fills.
        """
        rows = self._engine.tuples(
            "SELECT fill.symbol, fill.side, fill.quantity, fill.price, fill.fee FROM fills AS bust JOIN fills AS fill"
            " ON fill.account_key = bust.account_key AND fill.fill_id = bust.reverses"
            " WHERE bust.account_key = :account AND bust.reverses IS NOT NULL AND bust.at > :moment"
            " AND fill.at <= :moment",
            account=self._account_key,
            moment=moment,
        )
        value, by_fill = ZERO, dict(means)
        for symbol, side, quantity, price, fee in rows:
            shares = Decimal(quantity) if side == "buy" else -Decimal(quantity)
            now = prices.get(symbol) or by_fill.setdefault(symbol, Decimal(price))
            value += shares * (now - Decimal(price)) - Decimal(fee)
        return value, by_fill

    def _rows_since(self, columns: str, table: str, start: datetime) -> Iterator[tuple[Any, ...]]:
        yield from self._engine.tuples(
            f"SELECT {columns} FROM {table} WHERE account_key = :account AND at > :start",
            account=self._account_key,
            start=stamp(start),
        )


def _add_fills(fills: Iterable[FillSum], within: _Sums, later: _Sums) -> None:
    for part in fills:
        if part.stretch == 0:
            continue
        sums = within if part.stretch == 1 else later
        sums.bought += part.value * part.sign
        sums.fill_fees += part.commissions
        sums.move(part.symbol, part.shares * part.sign)
        shares, value = sums.traded.get(part.symbol, (ZERO, ZERO))
        sums.traded[part.symbol] = shares + part.shares, value + part.value


def _removed_between(effects: Iterable[AdjustmentEffect], moment: datetime) -> Decimal:
    """The cost of the shares that were open at a moment and that a correction has removed since."""
    return sum(
        (gone.cost for effect in effects if effect.at > moment for gone in effect.removed if gone.opened_at <= moment),
        ZERO,
    )


def _less(shares: Mapping[str, Decimal], moved: Mapping[str, Decimal]) -> dict[str, Decimal]:
    """The shares by symbol before ``moved``."""
    left = {symbol: shares.get(symbol, ZERO) - moved.get(symbol, ZERO) for symbol in shares.keys() | moved.keys()}
    return {symbol: count for symbol, count in left.items() if count}

"""The sums of what is booked between two moments, and what the ledger had at each. It only reads.

Rows count at their own instant, and by what is known now: a fill that was busted later counts for nothing, and its
value at a moment before the bust is told apart. Sums are made row by row without a value for each.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from tradebot.core.accounting.adjustment_effects import AdjustmentEffect, adjustment_effects
from tradebot.core.accounting.bridge import Booked, Holdings, Movements
from tradebot.core.model.account import CASH, ActionKind, CashKind
from tradebot.core.model.opening import is_id_of_opening
from tradebot.core.model.values import ZERO
from tradebot.ledger.codec import Numbers, stamp
from tradebot.ledger.engine import Engine
from tradebot.ledger.symbol_history import read_histories

#: A fill's session is its New York date, which is at most a day before that of its instant in UTC.
_ONE_DAY = timedelta(days=1)


@dataclass(slots=True)
class _Sums:
    """What is booked in one stretch of time."""

    moved: dict[str, Decimal] = field(default_factory=dict)  # shares by symbol
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


class LedgerMovements:
    """What is booked in one account between moments."""

    def __init__(self, engine: Engine, account_key: str) -> None:
        self._engine = engine
        self._account_key = account_key

    def at(self, moment: datetime, prices: Mapping[str, Decimal]) -> Holdings:
        """What the ledger had right after an instant, as it is known now."""
        return self.between(moment, moment, prices, prices).after

    def between(
        self, start: datetime, end: datetime, at_start: Mapping[str, Decimal], at_end: Mapping[str, Decimal]
    ) -> Booked:
        """What is booked after ``start`` and until ``end``. ``at_start`` and ``at_end``: the prices by symbol."""
        within, later = _Sums(), _Sums()
        first, last = stamp(start), stamp(end)
        for add in (self._fills, self._cash_events, self._share_events, self._adjustments):
            add(start, last, within, later)
        effects = list(self._effects())
        within.added = sum((effect.cost for effect in effects if start < effect.at <= end), ZERO)
        cost_before, cost_after = self._closures(first, last, within)
        for opened, cost in self._open_lots():
            cost_before += cost if opened <= first else ZERO
            cost_after += cost if opened <= last else ZERO
        cost_before += _removed_between(effects, start)
        cost_after += _removed_between(effects, end)
        shares_after = _less(self._shares_now(), later.moved)
        cash_after = self._cash_now() - later.cash_moved
        return Booked(
            Holdings(
                cash_after - within.cash_moved,
                _less(shares_after, within.moved),
                cost_before,
                self._busted(first, at_start),
            ),
            Holdings(cash_after, shares_after, cost_after, self._busted(last, at_end)),
            within.movements(),
        )

    # --- rows ------------------------------------------------------------------------------

    def _fills(self, start: datetime, last: str, within: _Sums, later: _Sums) -> None:
        busted = self._busted_ids()
        rows = self._engine.tuples(
            "SELECT fill_id, symbol, side, quantity, price, fee, at FROM fills WHERE account_key = :account"
            " AND session >= :day AND at > :start AND reverses IS NULL",
            **self._since(start),
        )
        numbers = Numbers()
        for fill_id, symbol, side, quantity, price, fee, at in rows:
            if fill_id in busted:
                continue
            sums = within if at <= last else later
            shares = numbers[quantity] if side == "buy" else -numbers[quantity]
            moved = sums.moved
            sums.bought += shares * numbers[price]
            sums.fill_fees += numbers[fee]
            moved[symbol] = moved.get(symbol, ZERO) + shares

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

    def _closures(self, first: str, last: str, within: _Sums) -> tuple[Decimal, Decimal]:
        """The cost of the shares that were open at each moment and are closed since."""
        undone = self._ids("SELECT reverses FROM trades WHERE account_key = :account AND reverses IS NOT NULL")
        rows = self._engine.tuples(
            "SELECT trade_id, side, quantity, entry_price, exit_price, fees, pnl, opened_at, closed_at FROM trades"
            " WHERE account_key = :account AND closed_at > :start AND reverses IS NULL",
            account=self._account_key,
            start=first,
        )
        before, after, by_prices, by_pnl = ZERO, ZERO, ZERO, ZERO
        numbers = Numbers()
        for trade_id, side, quantity, entry, exit_price, fees, pnl, opened, closed in rows:
            if trade_id in undone:
                continue
            shares = numbers[quantity] if side == "buy" else -numbers[quantity]
            if closed <= last:
                by_prices += shares * (numbers[exit_price] - numbers[entry])
                by_pnl += numbers[pnl] + numbers[fees]
            elif opened <= last:
                after += shares * numbers[entry]
            if opened <= first:
                before += shares * numbers[entry]
        within.closed_by_prices, within.closed_by_pnl = by_prices, by_pnl
        return before, after

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

    def _busted(self, moment: str, prices: Mapping[str, Decimal]) -> Decimal:
        """What the fills were worth at a moment that were busted after it."""
        rows = self._engine.tuples(
            "SELECT fill.symbol, fill.side, fill.quantity, fill.price, fill.fee FROM fills AS bust JOIN fills AS fill"
            " ON fill.account_key = bust.account_key AND fill.fill_id = bust.reverses"
            " WHERE bust.account_key = :account AND bust.reverses IS NOT NULL AND bust.at > :moment"
            " AND fill.at <= :moment",
            account=self._account_key,
            moment=moment,
        )
        value = ZERO
        for symbol, side, quantity, price, fee in rows:
            shares = Decimal(quantity) if side == "buy" else -Decimal(quantity)
            value += shares * (prices.get(symbol, Decimal(price)) - Decimal(price)) - Decimal(fee)
        return value

    def _busted_ids(self) -> frozenset[str]:
        return self._ids("SELECT reverses FROM fills WHERE account_key = :account AND reverses IS NOT NULL")

    def _ids(self, select: str) -> frozenset[str]:
        return frozenset(row[0] for row in self._engine.tuples(select, account=self._account_key))

    def _rows_since(self, columns: str, table: str, start: datetime) -> Iterator[tuple[Any, ...]]:
        yield from self._engine.tuples(
            f"SELECT {columns} FROM {table} WHERE account_key = :account AND at > :start",
            account=self._account_key,
            start=stamp(start),
        )

    def _since(self, start: datetime) -> dict[str, str]:
        day = (start - _ONE_DAY).date().isoformat()
        return {"account": self._account_key, "start": stamp(start), "day": day}


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

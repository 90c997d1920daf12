"""The account with the entries planned so far counted in, so that two entries never exceed a limit together.

A job makes it from a situation. A backtest carries one on from session to session: ``begin_session`` puts the figures
of the day in, ``take`` counts an entry in, and ``release`` lets a position go. The rules read the same in both.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import NamedTuple

from tradebot.core.model.holdings import FOREIGN
from tradebot.core.model.limits import Limits
from tradebot.core.model.order_ids import account_hash, parse
from tradebot.core.model.orders import BrokerOrder, Purpose
from tradebot.core.model.plan import Situation
from tradebot.core.model.values import ONE, ZERO
from tradebot.core.risk.exposure import NO_EXPOSURE, SymbolExposure, measure_exposure, unseen_entries
from tradebot.core.risk.sizing import Headroom, reserved_cost


class Claim(NamedTuple):
    """The owner of a symbol and the reason for people: "a position", or a live order."""

    owner: str  # a strategy, or FOREIGN
    by: str


class ProjectedAccount:
    """The use of the limits in a situation, with the entries that ``take`` counts in.

    Making it takes a time linear in the situation's size. Planned exits free nothing: they may not fill.

    most_in_symbol, most_gross, most_at_risk: the most USD that a symbol and all together may be worth, and may lose at
        the stops.
    unpriced: symbols with an order that may open a position at an unknown price.
    total: the exposure of all other symbols.
    decided: strategies and symbols whose first entry of the session was decided.
    held: shares by symbol, as either the broker or the ledger shows them; an entry beside a holding that the broker
        does not show could double it.
    claims: the owner by symbol.
    pending: a live order by symbol, for people, without resting stops and targets of ours.
    buying_power: USD that entries may still cost.
    """

    def __init__(self, situation: Situation) -> None:
        exposure = measure_exposure(situation)
        self.unpriced = exposure.unpriced
        self._symbols = set(exposure.symbols)
        self.held = {holding.symbol: holding.quantity for holding in situation.holdings}
        self.held |= {position.symbol: position.quantity for position in situation.positions if position.quantity}
        self.claims: dict[str, Claim] = {}
        self.pending: dict[str, str] = {}
        # The broker has reserved the buying power of the orders that it shows, and may not have for the others.
        unseen = unseen_entries(situation)
        reserved = (reserved_cost(intent.remaining, intent.most_paid) for intent in unseen)
        buying_power = situation.account.buying_power - sum(reserved, ZERO)
        self.begin_session(situation, exposure.total, exposure.by_symbol, buying_power)
        self._held_by_us = {holding.symbol for holding in situation.holdings}
        self._read_claims()

    def begin_session(
        self,
        situation: Situation,
        total: SymbolExposure,
        exposures: Mapping[str, SymbolExposure],
        buying_power: Decimal,
    ) -> None:
        """Count from the figures of a session on. What is held, and by whom, stays.

        exposures: by symbol, of the symbols at least that the session's signals enter.
        """
        self.situation = situation
        self.limits: Limits = (limits := situation.limits)
        self.equity: Decimal = (equity := situation.account.equity)  # USD
        self.most_in_symbol = equity * limits.max_position_size_pct
        self.most_gross = equity * limits.max_gross_exposure_pct
        self.most_at_risk = equity * limits.max_portfolio_risk_pct
        self.total = total
        self.buying_power = buying_power
        self.entries = situation.counters.entries_sent
        self.orders_sent = situation.counters.orders_sent
        self.orders_last_minute = situation.counters.orders_last_minute
        self.decided = _entries_decided(situation)
        self._exposures: dict[str, SymbolExposure] = dict(exposures)
        self._noted = {symbol for _, symbol in self.decided}.union(
            situation.locked, limits.deny_symbols, (key.symbol for key in situation.repetitions)
        )

    @property
    def position_count(self) -> int:
        """The number of symbols with a position, foreign ones included, or with an order that may open one."""
        return len(self._symbols)

    def has_noted(self, symbol: str) -> bool:
        """Whether anything is held, ordered, decided, locked, repeated or listed of a symbol, so that it is asked for.

        A list of allowed symbols notes all others.
        """
        return (
            symbol in self.claims or symbol in self.pending or symbol in self._noted or bool(self.limits.allow_symbols)
        )

    def exposure_in(self, symbol: str) -> SymbolExposure:
        """The exposure in one symbol."""
        return self._exposures.get(symbol, NO_EXPOSURE)

    def headroom(self, symbol: str) -> Headroom:
        """What every limit leaves for an entry into ``symbol``."""
        return Headroom(
            equity=self.equity,
            position_value=self.most_in_symbol - self.exposure_in(symbol).value,
            gross_exposure=self.most_gross - self.total.value,
            portfolio_risk=self.most_at_risk - self.total.risk,
            buying_power=self.buying_power,
            order_shares=self.max_shares_by_volume(symbol),
        )

    def max_shares_by_volume(self, symbol: str) -> Decimal:
        """The most shares of one entry by the symbol's average volume; 0 when the volume is unknown."""
        return self.situation.average_volume.get(symbol, ZERO) * self.limits.max_order_adv_pct

    def take(self, strategy: str, symbol: str, quantity: Decimal, price: Decimal, stop: Decimal) -> None:
        """Count a planned entry as if it were sent and filled, at ``price`` USD a share with its stop at ``stop``."""
        added = SymbolExposure(quantity * price, quantity * abs(price - stop))
        self._exposures[symbol] = self.exposure_in(symbol) + added
        self._symbols.add(symbol)
        self.total += added
        self.buying_power -= reserved_cost(quantity, price)
        self.entries += 1
        self.orders_sent += 1
        self.orders_last_minute += 1
        self.decided.add((strategy, symbol))
        self._noted.add(symbol)
        text = _order_text(Purpose.ENTRY, strategy)
        self._claim(symbol, strategy, text)
        self.pending[symbol] = text

    def hold(self, strategy: str, symbol: str, quantity: Decimal) -> None:
        """Hold ``quantity`` shares: the entry that was taken has filled."""
        self.pending.pop(symbol, None)
        self.held[symbol] = quantity
        self.claims[symbol] = Claim(strategy, "a position")
        self._symbols.add(symbol)

    def release(self, symbol: str) -> None:
        """Let a symbol go: nothing is held of it, and no order is under way."""
        self.pending.pop(symbol, None)
        self.held.pop(symbol, None)
        self.claims.pop(symbol, None)
        self._symbols.discard(symbol)

    def _read_claims(self) -> None:
        """Find the owners: by what is held first, then by intents that were sent, then by orders at the broker."""
        situation = self.situation
        for holding in situation.holdings:
            self._claim(holding.symbol, holding.strategy, "a position")
        for symbol, shares in self.held.items():
            if not 0 < shares < ONE:  # a part of a share is what the broker made of a dividend, and nobody's wish
                self._claim(symbol, FOREIGN, "a position")
        for intent in situation.unsettled:
            if intent.state.live:
                self._add_order(intent.symbol, intent.strategy, intent.purpose)
        for order in situation.open_orders:
            if order.state.live:
                self._read_order(order)

    def _read_order(self, order: BrokerOrder) -> None:
        if order.parent_id is not None:  # a leg: its entry tells the owner
            if not self._protects(order.symbol, Purpose.STOP):
                self.pending.setdefault(order.symbol, "a leg of a bracket")
            return
        decision = self.situation.ownership.decision_of(order)
        if decision is None:
            self._claim(order.symbol, FOREIGN, f"order {order.client_order_id}")
            self.pending.setdefault(order.symbol, f"order {order.client_order_id}")
        else:
            self._add_order(order.symbol, decision.strategy, decision.purpose)

    def _add_order(self, symbol: str, strategy: str, purpose: Purpose) -> None:
        text = _order_text(purpose, strategy)
        self._claim(symbol, strategy, text)
        if not self._protects(symbol, purpose):
            self.pending.setdefault(symbol, text)

    def _protects(self, symbol: str, purpose: Purpose) -> bool:
        """Whether an order of ours is the resting stop or target of a holding."""
        return purpose in (Purpose.STOP, Purpose.TARGET) and symbol in self._held_by_us

    def _claim(self, symbol: str, owner: str, by: str) -> None:
        if symbol not in self.claims:
            self.claims[symbol] = Claim(owner, by)


def _entries_decided(situation: Situation) -> set[tuple[str, str]]:
    """The strategies and symbols whose first entry of the session is among the decided ids."""
    if not situation.decided:
        return set()
    ours, today = account_hash(situation.account_key), situation.today
    parsed = (parse(client_order_id) for client_order_id in situation.decided)
    return {
        (made.strategy, made.symbol)
        for made in parsed
        if made and (made.account_hash, made.session, made.purpose, made.attempt) == (ours, today, Purpose.ENTRY, 1)
    }


def _order_text(purpose: Purpose, strategy: str) -> str:
    return f"the {purpose} of {strategy}"

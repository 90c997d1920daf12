"""The account with the entries planned so far counted in, so that two entries never exceed a limit together."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from tradebot.core.model.holdings import FOREIGN
from tradebot.core.model.limits import Limits
from tradebot.core.model.orders import BrokerOrder, Intent, Purpose
from tradebot.core.model.plan import Situation
from tradebot.core.model.values import ONE, ZERO
from tradebot.core.risk.exposure import SymbolExposure, measure_exposure, unseen_entries
from tradebot.core.risk.sizing import Headroom, reserved_cost


@dataclass(frozen=True, slots=True)
class Claim:
    """The owner of a symbol and the reason for people: "a position", or a live order."""

    owner: str  # a strategy, or FOREIGN
    by: str


class ProjectedAccount:
    """The use of the limits in a situation, with the entries that ``add_entry`` counts in.

    It is built once, in a time linear in the situation's size. Planned exits free nothing: they may not fill.

    unpriced: symbols with an order that may open a position at an unknown price.
    total: the exposure of all other symbols.
    held: shares by symbol, as either the broker or the ledger shows them; an entry beside a holding that the broker
        does not show could double it.
    claims: the owner by symbol.
    pending: a live order by symbol, for people, without resting stops and targets of ours.
    buying_power: USD that entries may still cost.
    """

    def __init__(self, situation: Situation) -> None:
        self.situation = situation
        exposure = measure_exposure(situation)
        self.unpriced = exposure.unpriced
        self.total = exposure.total
        self.entries = situation.counters.entries_sent
        self.orders_sent = situation.counters.orders_sent
        self.orders_last_minute = situation.counters.orders_last_minute
        self.decided = set(situation.decided)
        self.held = {holding.symbol: holding.quantity for holding in situation.holdings}
        self.held |= {position.symbol: position.quantity for position in situation.positions if position.quantity}
        self.claims: dict[str, Claim] = {}
        self.pending: dict[str, str] = {}
        self._exposures = dict(exposure.by_symbol)
        # The broker has reserved the buying power of the orders that it shows, and may not have for the others.
        unseen = unseen_entries(situation)
        reserved = (reserved_cost(intent.remaining, intent.most_paid) for intent in unseen)
        self.buying_power = situation.account.buying_power - sum(reserved, ZERO)
        self._held_by_us = {holding.symbol for holding in situation.holdings}
        self._read_claims()

    @property
    def limits(self) -> Limits:
        """The account's limits."""
        return self.situation.limits

    @property
    def equity(self) -> Decimal:
        """The account's equity, USD."""
        return self.situation.account.equity

    @property
    def position_count(self) -> int:
        """The number of symbols with a position, foreign ones included, or with an order that may open one."""
        return len(self._exposures.keys() | self.unpriced)

    def exposure_in(self, symbol: str) -> SymbolExposure:
        """The exposure in one symbol."""
        return self._exposures.get(symbol, SymbolExposure())

    def headroom(self, symbol: str) -> Headroom:
        """What every limit leaves for an entry into ``symbol``."""
        limits, equity = self.limits, self.equity
        return Headroom(
            equity=equity,
            position_value=equity * limits.max_position_size_pct - self.exposure_in(symbol).value,
            gross_exposure=equity * limits.max_gross_exposure_pct - self.total.value,
            portfolio_risk=equity * limits.max_portfolio_risk_pct - self.total.risk,
            buying_power=self.buying_power,
            order_shares=self.max_shares_by_volume(symbol),
        )

    def max_shares_by_volume(self, symbol: str) -> Decimal:
        """The most shares of one entry by the symbol's average volume; 0 when the volume is unknown."""
        return self.situation.average_volume.get(symbol, ZERO) * self.limits.max_order_adv_pct

    def add_entry(self, entry: Intent, stop: Decimal) -> None:
        """Count a planned entry as if it were sent and filled. ``stop``: its stop price."""
        quantity, price, symbol = entry.request.quantity, entry.most_paid, entry.symbol
        added = SymbolExposure(quantity * price, quantity * abs(price - stop))
        self._exposures[symbol] = self.exposure_in(symbol) + added
        self.total += added
        self.buying_power -= reserved_cost(quantity, price)
        self.entries += 1
        self.orders_sent += 1
        self.orders_last_minute += 1
        self.decided.add(entry.client_order_id)
        self._claim(symbol, entry.strategy, _order_text(entry.purpose, entry.strategy))
        self.pending[symbol] = _order_text(entry.purpose, entry.strategy)

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
        self.claims.setdefault(symbol, Claim(owner, by))


def _order_text(purpose: Purpose, strategy: str) -> str:
    return f"the {purpose} of {strategy}"

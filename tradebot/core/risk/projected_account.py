"""The account as it would stand after the entries planned so far, so that two of them never exceed a limit together."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from tradebot.core.model.holdings import FOREIGN
from tradebot.core.model.orders import BrokerOrder, Intent, Purpose
from tradebot.core.model.plan import Situation
from tradebot.core.model.values import ZERO
from tradebot.core.risk.exposure import SymbolExposure, measure, unseen_entries
from tradebot.core.risk.sizing import Room, cost


@dataclass(frozen=True, slots=True)
class Claim:
    """Who has a symbol, and by what: "a position", or a live order in words."""

    owner: str
    by: str


class ProjectedAccount:
    """What a situation leaves free. Built once, in a time linear in its size; it changes by ``take`` alone.

    Exits planned beside the entries free nothing: they may not fill.
    """

    def __init__(self, situation: Situation) -> None:
        self.situation = situation
        exposure = measure(situation)
        self.unpriced = exposure.unpriced
        self.total = exposure.total
        self.entries = situation.counters.entries_sent
        self.orders_sent = situation.counters.orders_sent
        self.orders_last_minute = situation.counters.orders_last_minute
        self.decided = set(situation.decided)
        # What either side says is held: an entry into a holding that the broker does not show could double it.
        self.held = {holding.symbol: holding.quantity for holding in situation.holdings}
        self.held |= {position.symbol: position.quantity for position in situation.positions if position.quantity}
        self.claims: dict[str, Claim] = {}
        self.pending: dict[str, str] = {}  # symbol to a live order in it, in words
        self._stakes = dict(exposure.stakes)
        unseen = unseen_entries(situation)
        # Orders that the broker shows have reserved their buying power; of the others it may not know yet.
        reserved = (cost(intent.remaining, intent.planned_price) for intent in unseen)
        self.buying_power = situation.account.buying_power - sum(reserved, ZERO)
        self._ours_held = {holding.symbol for holding in situation.holdings}
        self._read_claims()

    @property
    def symbols_at_stake(self) -> int:
        """How many symbols hold a position, foreign ones included, or have an order that may open one."""
        return len(self._stakes) + sum(symbol not in self._stakes for symbol in self.unpriced)

    def stake_in(self, symbol: str) -> SymbolExposure:
        return self._stakes.get(symbol, SymbolExposure())

    def room(self, symbol: str) -> Room:
        """What every limit leaves for an entry into ``symbol``."""
        limits, equity = self.situation.limits, self.situation.account.equity
        return Room(
            equity=equity,
            position_value=equity * limits.max_position_size_pct - self.stake_in(symbol).value,
            gross_exposure=equity * limits.max_gross_exposure_pct - self.total.value,
            portfolio_risk=equity * limits.max_portfolio_risk_pct - self.total.risk,
            buying_power=self.buying_power,
            order_shares=self.largest_order(symbol),
        )

    def largest_order(self, symbol: str) -> Decimal:
        """How many shares of ``symbol`` one entry may have beside what trades in it; none, when that is not known."""
        return self.situation.average_volume.get(symbol, ZERO) * self.situation.limits.max_order_adv_pct

    def take(self, entry: Intent, stop: Decimal) -> None:
        """Count a planned entry as if it had been sent and would fill."""
        quantity, price, symbol = entry.request.quantity, entry.planned_price, entry.symbol
        stake = SymbolExposure(quantity * price, quantity * abs(price - stop))
        self._stakes[symbol] = self.stake_in(symbol) + stake
        self.total += stake
        self.buying_power -= cost(quantity, price)
        self.entries += 1
        self.orders_sent += 1
        self.orders_last_minute += 1
        self.decided.add(entry.client_order_id)
        self._claim(symbol, entry.strategy, _in_words(entry))
        self.pending[symbol] = _in_words(entry)

    def _read_claims(self) -> None:
        """Who has which symbol: first by what is held, then by orders that left, then by those at the broker."""
        situation = self.situation
        for holding in situation.holdings:
            self._claim(holding.symbol, holding.strategy, "a position")
        for symbol in self.held:
            self._claim(symbol, FOREIGN, "a position")
        for intent in situation.unsettled:
            if intent.state.live:
                self._claim(intent.symbol, intent.strategy, _in_words(intent))
                if not self._protects(intent.symbol, intent.purpose):
                    self.pending.setdefault(intent.symbol, _in_words(intent))
        for order in situation.open_orders:
            if order.state.live:
                self._read_order(order)

    def _read_order(self, order: BrokerOrder) -> None:
        if order.parent_id is not None:  # a leg's own id says nothing of its owner
            if not self._protects(order.symbol, Purpose.STOP):
                self.pending.setdefault(order.symbol, "a leg of a bracket")
            return
        decision = self.situation.ownership.decision_of(order)
        if decision is None:
            self._claim(order.symbol, FOREIGN, f"order {order.client_order_id}")
            self.pending.setdefault(order.symbol, f"order {order.client_order_id}")
            return
        words = f"the {decision.purpose} of {decision.strategy}"
        self._claim(order.symbol, decision.strategy, words)
        if not self._protects(order.symbol, decision.purpose):
            self.pending.setdefault(order.symbol, words)

    def _protects(self, symbol: str, purpose: Purpose) -> bool:
        """Whether an order of ours is the resting stop or target of what is held: no business under way."""
        return purpose in (Purpose.STOP, Purpose.TARGET) and symbol in self._ours_held

    def _claim(self, symbol: str, owner: str, by: str) -> None:
        self.claims.setdefault(symbol, Claim(owner, by))


def _in_words(intent: Intent) -> str:
    return f"the {intent.purpose} of {intent.strategy}"

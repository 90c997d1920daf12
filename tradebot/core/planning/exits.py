"""Planning of exits: which holdings are closed now, and with how many shares.

An exit is checked for the account, the session, duplication and the available shares only. No limit and no halt keeps
a position open.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from tradebot.core.model.exits import Exit
from tradebot.core.model.holdings import Holding
from tradebot.core.model.order_ids import client_order_id, next_attempt
from tradebot.core.model.order_rules import US_STOCKS
from tradebot.core.model.orders import BrokerOrder, Intent, OrderRequest, OrderType, Purpose, TimeInForce
from tradebot.core.model.plan import Denial, DenialCode, Situation
from tradebot.core.model.signals import Action
from tradebot.core.model.values import ZERO, canonical
from tradebot.core.planning.exit_rules import due_exit


@dataclass(frozen=True, slots=True)
class ExitDecision:
    """What became of a holding that is due: why it is closed and with how many shares, or what objects to it."""

    holding: Holding
    due: Exit
    quantity: Decimal  # shares
    objections: tuple[Denial, ...]


def plan_exits(situation: Situation) -> tuple[tuple[Intent, ...], tuple[Denial, ...]]:
    """The closing orders to send now, and the denials of holdings that are due and cannot be closed."""
    planner = _ExitPlanner(situation)
    exits: list[Intent] = []
    denials: list[Denial] = []
    for decision in planner.decisions():
        if decision.objections:
            denials.extend(decision.objections)
        else:
            exits.append(planner.intent(decision))
    return tuple(exits), tuple(denials)


def decide_exits(situation: Situation) -> Iterator[ExitDecision]:
    """Decide on each holding that is due. Holdings that are not due need not be in the situation."""
    return _ExitPlanner(situation).decisions()


class _ExitPlanner:
    """A situation with indexes by symbol, built once."""

    def __init__(self, situation: Situation) -> None:
        self.situation = situation
        self.positions = {position.symbol: position for position in situation.positions}
        self.exit_signals = {
            (signal.strategy, signal.symbol): signal for signal in situation.signals if signal.action is Action.EXIT
        }
        self.live_exits = {
            intent.symbol: f"the {intent.purpose} of {intent.strategy}"
            for intent in situation.unsettled
            if intent.state.live and intent.purpose in (Purpose.EXIT, Purpose.CLOSE)
        }
        self.foreign_orders: dict[str, list[BrokerOrder]] = {}
        self.own_orders: dict[str, list[BrokerOrder]] = {}
        for order in situation.open_orders:
            if order.state.live:
                by_owner = self.foreign_orders if situation.ownership.is_foreign(order) else self.own_orders
                by_owner.setdefault(order.symbol, []).append(order)

    def decisions(self) -> Iterator[ExitDecision]:
        for holding in self.situation.holdings:
            due = self._due(holding)
            if due is not None:
                available = self._available(holding)
                yield ExitDecision(holding, due, available, self._objections(holding, available))

    def _due(self, holding: Holding) -> Exit | None:
        quote = self.situation.quotes.get(holding.symbol)
        signal = self.exit_signals.get((holding.strategy, holding.symbol))
        last = quote.last if quote else None
        return due_exit(holding, signal, last, target_rests=self.situation.capabilities.brackets)

    def _objections(self, holding: Holding, available: Decimal) -> tuple[Denial, ...]:
        situation = self.situation
        objections: list[tuple[DenialCode, str]] = []
        if situation.account.blocked:
            objections.append((DenialCode.ACCOUNT_BLOCKED, "the broker has blocked the account"))
        if not situation.session_open:
            objections.append((DenialCode.MARKET_CLOSED, "the exchange is closed; the stop at the broker stays"))
        asset, quote = situation.assets.get(holding.symbol), situation.quotes.get(holding.symbol)
        if (asset is not None and not asset.tradable) or (quote is not None and quote.halted):
            objections.append(
                (DenialCode.NOT_TRADABLE, f"{holding.symbol} does not trade now; the stop at the broker stays")
            )
        if holding.symbol in self.live_exits:
            objections.append((DenialCode.ORDER_PENDING, f"{self.live_exits[holding.symbol]} is under way"))
        if available <= 0:
            objections.append((DenialCode.NOTHING_TO_SELL, self._why_nothing(holding)))
        return tuple(Denial(code, holding.strategy, holding.symbol, Purpose.EXIT, text) for code, text in objections)

    def _available(self, holding: Holding) -> Decimal:
        """The shares of ours that can be closed: those that the broker shows and no order of others closes or holds.

        Our stop and target do not count: the exit cancels them first. A fraction of a share stays where the broker
        trades none, or none of so small a value.
        """
        position = self.positions.get(holding.symbol)
        if position is None:
            return ZERO
        taken = sum((order.shares_at(position.market_price) for order in self._foreign_closing(holding)), ZERO)
        free = min(
            holding.shares_in(position), abs(position.quantity) - taken, position.free_beside(self._own(holding))
        )
        asset = self.situation.assets.get(holding.symbol)
        fractionable = self.situation.capabilities.fractions and asset is not None and asset.fractionable
        return US_STOCKS.saleable(free, position.market_price, fractionable=fractionable)

    def intent(self, decision: ExitDecision) -> Intent:
        situation, holding, due = self.situation, decision.holding, decision.due
        attempt = self._next_attempt(holding)
        quote = situation.quotes.get(holding.symbol)
        request = OrderRequest(
            client_order_id=client_order_id(
                situation.account_key, situation.today, holding.strategy, holding.symbol, Purpose.EXIT, attempt
            ),
            symbol=holding.symbol,
            side=holding.side.opposite,
            quantity=decision.quantity,
            type=OrderType.MARKET,
            time_in_force=TimeInForce.DAY,
        )
        return Intent(
            request=request,
            account_key=situation.account_key,
            session=situation.today,
            strategy=holding.strategy,
            purpose=Purpose.EXIT,
            attempt=attempt,
            planned_price=quote.last if quote else self.positions[holding.symbol].market_price,
            reason=due.reason,
            exit_kind=due.kind,
        )

    def _next_attempt(self, holding: Holding) -> int:
        """The number after the session's exits of the holding. They are over: a live one is an objection."""
        decided = map(self.situation.ownership.decision, self.situation.decided)
        wanted = (holding.strategy, holding.symbol, Purpose.EXIT)
        return next_attempt(
            each.attempt for each in decided if each and (each.strategy, each.symbol, each.purpose) == wanted
        )

    def _foreign_closing(self, holding: Holding) -> list[BrokerOrder]:
        orders = self.foreign_orders.get(holding.symbol, [])
        return [order for order in orders if order.side is holding.side.opposite]

    def _own(self, holding: Holding) -> Decimal:
        """The shares that live orders of ours close."""
        ours = self.own_orders.get(holding.symbol, [])
        return sum((order.remaining for order in ours if order.side is holding.side.opposite), ZERO)

    def _why_nothing(self, holding: Holding) -> str:
        position = self.positions.get(holding.symbol)
        if holding.shares_in(position) == 0:
            there = canonical(position.quantity) if position else "none"
            return f"the ledger holds {canonical(holding.quantity)} {holding.symbol}, and the broker shows {there}"
        ids = ", ".join(order.client_order_id or order.broker_order_id for order in self._foreign_closing(holding))
        if ids:
            return f"the shares of {holding.symbol} are taken by {ids}"
        if position is not None and position.free_beside(self._own(holding)) <= 0:
            held = canonical(position.held_for_sells or ZERO)
            return f"sells that no list shows hold {held} {holding.symbol} at the broker"
        return "the rest is a fraction that cannot be sold"

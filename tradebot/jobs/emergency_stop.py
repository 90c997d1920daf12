"""emergency-stop: latch first, cancel what could open or add, close what was asked, and say truthfully what is left.

It takes no lock, writes no ledger and loads no strategy, so that it works when those are what is broken. What it did
lies in the latch file and at the broker; the next job takes both into the ledger.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date

from tradebot.core.account import Position
from tradebot.core.halts import Halt, HaltLevel, HaltRule, HaltSource
from tradebot.core.holdings import Holding
from tradebot.core.ids import client_order_id, parse
from tradebot.core.orders import BrokerOrder, OrderRequest, OrderType, Purpose, Side, TimeInForce
from tradebot.core.outcomes import StopLine, StopOutcome
from tradebot.core.protection import GapKind, gaps
from tradebot.core.records import RunStatus
from tradebot.core.schedule import Job
from tradebot.core.values import ZERO
from tradebot.errors import BrokerUnavailable, ExitCode, LedgerError, OrderRefused, OutcomeUnknown, TradebotError
from tradebot.jobs.desk import Story, session_of
from tradebot.jobs.sending import LOOKS
from tradebot.ports import Alerts, Broker, Clock, Latch, MarketData

#: How often the broker has to show the wanted state before it is believed.
LOOKS_THAT_AGREE = 2


@dataclass(frozen=True, slots=True)
class StopDesk:
    """The few ports that an emergency stop needs.

    ``holdings`` reads the ledger and may raise LedgerError. ``not_latched`` says why the latch could not be written;
    cancels and closes go on without it.
    """

    account_key: str
    clock: Clock
    broker: Broker
    market: MarketData
    latch: Latch
    alerts: Alerts
    holdings: Callable[[], tuple[Holding, ...]]
    not_latched: str = ""


@dataclass(slots=True)
class _Stop:
    """What one emergency stop has found and done so far."""

    desk: StopDesk
    story: Story
    close: bool
    holdings: tuple[Holding, ...] | None
    lines: list[StopLine] = field(default_factory=list)
    closing: dict[str, Position] = field(default_factory=dict)

    def ours(self, position: Position) -> bool:
        """Whether the bot opened a position. With an unreadable ledger the broker's orders have to tell."""
        if self.holdings is not None:
            return any(holding.symbol == position.symbol for holding in self.holdings)
        return position.symbol in self.traded_by_us

    @property
    def traded_by_us(self) -> frozenset[str]:
        fills = self.desk.broker.activities(None)
        ids = (getattr(fill, "client_order_id", "") for fill in fills)
        return frozenset(parsed.symbol for parsed in map(parse, ids) if parsed is not None)


def set_latch(latch: Latch, clock: Clock, reason: str) -> str:
    """Write the halt down with fsync; nothing else comes before it. Gives why it could not be written, or ""."""
    try:
        latch.set(Halt(HaltSource.LATCH_FILE, HaltRule.OPERATOR, HaltLevel.HALTED, reason, since=clock.now()))
    except TradebotError as error:
        return str(error)
    return ""


def run(desk: StopDesk, *, close_positions: bool) -> StopOutcome:
    """Stop an account that is latched already. Every request is tried; what failed is told, and left for a next try."""
    market = desk.broker.clock()
    story = Story(Job.EMERGENCY_STOP, market, session_of(market))
    stop = _Stop(desk, story, close_positions, _known_holdings(desk, story))
    story.halts = list(desk.latch.read())
    if desk.not_latched:
        story.failed("latch", f"jobs are not halted: {desk.not_latched}", ExitCode.INCOMPLETE)
    _cancel_orders(stop)
    if close_positions:
        _close_positions(stop)
    else:
        _keep_protection(stop)
    return _verify(stop)


def _known_holdings(desk: StopDesk, story: Story) -> tuple[Holding, ...] | None:
    try:
        return desk.holdings()
    except LedgerError as error:
        story.failed("ledger", f"it cannot be read; the broker's own records tell what is ours ({error})")
        return None


def _cancel_orders(stop: _Stop) -> None:
    """Cancel what could open or add; with --close-positions everything, because resting exits hold the shares."""
    positions = {position.symbol: position for position in stop.desk.broker.positions()}
    for order in _tops_first(stop.desk.broker.open_orders()):
        position = positions.get(order.symbol)
        if _reduces(order, position) and not (stop.close and position and stop.ours(position)):
            stop.lines.append(_order_line(order, "kept: it can only reduce"))
            continue
        try:
            stop.desk.broker.cancel(order.broker_order_id)
        except OrderRefused:
            continue  # it ended by itself; the verification looks again
        except TradebotError as error:
            stop.lines.append(_order_line(order, "still open", str(error)))
            continue
        stop.lines.append(_order_line(order, "cancelled"))


def _close_positions(stop: _Stop) -> None:
    _wait_until(stop, lambda: not _resting_on_ours(stop))
    for position in stop.desk.broker.positions():
        if not stop.ours(position):
            stop.lines.append(_position_line(position, "foreign, left open"))
            continue
        stop.closing[position.symbol] = position
        _submit(stop, _close_request(position), Purpose.CLOSE, position)


def _keep_protection(stop: _Stop) -> None:
    """Re-arm the stops of what stays open."""
    if stop.holdings is None:
        return
    broker = stop.desk.broker
    positions = broker.positions()
    quotes = stop.desk.market.quotes(position.symbol for position in positions)
    for gap in gaps(stop.holdings, positions, broker.open_orders(), quotes):
        position = next(position for position in positions if position.symbol == gap.symbol)
        if gap.kind is GapKind.MISSING:
            request = replace(
                _close_request(position),
                quantity=abs(gap.held),
                type=OrderType.STOP,
                time_in_force=TimeInForce.GTC,
                stop_price=gap.stop_price,
            )
            _submit(stop, request, Purpose.STOP, position)


def _submit(stop: _Stop, request: OrderRequest, purpose: Purpose, position: Position) -> None:
    """Send one reducing order under an id that a second emergency stop of the session would find again."""
    symbol = request.symbol
    strategy = next((h.strategy for h in stop.holdings or () if h.symbol == symbol), "emergency_stop")
    try:
        for attempt in range(1, 100):
            order_id = _id(stop, stop.story.session, strategy, symbol, purpose, attempt)
            existing = stop.desk.broker.order(order_id)
            if existing is not None and existing.state.live:
                return
            if existing is None:
                stop.desk.broker.submit(replace(request, client_order_id=order_id))
                return
    except (OrderRefused, OutcomeUnknown, BrokerUnavailable) as error:
        stop.lines.append(_position_line(position, "still open", str(error)))


def _verify(stop: _Stop) -> StopOutcome:
    """Look until the broker has shown the wanted state twice, then say what is left."""
    agreed = 0

    def shown_twice() -> bool:
        nonlocal agreed
        agreed = agreed + 1 if not _left_open(stop) else 0
        return agreed >= LOOKS_THAT_AGREE

    _wait_until(stop, shown_twice)
    orders, positions = _left_orders(stop), _left_positions(stop)
    stop.lines.extend(_order_line(order, "still open") for order in orders)
    stop.lines.extend(_left_line(stop, position) for position in positions)
    left = {position.symbol for position in positions}
    gone = [position for symbol, position in stop.closing.items() if symbol not in left]
    stop.lines.extend(_position_line(position, "closed") for position in gone)
    if orders or (stop.close and positions):
        stop.story.add(ExitCode.INCOMPLETE)
    story = stop.story
    story.account = stop.desk.broker.account()
    done = "stopped: no order that could open or add is left"
    if stop.close:
        done = (
            "stopped: no order and no position of ours is left" if not positions else "stopped, not everything closed"
        )
    headline = done if not orders else f"latched, but {len(orders)} orders are still open"
    stop.desk.alerts.send("critical", "emergency stop", headline)
    base = story.outcome(RunStatus.RAN, headline)
    return StopOutcome.of(
        base,
        lines=tuple(stop.lines),
        still_open_orders=len(orders),
        still_open_positions=len(positions),
    )


def _left_open(stop: _Stop) -> bool:
    return bool(_left_orders(stop)) or (stop.close and bool(_left_positions(stop)))


def _left_orders(stop: _Stop) -> tuple[BrokerOrder, ...]:
    """The orders that still could open or add."""
    positions = {position.symbol: position for position in stop.desk.broker.positions()}
    return tuple(o for o in stop.desk.broker.open_orders() if not _reduces(o, positions.get(o.symbol)))


def _left_positions(stop: _Stop) -> tuple[Position, ...]:
    return tuple(position for position in stop.desk.broker.positions() if stop.ours(position))


def _resting_on_ours(stop: _Stop) -> tuple[BrokerOrder, ...]:
    symbols = {position.symbol for position in _left_positions(stop)}
    return tuple(order for order in stop.desk.broker.open_orders() if order.symbol in symbols)


def _wait_until(stop: _Stop, reached: Callable[[], bool]) -> None:
    for pause in LOOKS:
        stop.desk.clock.sleep(pause)
        if reached():
            return


def _reduces(order: BrokerOrder, position: Position | None) -> bool:
    """True for an order that can only make a position smaller, the legs of a bracket that has filled included."""
    if position is None or position.quantity == 0:
        return False
    closing = Side.SELL if position.quantity > 0 else Side.BUY
    return order.side is closing and order.remaining <= abs(position.quantity)


def _tops_first(orders: tuple[BrokerOrder, ...]) -> list[BrokerOrder]:
    """Parents before their legs, which end with them."""
    return sorted(orders, key=lambda order: order.parent_id is not None)


def _close_request(position: Position) -> OrderRequest:
    return OrderRequest(
        client_order_id="",
        symbol=position.symbol,
        side=Side.SELL if position.quantity > 0 else Side.BUY,
        quantity=abs(position.quantity),
        type=OrderType.MARKET,
        time_in_force=TimeInForce.DAY,
    )


def _id(stop: _Stop, session: date, strategy: str, symbol: str, purpose: Purpose, attempt: int) -> str:
    return client_order_id(stop.desk.account_key, session, strategy, symbol, purpose, attempt)


def _left_line(stop: _Stop, position: Position) -> StopLine:
    if not stop.close:
        return _position_line(position, "left open with its stop")
    queued = not stop.story.market.is_open
    return _position_line(position, "still open", "its closing order is queued for the open" if queued else "")


def _order_line(order: BrokerOrder, result: str, detail: str = "") -> StopLine:
    price = order.limit_price or order.stop_price or ZERO
    return StopLine("order", order.symbol, order.remaining, result, order.remaining * price, detail)


def _position_line(position: Position, result: str, detail: str = "") -> StopLine:
    return StopLine("position", position.symbol, position.quantity, result, abs(position.market_value), detail)

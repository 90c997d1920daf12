"""emergency-stop: latch first, cancel what could open or add, close what was asked, and say truthfully what is left.

It takes no lock, writes no ledger and loads no strategy, so that it works when those are what is broken. What it did
lies in the latch file and at the broker; the next job takes both into the ledger. What a person ordered or bought by
hand is left alone, and told.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal

from tradebot.core.account import Activity, Position
from tradebot.core.halts import Halt, HaltLevel, HaltRule, HaltSource
from tradebot.core.ids import client_order_id
from tradebot.core.orders import BrokerOrder, OrderRequest, OrderType, Purpose, Side, TimeInForce
from tradebot.core.protection import Gap, gaps
from tradebot.core.records import RunStatus
from tradebot.core.schedule import Job
from tradebot.core.stopped import StopLine, StopOutcome
from tradebot.core.values import ZERO
from tradebot.core.wording import plural
from tradebot.errors import BrokerUnavailable, ExitCode, LedgerError, TradebotError
from tradebot.jobs.belongings import Explained, Lots, decision_of, is_sent_by_us, lots_after, ours_among
from tradebot.jobs.desk import Story, session_of
from tradebot.jobs.sending import LOOKS
from tradebot.ports import Alerts, Broker, Clock, Latch, MarketData

#: How often the broker has to show the wanted state before it is believed.
LOOKS_THAT_AGREE = 2
#: Its attempts are counted from here, far beyond those of jobs, which are counted in the ledger that it does not write.
ATTEMPTS = range(1001, 1100)


@dataclass(frozen=True, slots=True)
class StopDesk:
    """The few ports that an emergency stop needs.

    ``explained`` reads the ledger and may raise LedgerError. ``not_latched`` says why the latch could not be written,
    which stops no cancel and no close.
    """

    account_key: str
    clock: Clock
    broker: Broker
    market: MarketData
    latch: Latch
    alerts: Alerts
    explained: Callable[[], Explained]
    not_latched: str = ""


@dataclass(frozen=True, slots=True)
class _View:
    """The account as the broker shows it at one moment; ``positions`` is None where they could not be read."""

    account_key: str
    orders: tuple[BrokerOrder, ...]
    positions: Mapping[str, Position] | None
    lots: Lots

    def ours(self, order: BrokerOrder) -> bool:
        return is_sent_by_us(order, self.orders, self.lots, self.account_key)

    def purpose(self, order: BrokerOrder) -> Purpose | None:
        """Why an order of ours was sent; None for a leg, whose id the broker may have made."""
        made = decision_of(order.client_order_id, self.account_key)
        return made.purpose if made else None

    def is_closing(self, symbol: str) -> bool:
        """Whether a closing order of an emergency stop waits already."""
        return any(o.symbol == symbol and self.purpose(o) is Purpose.CLOSE for o in self.orders)

    def owner(self, symbol: str) -> str:
        """The strategy that holds a symbol."""
        return ours_among(self.lots[symbol])[0].strategy

    def shares(self, position: Position) -> Decimal:
        """How many shares of a position are ours, never negative."""
        held = sum((lot.quantity for lot in ours_among(self.lots.get(position.symbol, ()))), ZERO)
        return min(abs(held), abs(position.quantity)) if held * position.quantity > 0 else ZERO

    def held_by_us(self) -> tuple[Position, ...]:
        return tuple(position for position in (self.positions or {}).values() if self.shares(position))


@dataclass(slots=True)
class _Stop:
    """What one emergency stop has found and done so far.

    ``trouble`` says by an order's broker id, or by a position's symbol, what stood in the way of ending it;
    ``cancelled`` holds the broker's ids of orders whose cancel was taken; ``closing`` the positions to be closed as
    they were, with our shares of them.
    """

    desk: StopDesk
    story: Story
    close: bool
    explained: Explained
    lines: list[StopLine] = field(default_factory=list)
    trouble: dict[str, str] = field(default_factory=dict)
    cancelled: set[str] = field(default_factory=set)
    closing: dict[str, tuple[Position, Decimal]] = field(default_factory=dict)

    def unread(self, what: str, error: TradebotError) -> None:
        """Something that could not be read; said once."""
        if all(failure.what != what for failure in self.story.failures):
            self.story.failed(what, str(error), ExitCode.BROKER)

    def must_go(self, order: BrokerOrder, view: _View) -> bool:
        """Whether an order has to be cancelled: one that could open or add, or that holds shares we are to sell."""
        if not view.ours(order):
            return False
        match view.purpose(order):
            case Purpose.CLOSE:
                return False
            case Purpose.ENTRY:
                return True
        if view.positions is None:
            return False
        return self.close or not _reduces(order, view.positions.get(order.symbol))

    def still_to_go(self, view: _View) -> tuple[BrokerOrder, ...]:
        return tuple(order for order in view.orders if self.must_go(order, view))

    def is_reached(self, view: _View) -> bool:
        """Whether a look shows what was wanted."""
        return view.positions is not None and not self.still_to_go(view) and not (self.close and view.held_by_us())


def set_latch(latch: Latch, clock: Clock, reason: str) -> str:
    """Write the halt down with fsync; nothing else comes before it. Gives why it could not be written, or ""."""
    try:
        latch.set(Halt(HaltSource.LATCH_FILE, HaltRule.OPERATOR, HaltLevel.HALTED, reason, since=clock.now()))
    except TradebotError as error:
        return str(error)
    return ""


def run(desk: StopDesk, *, close_positions: bool) -> StopOutcome:
    """Stop an account that is latched already. Every request is tried; what failed is told, and left for a next try.

    Raises BrokerUnavailable when not even the broker's clock can be read.
    """
    market = desk.broker.clock()
    story = Story(Job.EMERGENCY_STOP, market, session_of(market))
    stop = _Stop(desk, story, close_positions, _explained(desk, story))
    story.halts = list(desk.latch.read())
    if desk.not_latched:
        story.failed("latch", f"jobs are not halted: {desk.not_latched}", ExitCode.INCOMPLETE)
    last: _View | None = None
    try:
        _cancel_orders(stop)
        if close_positions:
            _close_positions(stop)
        else:
            _keep_protection(stop)
        last = _looked_until_reached(stop)
    except BrokerUnavailable as error:
        stop.unread("broker", error)
    return _outcome(stop, last)


def _explained(desk: StopDesk, story: Story) -> Explained:
    try:
        return desk.explained()
    except LedgerError as error:
        story.failed("ledger", f"it cannot be read; the broker's own records tell what is ours ({error})")
        return Explained()


def _look(stop: _Stop) -> _View:
    """Raises BrokerUnavailable when not even the orders can be read."""
    broker = stop.desk.broker
    activities: tuple[Activity, ...] = ()
    positions: dict[str, Position] | None = None
    try:
        activities = broker.activities(stop.explained.cursor)
    except BrokerUnavailable as error:
        stop.unread("activities", error)
    try:
        positions = {position.symbol: position for position in broker.positions()}
    except BrokerUnavailable as error:
        stop.unread("positions", error)
    key = stop.desk.account_key
    return _View(key, broker.open_orders(), positions, lots_after(stop.explained, activities, key))


def _cancel_orders(stop: _Stop) -> None:
    view = _look(stop)
    for order in sorted(view.orders, key=lambda order: order.parent_id is not None):  # legs end with their parents
        if not view.ours(order):
            stop.lines.append(_order_line(order, "foreign, left open"))
        elif not stop.must_go(order, view):
            closing = view.purpose(order) is Purpose.CLOSE
            stop.lines.append(_order_line(order, "kept: it closes" if closing else "kept: it can only reduce"))
        else:
            _cancel(stop, order)


def _cancel(stop: _Stop, order: BrokerOrder) -> None:
    try:
        stop.desk.broker.cancel(order.broker_order_id)
    except TradebotError as error:  # it may have ended by itself: the looks that follow tell
        stop.trouble[order.broker_order_id] = str(error)
    else:
        stop.cancelled.add(order.broker_order_id)
        stop.lines.append(_order_line(order, "cancelled"))


def _close_positions(stop: _Stop) -> None:
    """Sell what is ours, but nothing that a resting order may still sell: its shares would be sold twice."""
    for pause in LOOKS:
        stop.desk.clock.sleep(pause)
        view = _look(stop)
        for order in stop.still_to_go(view):  # the legs of an entry that filled meanwhile, say
            if order.broker_order_id not in stop.cancelled:
                _cancel(stop, order)
        if not stop.still_to_go(view):
            break
    blocked = {order.symbol for order in stop.still_to_go(view)}
    for position in view.held_by_us():
        shares = view.shares(position)
        stop.closing[position.symbol] = (position, shares)
        if position.symbol in blocked:
            stop.trouble[position.symbol] = "not sold, because an order that could not be cancelled may still sell it"
        elif not view.is_closing(position.symbol):
            _submit(stop, _close_request(position, shares), Purpose.CLOSE, view.owner(position.symbol))


def _keep_protection(stop: _Stop) -> None:
    """Re-arm the stops of what stays open."""
    view = _look(stop)
    positions = tuple((view.positions or {}).values())
    quotes = stop.desk.market.quotes(position.symbol for position in positions)
    for gap in gaps(stop.explained.holdings, positions, view.orders, quotes):
        uncovered = abs(gap.held - gap.protected)
        request = _stop_request(gap, uncovered)
        if uncovered and _submit(stop, request, Purpose.STOP, gap.strategy):
            dollars = uncovered * gap.stop_price
            stop.lines.append(StopLine("order", gap.symbol, uncovered, "stop placed", dollars, f"at {gap.stop_price}"))


def _submit(stop: _Stop, request: OrderRequest, purpose: Purpose, strategy: str) -> bool:
    """Send one reducing order under an id that a second emergency stop of the session would find again.

    Gives whether the broker took one now; it may have one already.
    """
    broker, symbol = stop.desk.broker, request.symbol
    try:
        for attempt in ATTEMPTS:
            order_id = client_order_id(stop.desk.account_key, stop.story.session, strategy, symbol, purpose, attempt)
            existing = broker.order(order_id)
            if existing is None:
                broker.submit(replace(request, client_order_id=order_id))
            if existing is None or existing.state.live:
                return existing is None
    except TradebotError as error:
        stop.trouble[symbol] = str(error)
    return False


def _looked_until_reached(stop: _Stop) -> _View:
    """Look until the broker has shown the wanted state twice, for a bounded time; gives the last look."""
    agreed = 0
    for pause in LOOKS:
        stop.desk.clock.sleep(pause)
        view = _look(stop)
        agreed = agreed + 1 if stop.is_reached(view) else 0
        if agreed == LOOKS_THAT_AGREE:
            break
    return view


def _outcome(stop: _Stop, last: _View | None) -> StopOutcome:
    story = stop.story
    orders: tuple[BrokerOrder, ...] = ()
    positions: tuple[Position, ...] = ()
    if last is None or last.positions is None:
        headline = "latched, but the broker could not be read to the end: run it again"
        story.add(ExitCode.INCOMPLETE)
    else:
        orders, positions = stop.still_to_go(last), last.held_by_us()
        headline = _tell_what_is_left(stop, last)
    try:
        story.account = stop.desk.broker.account()
    except BrokerUnavailable as error:
        stop.unread("account", error)
    stop.desk.alerts.send("critical", "emergency stop", headline)
    return StopOutcome.of(
        story.outcome(RunStatus.RAN, headline),
        lines=tuple(stop.lines),
        still_open_orders=len(orders),
        still_open_positions=len(positions),
    )


def _tell_what_is_left(stop: _Stop, last: _View) -> str:
    """Add a line for each order and position that is left or closed; gives the headline."""
    orders, positions = stop.still_to_go(last), last.held_by_us()
    for order in orders:
        stop.lines.append(_order_line(order, "still open", stop.trouble.get(order.broker_order_id, "")))
    for position in (last.positions or {}).values():
        shares = last.shares(position)
        if shares:
            stop.lines.append(_left_line(stop, last, position, shares))
        if shares < abs(position.quantity):
            stop.lines.append(_position_line(position, abs(position.quantity) - shares, "foreign, left open"))
    left = {position.symbol for position in positions}
    for symbol, (position, shares) in stop.closing.items():
        if symbol not in left:
            stop.lines.append(_position_line(position, shares, "closed"))
    if orders or (stop.close and positions):
        stop.story.add(ExitCode.INCOMPLETE)
    if orders:
        return f"latched, but still open: {plural(len(orders), 'order')} of ours"
    if not stop.close:
        return "stopped: no order of ours that could open or add is left"
    return "stopped, not everything closed" if positions else "stopped: no order and no position of ours is left"


def _left_line(stop: _Stop, last: _View, position: Position, shares: Decimal) -> StopLine:
    trouble = stop.trouble.get(position.symbol, "")
    if stop.close:
        queued = last.is_closing(position.symbol) and not stop.story.market.is_open
        detail = "its closing order is queued for the open" if queued else trouble
        return _position_line(position, shares, "still open", detail)
    closing = [o for o in last.orders if o.symbol == position.symbol and _reduces(o, position)]
    if sum((o.remaining for o in closing if o.stop_price is not None), ZERO) >= shares:
        return _position_line(position, shares, "left open with its stop")
    stop.story.add(ExitCode.INCOMPLETE)
    return _position_line(position, shares, "left open without a stop", trouble)


def _reduces(order: BrokerOrder, position: Position | None) -> bool:
    """True for an order that can only make a position smaller, the legs of a bracket that has filled included."""
    if position is None or position.quantity == 0:
        return False
    closing = Side.SELL if position.quantity > 0 else Side.BUY
    return order.side is closing and order.remaining <= abs(position.quantity)


def _close_request(position: Position, shares: Decimal) -> OrderRequest:
    side = Side.SELL if position.quantity > 0 else Side.BUY
    return OrderRequest("", position.symbol, side, shares, OrderType.MARKET, TimeInForce.DAY)


def _stop_request(gap: Gap, shares: Decimal) -> OrderRequest:
    side = Side.SELL if gap.held > 0 else Side.BUY
    return OrderRequest("", gap.symbol, side, shares, OrderType.STOP, TimeInForce.GTC, stop_price=gap.stop_price)


def _order_line(order: BrokerOrder, result: str, detail: str = "") -> StopLine:
    price = order.limit_price or order.stop_price or ZERO
    return StopLine("order", order.symbol, order.remaining, result, order.remaining * price, detail)


def _position_line(position: Position, shares: Decimal, result: str, detail: str = "") -> StopLine:
    """A line about ``shares`` of a position."""
    quantity = shares.copy_sign(position.quantity)
    return StopLine("position", position.symbol, quantity, result, shares * position.market_price, detail)

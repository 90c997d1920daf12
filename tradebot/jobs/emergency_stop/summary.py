"""What an emergency stop says in the end: a line for each order and position, the dollars, and whether all is done."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from tradebot.core.model.ledger_rows import RunStatus
from tradebot.core.model.orders import BrokerOrder, OrderState, Purpose
from tradebot.core.model.schedule import Job
from tradebot.core.model.values import ZERO, canonical, dollars, plural
from tradebot.core.results.outcomes import FailureLine, Outcome
from tradebot.core.results.results import StopEntry, StopLine, StopOutcome, StopResult
from tradebot.core.safety.stop_state import OwnedShares, StopState
from tradebot.errors import ExitCode
from tradebot.jobs.emergency_stop.loop import UNREAD, Stop


def outcome_of(stop: Stop) -> StopOutcome:
    """The end of a stop, kept in its journal too."""
    lines = (*_ended_orders(stop), *_lines_of_last_look(stop), *_closed(stop))
    codes = _codes(stop)
    outcome = _outcome(stop, lines, _headline(stop, codes), codes)
    for line in lines:
        detail = f"{line.dollars} USD {line.detail}".strip()
        _keep(stop, StopEntry(stop.now(), line.result, line.symbol, "", line.quantity, detail))
    _keep(stop, StopEntry(stop.now(), f"ended with {outcome.exit_code:d}", detail=outcome.headline))
    return outcome


def alert_text(outcome: StopOutcome) -> str:
    """What the operator is told who does not see the table: the figures, what is still open, and what to do."""
    still_open = "an unknown amount" if outcome.open_dollars is None else dollars(outcome.open_dollars)
    sums = (
        f"Cancelled {dollars(outcome.cancelled_dollars)}, closed {dollars(outcome.closed_dollars)}, {still_open} open."
    )
    left = [
        f"{line.what} {canonical(line.quantity)} {line.symbol} ({dollars(line.dollars)}): {line.result}"
        + (f", {line.detail}" if line.detail else "")
        for line in outcome.lines
        if line.result in (StopResult.STILL_OPEN, StopResult.BARE)
    ]
    again = ExitCode.INCOMPLETE in outcome.codes
    to_do = "Look at the broker, and run `tradebot emergency-stop` again." if again else "`tradebot status` says more."
    return "\n".join((f"{outcome.headline}.", sums, *left, to_do))


def intention_of(stop: Stop) -> StopOutcome:
    """What a stop that was only looked at would do."""
    codes = {ExitCode.BROKER} if stop.unread else set()
    headline = "dry run: nothing was latched, cancelled or sent"
    return _outcome(stop, tuple(_intended(stop)), headline, codes, RunStatus.IDLE)


def _outcome(
    stop: Stop, lines: tuple[StopLine, ...], headline: str, codes: set[ExitCode], status: RunStatus = RunStatus.RAN
) -> StopOutcome:
    desk, last = stop.desk, stop.last
    left = last.to_go() if last and "orders" not in stop.unread else None
    held = last.ours_held() if last and left is not None and last.positions is not None else None
    notes = []
    try:
        account = desk.broker.account()
    except UNREAD as error:
        account = None
        notes.append(f"the account's balance could not be read: {error}")
    failures = [*stop.failures, *(FailureLine(what, message) for what, message in stop.unread.items())]
    if desk.journal.trouble:
        failures.append(FailureLine("journal", desk.journal.trouble))
    if desk.not_latched:
        failures.append(FailureLine("latch", f"jobs are not halted: {desk.not_latched}"))
    if stop.at_work:
        told = f"{stop.at_work} has not stopped. It sends no entry once it looks at the latch; end it if it hangs."
        failures.append(FailureLine("another job", told))
    base = Outcome(
        job=Job.EMERGENCY_STOP,
        session=stop.session() if stop.market else None,
        status=status,
        headline=headline,
        codes=frozenset(codes),
        halts=desk.latch.read(),
        failures=tuple(failures),
        notes=tuple(notes),
        account=account,
        timings={**desk.timings, **stop.timings, "whole": stop.seconds()},
    )
    open_fates = (StopResult.STILL_OPEN, StopResult.PROTECTED, StopResult.BARE, StopResult.WOULD_ARM)
    return StopOutcome.of(
        base,
        lines=lines,
        still_open_orders=None if left is None else len(left),
        still_open_positions=None if held is None else len(held),
        cancelled_dollars=_dollars(lines, StopResult.CANCELLED, StopResult.WOULD_CANCEL),
        closed_dollars=_dollars(lines, StopResult.CLOSED, StopResult.WOULD_CLOSE),
        open_dollars=None if held is None else _dollars(lines, *open_fates),
    )


def _codes(stop: Stop) -> set[ExitCode]:
    codes = set()
    if not stop.has_agreed or stop.last is None or not stop.last.is_reached or stop.desk.not_latched:
        codes.add(ExitCode.INCOMPLETE)
    if stop.unread:
        codes.add(ExitCode.BROKER)
    return codes


def _headline(stop: Stop, codes: set[ExitCode]) -> str:
    last = stop.last
    if last is None or stop.unread:
        return "latched, but the broker could not be read to the end: run it again"
    if left := last.to_go():
        return f"latched, but still open: {plural(len(left), 'order')}"
    if last.to_close():
        return "stopped, not everything closed"
    if last.bare():
        return "stopped, but not everything that is open has its stop"
    if stop.at_work:
        return "stopped, but another job is still at work: see that it ends, then run it again"
    if codes:
        return "stopped, but not halted: see what failed, then run it again"
    if not stop.wish.close:
        return "stopped: no order of ours that could open or add is left"
    whose = "" if stop.wish.include_foreign else " of ours"
    return f"stopped: no order and no position{whose} is left"


# --- orders ------------------------------------------------------------------------------------


def _ended_orders(stop: Stop) -> Iterator[StopLine]:
    """The orders whose cancel was asked for and that are live no more, as the broker says they ended."""
    live = {order.broker_order_id for order in stop.last.orders} if stop.last else set()
    for order, _ in stop.asked.values():
        if order.broker_order_id in live:
            continue
        try:
            ended = stop.desk.broker.order(order.client_order_id) or order
        except UNREAD:
            ended = order
        if ended.state is OrderState.FILLED:
            yield _order_line(stop, order, StopResult.FILLED, f"{ended.filled_quantity} shares")
        else:
            partly = f"{ended.filled_quantity} shares had filled" if ended.filled_quantity else ""
            yield _order_line(stop, order, StopResult.CANCELLED, partly)


def _lines_of_last_look(stop: Stop) -> Iterator[StopLine]:
    if stop.last is None:
        return
    for order in stop.last.orders:
        fate, detail = _fate(stop, stop.last, order)
        if fate is not None:
            yield _order_line(stop, order, fate, detail)
    for stake in stop.last.stakes():
        yield _stake_line(stop, stop.last, stake)


def _fate(stop: Stop, last: StopState, order: BrokerOrder) -> tuple[StopResult | None, str]:
    """What became of an order that is live; None for one that is told with the position it closes."""
    if last.must_go(order):
        return StopResult.STILL_OPEN, stop.trouble.get(order.broker_order_id, "its cancel has not taken effect")
    if not last.ours(order):
        return StopResult.FOREIGN, ""
    match stop.sent.get(order.client_order_id), last.purpose(order):
        case Purpose.CLOSE, _:
            return None, ""
        case Purpose.STOP, _:
            return StopResult.ARMED, f"at {order.stop_price}"
        case _, Purpose.CLOSE:
            return StopResult.CLOSES, ""
    return StopResult.REDUCES, ""


def _order_line(stop: Stop, order: BrokerOrder, fate: StopResult, detail: str = "") -> StopLine:
    price = order.limit_price or order.stop_price
    if price is None:
        quote = stop.quotes([order.symbol]).get(order.symbol)
        price = quote.last if quote else ZERO
    return StopLine("order", order.symbol, order.remaining, fate, order.remaining * price, detail)


# --- positions ---------------------------------------------------------------------------------


def _stake_line(stop: Stop, last: StopState, stake: OwnedShares) -> StopLine:
    trouble = stop.trouble.get(stake.key, "")
    if stake.is_foreign and not (stop.wish.close and stop.wish.include_foreign):
        return _position_line(stake, StopResult.FOREIGN)
    if last.closing(stake):
        waiting = "its closing order has not filled" if last.market_is_open else _QUEUED
        return _position_line(stake, StopResult.STILL_OPEN, waiting)
    if stop.wish.close:
        bare = "" if last.covered(stake) == stake.shares else "no stop rests for it"
        return _position_line(stake, StopResult.STILL_OPEN, "; ".join(filter(None, (trouble, bare))))
    if last.covered(stake) == stake.shares:
        return _position_line(stake, StopResult.PROTECTED)
    return _position_line(stake, StopResult.BARE, trouble)


_QUEUED = "its closing order is queued for the open"


def _closed(stop: Stop) -> Iterator[StopLine]:
    """What was to be closed and is gone by the last look, with what the broker paid for it where it says so."""
    if stop.last is None or stop.last.positions is None:
        return
    left = {stake.key: stake.shares for stake in stop.last.stakes()}
    for stake in stop.stakes.values():
        gone = stake.shares - left.get(stake.key, ZERO)
        if gone > 0:
            paid = _paid(stop, stop.last, stake)
            dollars = paid[1] if paid[0] == gone else gone * stake.position.market_price
            yield StopLine("position", stake.symbol, gone.copy_sign(stake.quantity), StopResult.CLOSED, dollars)


def _paid(stop: Stop, last: StopState, stake: OwnedShares) -> tuple[Decimal, Decimal]:
    """Shares of a symbol that were sold (bought, for a short) since the stop began, and the dollars they came to."""
    fills = [
        fill
        for fill in last.fills
        if fill.symbol == stake.symbol and fill.side is stake.closing_side and fill.fill_id not in stop.fills_before
    ]
    return sum((f.quantity for f in fills), ZERO), sum((f.quantity * f.price for f in fills), ZERO)


def _position_line(stake: OwnedShares, fate: StopResult, detail: str = "") -> StopLine:
    return StopLine("position", stake.symbol, stake.quantity, fate, stake.dollars, detail)


def _dollars(lines: tuple[StopLine, ...], *fates: StopResult) -> Decimal:
    return sum((line.dollars for line in lines if line.result in fates), ZERO)


# --- a dry run ---------------------------------------------------------------------------------


def _intended(stop: Stop) -> Iterator[StopLine]:
    if (look := stop.last) is None:
        return
    for order in look.orders:
        if look.must_go(order):
            yield _order_line(stop, order, StopResult.WOULD_CANCEL)
        elif not look.ours(order):
            yield _order_line(stop, order, StopResult.FOREIGN)
        else:
            closes = look.purpose(order) is Purpose.CLOSE
            yield _order_line(stop, order, StopResult.CLOSES if closes else StopResult.REDUCES)
    closing, bare = look.to_close(), look.bare()
    for stake in look.stakes():
        if stake in closing:
            yield _position_line(stake, StopResult.WOULD_CLOSE, "" if look.market_is_open else "at the open")
        elif stake in bare:
            yield _position_line(stake, StopResult.WOULD_ARM)
        else:
            yield _position_line(stake, StopResult.FOREIGN if stake.is_foreign else StopResult.PROTECTED)


def _keep(stop: Stop, entry: StopEntry) -> None:
    stop.desk.journal.write(entry)

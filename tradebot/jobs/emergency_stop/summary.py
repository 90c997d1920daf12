"""The outcome of an emergency stop: a line for each order and position, sums in USD, and exit codes."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from tradebot.core.model.ledger_rows import RunStatus
from tradebot.core.model.orders import BrokerOrder, Intent, OrderState, Purpose
from tradebot.core.model.schedule import Job
from tradebot.core.model.values import ZERO, canonical, dollars, plural
from tradebot.core.results.by_hand import by_hand_lines
from tradebot.core.results.outcomes import FailureLine, Outcome
from tradebot.core.results.stop_entry import StopEntry
from tradebot.core.results.stop_outcome import StopLine, StopOutcome, StopResult
from tradebot.core.safety.last_known import LastKnown, bare_text
from tradebot.core.safety.stop_coverage import Gap
from tradebot.core.safety.stop_state import OwnedShares, StopState
from tradebot.errors import ExitCode, LedgerError
from tradebot.jobs.emergency_stop.loop import READ_ERRORS, EmergencyStop


def outcome_of(stop: EmergencyStop) -> StopOutcome:
    """The outcome of a stop that ended; its lines and headline go to the journal too."""
    known = _recall(stop) if stop.locked_out else None
    lines = tuple(_lines(stop, known))
    codes = _codes(stop)
    outcome = _outcome(stop, lines, _headline(stop, codes), codes, notes=_notes(known))
    for line in lines:
        detail = f"{line.dollars} USD {line.detail}".strip()
        stop.desk.journal.write(StopEntry(stop.now(), line.result, line.symbol, "", line.quantity, detail))
    code = int(outcome.exit_code)
    stop.desk.journal.write(StopEntry(stop.now(), f"ended with {code}", detail=outcome.headline, exit_code=code))
    return outcome


def _recall(stop: EmergencyStop) -> LastKnown:
    try:
        return stop.desk.last_known()
    except LedgerError as error:
        stop.failures.append(FailureLine("ledger", f"it cannot be read: {error}"))
        return LastKnown()


def _lines(stop: EmergencyStop, known: LastKnown | None) -> Iterator[StopLine]:
    """The lines of what became of orders and positions. ``known``: what is left to a person, as last seen."""
    yield from _cancelled_orders(stop)
    if known is None:
        yield from _open_orders_and_positions(stop)
    else:
        yield from by_hand_lines(known, close=stop.goal.close)
    yield from _closed_positions(stop)


def _notes(known: LastKnown | None) -> tuple[str, ...]:
    if known is None:
        return ()
    if known.at is None:
        seen = f"nothing here tells what is left to you: look {known.where} at every order and position"
    else:
        seen = f"what is left to you is what the ledger knew ({known.when})"
    return (seen, bare_text(known), *(f"left last: {each}" for each in known.sent))


def alert_text(outcome: StopOutcome) -> str:
    """The text of the alert: the sums in USD, what is still open, and what to do."""
    still_open = "an unknown amount" if outcome.open_dollars is None else dollars(outcome.open_dollars)
    cancelled, closed = dollars(outcome.cancelled_dollars), dollars(outcome.closed_dollars)
    sums = f"Cancelled {cancelled}, closed {closed}, {still_open} open."
    left = [
        f"{line.what} {canonical(line.quantity)} {line.symbol} ({dollars(line.dollars)}): {line.result}"
        + (f", {line.detail}" if line.detail else "")
        for line in outcome.lines
        if line.result in (StopResult.STILL_OPEN, StopResult.BARE, StopResult.BY_HAND)
    ]
    again = ExitCode.INCOMPLETE in outcome.codes
    to_do = "Look at the broker, and run `tradebot emergency-stop` again." if again else "`tradebot status` says more."
    return "\n".join((f"{outcome.headline}.", sums, *left, to_do))


def dry_run_outcome(stop: EmergencyStop) -> StopOutcome:
    """What a stop that has only read the account would do."""
    codes = {ExitCode.BROKER} if stop.unread else set()
    headline = "dry run: nothing was latched, cancelled or sent"
    return _outcome(stop, tuple(_dry_run_lines(stop)), headline, codes, RunStatus.IDLE)


def _outcome(
    stop: EmergencyStop,
    lines: tuple[StopLine, ...],
    headline: str,
    codes: set[ExitCode],
    status: RunStatus = RunStatus.RAN,
    notes: tuple[str, ...] = (),
) -> StopOutcome:
    desk, state = stop.desk, stop.state
    left = state.to_cancel() if state and "orders" not in stop.unread else None
    held = state.ours_held() if state and left is not None and state.positions is not None else None
    try:
        account = desk.broker.account()
    except READ_ERRORS as error:
        account = None
        notes = (*notes, f"the account's balance could not be read: {error}")
    failures = [*stop.failures, *(FailureLine(what, message) for what, message in stop.unread.items())]
    failures += [FailureLine(gap.symbol, _unfollowed_text(gap)) for gap in stop.unfollowed()]
    failures += [FailureLine(each.symbol, _unseen_text(each)) for each in stop.unseen]
    if desk.journal.trouble:
        failures.append(FailureLine("journal", desk.journal.trouble))
    if desk.not_latched:
        failures.append(FailureLine("latch", f"jobs are not halted: {desk.not_latched}"))
    if stop.not_told:
        failures.append(FailureLine("other hosts", stop.not_told))
    if stop.at_work:
        message = f"{stop.at_work} has not stopped. It sends no entry once it looks at the latch; end it if it hangs."
        failures.append(FailureLine("another job", message))
    base = Outcome(
        job=Job.EMERGENCY_STOP,
        session=stop.session() if stop.market else None,
        status=status,
        headline=headline,
        codes=frozenset(codes),
        halts=desk.latch.read(),
        failures=tuple(failures),
        notes=notes,
        account=account,
        timings={**desk.timings, **stop.timings, "whole": stop.seconds()},
    )
    open_results = (StopResult.STILL_OPEN, StopResult.PROTECTED, StopResult.BARE, StopResult.WOULD_ARM)
    return StopOutcome.of(
        base,
        lines=lines,
        still_open_orders=None if left is None else len(left),
        still_open_positions=None if held is None else len(held),
        cancelled_dollars=_dollars(lines, StopResult.CANCELLED, StopResult.WOULD_CANCEL),
        closed_dollars=_dollars(lines, StopResult.CLOSED, StopResult.WOULD_CLOSE),
        open_dollars=None if held is None else _dollars(lines, *open_results),
    )


def _unfollowed_text(gap: Gap) -> str:
    return (
        f"{canonical(gap.held)} shares are probably those of {gap.held_as} ({gap.strategy}), which the broker does not "
        f"show any more. Nothing tells so: they were left as foreign, and {dollars(gap.dollars)} of them have no stop. "
        "Close them or set a stop at the broker"
    )


def _unseen_text(entry: Intent) -> str:
    request = entry.request
    return (
        f"the answer to {request.side} {canonical(request.quantity)} ({entry.client_order_id}) was lost, and no "
        "list of the broker's has it. It may still buy before the close: look for it at the broker, and cancel it there"
    )


def _codes(stop: EmergencyStop) -> set[ExitCode]:
    codes = set()
    is_reached = stop.state is not None and stop.state.is_reached
    is_told = not stop.desk.not_latched and not stop.not_told
    if not stop.has_agreed or not is_reached or stop.unfollowed() or stop.unseen or not is_told:
        codes.add(ExitCode.INCOMPLETE)
    if stop.unread and not stop.locked_out:
        codes.add(ExitCode.BROKER)
    return codes


def _headline(stop: EmergencyStop, codes: set[ExitCode]) -> str:
    state = stop.state
    if stop.locked_out:
        if stop.desk.broker.mode == "paper":
            return "latched, but only you can go on: log in again, then run this once more; the account is on paper"
        return "latched, but only you can go on: do in the broker's app what is left to you, then log in again"
    if state is None or stop.unread:
        return "latched, but the broker could not be read to the end: run it again"
    if left := state.to_cancel():
        return f"latched, but still open: {plural(len(left), 'order')}"
    if state.to_close():
        return "stopped, not everything closed"
    if state.bare():
        return "stopped, but not everything that is open has its stop"
    if stop.unfollowed():
        return "stopped, but shares that may be ours were left as foreign"
    if stop.unseen:
        return "stopped, but an entry whose answer was lost may still be there: look for it, and run it again"
    if stop.at_work:
        return "stopped, but another job is still at work: see that it ends, then run it again"
    if stop.not_told:
        return "stopped, but other hosts may go on: they could not be told, so run it again or on them too"
    if codes:
        return "stopped, but not halted: see what failed, then run it again"
    if not stop.goal.close:
        return "stopped: no order of ours that could open or add is left"
    whose = "" if stop.goal.include_foreign else " of ours"
    return f"stopped: no order and no position{whose} is left"


# --- orders ------------------------------------------------------------------------------------


def _cancelled_orders(stop: EmergencyStop) -> Iterator[StopLine]:
    """The orders whose cancel was requested and that are not live any more, by the broker's word on their end."""
    live = {order.broker_order_id for order in stop.state.orders} if stop.state else set()
    for order, _ in stop.cancelled.values():
        if order.broker_order_id in live:
            continue
        try:
            ended = stop.desk.broker.order(order.client_order_id) or order
        except READ_ERRORS:
            ended = order
        if ended.state is OrderState.FILLED:
            yield _order_line(stop, order, StopResult.FILLED, plural(ended.filled_quantity, "share"))
        else:
            partly = f"{plural(ended.filled_quantity, 'share')} had filled" if ended.filled_quantity else ""
            yield _order_line(stop, order, StopResult.CANCELLED, partly)


def _open_orders_and_positions(stop: EmergencyStop) -> Iterator[StopLine]:
    if stop.state is None:
        return
    for order in stop.state.orders:
        result, detail = _result_of(stop, stop.state, order)
        if result is not None:
            yield _order_line(stop, order, result, detail)
    for owned in stop.state.owned_shares():
        yield _open_position_line(stop, stop.state, owned)


def _result_of(stop: EmergencyStop, state: StopState, order: BrokerOrder) -> tuple[StopResult | None, str]:
    """The result of a live order, and its detail; None for an order that closes a position, whose line tells of it."""
    if state.must_cancel(order):
        return StopResult.STILL_OPEN, stop.trouble.get(order.broker_order_id, "its cancel has not taken effect")
    if not state.ours(order):
        return StopResult.FOREIGN, ""
    match stop.sent.get(order.client_order_id), state.purpose(order):
        case Purpose.CLOSE, _:
            return None, ""
        case Purpose.STOP, _:
            return StopResult.ARMED, f"at {order.stop_price}"
        case _, Purpose.CLOSE:
            return StopResult.CLOSES, ""
    return StopResult.REDUCES, ""


def _order_line(stop: EmergencyStop, order: BrokerOrder, result: StopResult, detail: str = "") -> StopLine:
    price = order.limit_price or order.stop_price
    if price is None:
        quote = stop.quotes([order.symbol]).get(order.symbol)
        price = quote.last if quote else ZERO
    return StopLine("order", order.symbol, order.remaining, result, order.remaining * price, detail)


# --- positions ---------------------------------------------------------------------------------


def _open_position_line(stop: EmergencyStop, state: StopState, owned: OwnedShares) -> StopLine:
    trouble = stop.trouble.get(owned.key, "")
    if owned.is_foreign and not (stop.goal.close and stop.goal.include_foreign):
        return _position_line(owned, StopResult.FOREIGN)
    if state.closing(owned):
        waiting = "its closing order has not filled" if state.market_is_open else _QUEUED
        return _position_line(owned, StopResult.STILL_OPEN, waiting)
    if stop.goal.close:
        bare = "" if state.covered(owned) == owned.shares else "no stop rests for it"
        return _position_line(owned, StopResult.STILL_OPEN, "; ".join(filter(None, (trouble, bare))))
    if state.covered(owned) == owned.shares:
        return _position_line(owned, StopResult.PROTECTED)
    return _position_line(owned, StopResult.BARE, trouble)


_QUEUED = "its closing order is queued for the open"


def _closed_positions(stop: EmergencyStop) -> Iterator[StopLine]:
    """The shares closed by the newest read, at the dollars of their fills where those are complete."""
    if stop.state is None or stop.state.positions is None:
        return
    left = {owned.key: owned.shares for owned in stop.state.owned_shares()}
    for owned in stop.closing.values():
        gone = owned.shares - left.get(owned.key, ZERO)
        if gone > 0:
            shares, paid = _closing_fills(stop, stop.state, owned)
            value = paid if shares == gone else gone * owned.position.market_price
            yield StopLine("position", owned.symbol, gone.copy_sign(owned.quantity), StopResult.CLOSED, value)


def _closing_fills(stop: EmergencyStop, state: StopState, owned: OwnedShares) -> tuple[Decimal, Decimal]:
    """Shares sold (bought, for a short) since the stop began, and the USD paid for them."""
    fills = [
        fill
        for fill in state.fills
        if fill.symbol == owned.symbol and fill.side is owned.closing_side and fill.fill_id not in stop.fills_before
    ]
    return sum((f.quantity for f in fills), ZERO), sum((f.quantity * f.price for f in fills), ZERO)


def _position_line(owned: OwnedShares, result: StopResult, detail: str = "") -> StopLine:
    return StopLine("position", owned.symbol, owned.quantity, result, owned.dollars, detail)


def _dollars(lines: tuple[StopLine, ...], *results: StopResult) -> Decimal:
    return sum((line.dollars for line in lines if line.result in results), ZERO)


# --- a dry run ---------------------------------------------------------------------------------


def _dry_run_lines(stop: EmergencyStop) -> Iterator[StopLine]:
    if (state := stop.state) is None:
        return
    for order in state.orders:
        if state.must_cancel(order):
            yield _order_line(stop, order, StopResult.WOULD_CANCEL)
        elif not state.ours(order):
            yield _order_line(stop, order, StopResult.FOREIGN)
        else:
            closes = state.purpose(order) is Purpose.CLOSE
            yield _order_line(stop, order, StopResult.CLOSES if closes else StopResult.REDUCES)
    closing, bare = state.to_close(), state.bare()
    for owned in state.owned_shares():
        if owned in closing:
            yield _position_line(owned, StopResult.WOULD_CLOSE, "" if state.market_is_open else "at the open")
        elif owned in bare:
            yield _position_line(owned, StopResult.WOULD_ARM)
        else:
            yield _position_line(owned, StopResult.FOREIGN if owned.is_foreign else StopResult.PROTECTED)

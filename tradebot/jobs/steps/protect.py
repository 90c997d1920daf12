"""Proves that every position of ours has its stop, repairs gaps, and reports the dollars that stay unprotected."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from tradebot.core.model.account import Quote
from tradebot.core.model.exits import ExitKind
from tradebot.core.model.holdings import Holding
from tradebot.core.model.orders import OrderState, Purpose, Side
from tradebot.core.model.schedule import Job, due_time
from tradebot.core.model.values import ZERO, dollars
from tradebot.core.planning.exit_rules import (
    due_exit,
    is_worth_a_gap,
    stop_kind,
    stop_passed,
    taken_stop,
    wanted_stop,
    with_mark,
)
from tradebot.core.results.alerts import AlertLevel
from tradebot.core.results.outcomes import ExitLine
from tradebot.core.safety.identity import unfollowed_holding
from tradebot.core.safety.lost_orders import TRIES
from tradebot.core.safety.stop_coverage import Gap, GapKind, coverable_shares
from tradebot.errors import BrokerUnavailable, ExitCode
from tradebot.jobs.desk import Desk
from tradebot.jobs.job_run import JobRun
from tradebot.jobs.step_results import AccountResult, AccountState, StepResult, failed, noted
from tradebot.jobs.steps.activities import book_new_activities
from tradebot.jobs.steps.close import close_holding, exits_under_way, position_again, take_back
from tradebot.jobs.steps.lost_orders import lost_sells, settle_lost_orders
from tradebot.jobs.steps.overdue_entries import end_entries_of
from tradebot.jobs.steps.stop_orders import move_stop, place_stop, resting_stop
from tradebot.jobs.steps.submit import READ_PAUSES, attempt_after, reducing_intent
from tradebot.jobs.steps.sync import is_explained, read_account_state, synchronise

#: How often a gap is closed in one job: a stop is lost, sent once more under its id, and sent under another.
_MOST_TRIES = TRIES + 1


def protect(desk: Desk, run: JobRun, state: AccountState) -> AccountResult:
    """Repair every gap that can be repaired; report and alert those that stay.

    Shares that an exit of ours is selling get no stop beside it: the broker would refuse one. At the session's last
    check the unfilled rest of an exit is taken back, so that a stop covers it overnight. Likewise no stop can rest
    beside an entry of ours, so what is open of it is ended first. A stop whose answer is lost is settled here, so that
    its shares have one when the job ends.
    """
    repaired = AccountResult(state=state)
    was_lost = False
    for _ in range(_MOST_TRIES):
        if not any(_protected_by(gap, repaired.state) for gap in repaired.state.gaps):
            break
        with run.step("protect"):
            repaired = _close_gaps(desk, run, repaired.state).after(repaired)
            lost = lost_sells(desk)
            if not (lost or was_lost):  # one that was sent again may come back as ended long ago
                break
            was_lost = bool(lost)
            repaired = repaired.after(settle_lost_orders(desk, run, lost))
    left = [_report_gap(desk, gap, repaired.state) for gap in repaired.state.gaps]
    return AccountResult(state=repaired.state).after(repaired, *left)


def _close_gaps(desk: Desk, run: JobRun, state: AccountState) -> AccountResult:
    done: list[StepResult] = []
    ended = end_entries_of(desk, (gap.symbol for gap in state.gaps if gap.kind.can_be_closed))
    changed = [ended] if ended is not None else []
    if _is_last_check(run):
        changed += _take_back_exits(desk, state)
    if changed or _await_rest(desk, state):
        synchronised = synchronise(desk, run)
        state = synchronised.state
        done += [*changed, synchronised]
    entered = {entry.symbol for entry in state.unsettled if entry.purpose is Purpose.ENTRY and entry.state.live}
    entered |= {each.symbol for each in lost_sells(desk)}  # they may hold these shares
    for gap in state.gaps:
        holding = _protected_by(gap, state)
        if holding and not (gap.symbol in entered or exits_under_way(desk, state.open_orders, gap.symbol)):
            done.append(_repaired(desk, run, gap, holding, state))
    done.append(book_new_activities(desk))
    return read_account_state(desk, run).after(*done)


def _await_rest(desk: Desk, state: AccountState) -> bool:
    """Wait until the stops over bare shares that do not surely rest yet do, or have ended. Whether there were any.

    One that was just taken, or is about to end, may still sell: no other can be placed beside it.
    """
    awaited = {order_id for gap in state.gaps if gap.dollars for order_id in gap.stop_order_ids}
    restless = {order.broker_order_id for order in state.open_orders if not order.rests} & awaited
    for pause in READ_PAUSES if restless else ():
        desk.clock.sleep(pause)
        if not any(order.broker_order_id in restless and not order.rests for order in desk.broker.open_orders()):
            break
    return bool(restless)


def _protected_by(gap: Gap, state: AccountState) -> Holding | None:
    """The holding whose stop closes a gap; None where no stop can."""
    if gap.kind is GapKind.UNFOLLOWED:
        return unfollowed_holding(gap, state.holdings, state.positions, state.breaks)
    named = (each for each in state.holdings if (each.strategy, each.symbol) == (gap.strategy, gap.symbol))
    return next(named, None) if gap.kind.can_be_closed else None


def raise_trailing_stops(desk: Desk, run: JobRun, state: AccountState) -> StepResult:
    """Mark each holding to the newest price, and raise its stop where its policy says so.

    Where the broker replaces orders, a stop is raised in one request, so that the position is never without one. At any
    other it is raised only where that is worth a moment without a stop.
    """
    done: list[StepResult] = []
    for holding in state.holdings:
        quote = state.quotes.get(holding.symbol)
        marked = with_mark(holding, quote.last) if quote else holding
        verdict = "target reached" if _is_at_target(desk, marked, quote) else "holds"
        raised = _raised(desk, run, marked, quote)
        if raised is not None:
            replaced = move_stop(desk, run, marked.with_stop(raised), state)
            done.append(replaced)
            if replaced.is_set:
                marked = marked.with_raised_stop(raised)
                verdict = f"stop raised from {holding.stop_price} to {raised}"
        if marked != holding and _is_still_held(desk, holding):
            desk.ledger.books.save_holding(marked, desk.clock.now())
        done.append(StepResult(exits=(exit_line(marked, state, verdict),)))
    return StepResult().after(*done)


def _is_at_target(desk: Desk, holding: Holding, quote: Quote | None) -> bool:
    """Whether a target is reached that no order at the broker takes."""
    last = quote.last if quote else None
    due = due_exit(holding, None, last, target_rests=desk.broker.capabilities.brackets)
    return due is not None and due.kind is ExitKind.TARGET


def _is_still_held(desk: Desk, holding: Holding) -> bool:
    """Whether the ledger still has a holding: its stop may have sold it while it was being moved."""
    held = desk.ledger.books.holdings()
    return any((each.strategy, each.symbol) == (holding.strategy, holding.symbol) for each in held)


def exit_line(holding: Holding, state: AccountState, verdict: str) -> ExitLine:
    """The line on one holding that was checked for exits."""
    quote = state.quotes.get(holding.symbol)
    return ExitLine(
        strategy=holding.strategy,
        symbol=holding.symbol,
        quantity=holding.quantity,
        last=quote.last if quote else None,
        stop=holding.stop_price,
        target=holding.target_price,
        verdict=verdict,
    )


def _raised(desk: Desk, run: JobRun, holding: Holding, quote: Quote | None) -> Decimal | None:
    """The price to raise the stop to. None where the last price is beyond it, for then the plan exits, or too near."""
    raised = wanted_stop(holding, quote.last if quote else None)
    if raised is None or desk.broker.capabilities.replace:
        return raised
    attempts = desk.ledger.orders.attempts(run.session, holding.strategy, holding.symbol, Purpose.STOP)
    sent = (attempt.request.stop_price for attempt in attempts if attempt.sends)
    return raised if is_worth_a_gap(holding, raised, sent) else None


def _report_gap(desk: Desk, gap: Gap, state: AccountState) -> StepResult:
    """Alert a gap that stays: dollars without a stop, or a stop that covers them and is not as it should be."""
    if gap.kind is GapKind.UNFOLLOWED:
        title = f"{gap.symbol} is unprotected"
        message = (
            f"{gap.symbol}: {dollars(gap.dollars)} have no stop. They are as many shares as a holding of "
            f"{gap.strategy} has that the broker does not show any more, and nothing tells that they are its own"
        )
        desk.alerts.send("critical", title, message, key=f"unprotected {gap.strategy} {gap.symbol}")
        return failed(gap.symbol, message)
    if not gap.kind.can_be_closed:
        title = f"a part of a share of {gap.symbol} is unprotected"
        message = f"{gap.symbol}: {dollars(gap.dollars)} of {gap.strategy} have no stop: it is {gap.kind.text}"
        desk.alerts.send("warning", title, message, key=f"fraction {gap.strategy} {gap.symbol}")
        return noted(message)
    if gap.dollars:
        level: AlertLevel = "critical"
        title = f"{gap.symbol} is unprotected"
        message = f"{gap.symbol}: {gap.dollars} USD of {gap.strategy} have no stop at the broker ({gap.kind.text})"
    else:
        level, title = "warning", f"{gap.symbol} has another stop than it should"
        message = f"{gap.symbol}: the stop of {gap.strategy} at the broker is {gap.kind.text}, and was left as it is"
    if exits_under_way(desk, state.open_orders, gap.symbol):
        message += "; an exit is selling them and has not been filled yet"
    desk.alerts.send(level, title, message, key=f"unprotected {gap.strategy} {gap.symbol}")
    return failed(gap.symbol, message)


def _is_last_check(run: JobRun) -> bool:
    """Whether no further check-exits is due before the close."""
    hours = run.market.today
    last = due_time(Job.CHECK_EXITS, hours) if hours else None
    return last is not None and run.market.now >= last


def _take_back_exits(desk: Desk, state: AccountState) -> list[StepResult]:
    """Cancel the unfilled rest of exits whose shares a stop can protect; a result for each symbol that had any.

    Where the price is beyond the stop already, the exit is the best protection there is, and stays until the close.
    """
    beyond = {
        holding.symbol
        for holding in state.holdings
        if (quote := state.quotes.get(holding.symbol)) is not None and stop_passed(holding, quote.last)
    }
    symbols = [gap.symbol for gap in state.gaps if gap.kind.can_be_closed and gap.symbol not in beyond]
    taken_back = (take_back(desk, state.open_orders, symbol) for symbol in symbols)
    return [result for result in taken_back if result is not None]


def _repaired(desk: Desk, run: JobRun, gap: Gap, holding: Holding, state: AccountState) -> StepResult:
    try:
        return _repair(desk, run, gap, holding, state)
    except BrokerUnavailable as error:  # the stops of the others are placed all the same
        return failed(gap.symbol, f"its stop was not put right: {error}", ExitCode.BROKER)


def _repair(desk: Desk, run: JobRun, gap: Gap, holding: Holding, state: AccountState) -> StepResult:
    """Close one gap, over the shares that the broker lets a stop sell: it would refuse a stop over more."""
    quote = state.quotes.get(gap.symbol)
    if any(order.broker_order_id in gap.stop_order_ids and not order.rests for order in state.open_orders):
        return StepResult()  # it may still sell them
    free = min(abs(gap.held), _free_shares(desk, gap, state))
    if free <= abs(gap.protected) and gap.dollars:
        return StepResult()  # a person's order is selling the others
    there = replace(holding, quantity=free.copy_sign(gap.held))
    if gap.kind is GapKind.LAPSING and _refused_this_session(desk, run, holding):
        return StepResult()  # it still rests, and a second request would be refused again
    if _shrinks_by_one_look(desk, gap, there, state):
        return noted(f"{gap.symbol}: a second read does not show the same shares, so its stop was not made smaller")
    if gap.kind is GapKind.UNFOLLOWED:
        return _place_probable_stop(desk, run, gap, there, quote)
    if gap.kind is not GapKind.MISSING:
        return move_stop(desk, run, there, state, renews=gap.kind is GapKind.LAPSING)
    if quote is None:
        return place_stop(desk, run, there)
    if stop_passed(there, quote.last):
        return _sell_now(desk, run, there, quote.last) if run.market_at(desk.clock.now()).is_open else StepResult()
    taken = taken_stop(holding.stop_price, quote.last, holding.side)
    if taken == holding.stop_price:
        return place_stop(desk, run, there)
    desk.ledger.books.save_holding(holding.with_stop(taken), desk.clock.now())
    moved = f"{gap.symbol}: its stop moved from {holding.stop_price} to {taken}, too near to {quote.last} to be taken"
    return noted(moved).after(place_stop(desk, run, there.with_stop(taken)))


def _free_shares(desk: Desk, gap: Gap, state: AccountState) -> Decimal:
    """The shares of a position that no order of others is selling, by the orders and by what the broker holds."""
    position = next((position for position in state.positions if position.symbol == gap.symbol), None)
    if position is None:
        return ZERO
    closing = Side.SELL if position.quantity > 0 else Side.BUY
    live = [each for each in state.open_orders if each.symbol == gap.symbol and each.side is closing]
    live = [each for each in live if each.state.live and not each.held]
    own = sum((each.remaining for each in live if is_explained(desk, each)), ZERO)
    taken = (each.remaining for each in live if each.stop_price is None and not is_explained(desk, each))
    return max(min(abs(position.quantity) - sum(taken, ZERO), position.free_beside(own)), ZERO)


def _place_probable_stop(desk: Desk, run: JobRun, gap: Gap, there: Holding, quote: Quote | None) -> StepResult:
    """Place the stop of a lost holding for its probable shares. They are not sold: they may be a person's."""
    if quote is not None and stop_passed(there, quote.last):
        return StepResult()
    what = f"{gap.symbol}: its shares are probably those of {gap.held_as}, whose stop was placed for them"
    return noted(what).after(place_stop(desk, run, there))


def _shrinks_by_one_look(desk: Desk, gap: Gap, there: Holding, state: AccountState) -> bool:
    """Whether a new stop would be smaller than the one that rests, and a second read does not show the same shares."""
    resting = resting_stop(desk, state, there)
    if resting is None or resting.remaining <= abs(coverable_shares(there.quantity)):
        return False
    shown = next((position for position in state.positions if position.symbol == gap.symbol), None)
    return position_again(desk, gap.symbol) != (shown.quantity if shown else ZERO)


def _refused_this_session(desk: Desk, run: JobRun, holding: Holding) -> bool:
    attempts = desk.ledger.orders.attempts(run.session, holding.strategy, holding.symbol, Purpose.STOP)
    return any(attempt.state is OrderState.REJECTED for attempt in attempts)


def _sell_now(desk: Desk, run: JobRun, holding: Holding, last: Decimal) -> StepResult:
    attempt = attempt_after(desk, run, holding.strategy, holding.symbol, Purpose.EXIT)
    if attempt is None:
        return StepResult()
    reason = f"price {last} is beyond the stop {holding.stop_price}, which is missing at the broker"
    kind = stop_kind(holding)
    return close_holding(desk, run, reducing_intent(desk, run, holding, Purpose.EXIT, attempt, last, reason, kind))

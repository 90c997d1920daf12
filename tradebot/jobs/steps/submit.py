"""Decide, write, send, verify: the only path by which a job sends an order.

An emergency stop that a person begins holds no ledger, and sends through ``jobs.emergency_stop.submit``.

An intent is committed before its request is sent, under an id made from the decision. The response, or its absence, is
stored before the next order. Without a response the outcome is UNKNOWN: it is settled by asking the broker for that id,
never by sending again under another.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from itertools import chain, repeat

from tradebot.core.model.account import Quote
from tradebot.core.model.exits import ExitKind
from tradebot.core.model.holdings import Holding
from tradebot.core.model.order_ids import client_order_id, next_attempt
from tradebot.core.model.orders import (
    BrokerOrder,
    Intent,
    OrderRequest,
    OrderState,
    OrderType,
    Purpose,
    TimeInForce,
    is_plausible_state,
    may_move,
)
from tradebot.core.model.plan import Denial, DenialCode
from tradebot.core.results.outcomes import OrderLine
from tradebot.core.risk.order_checks import order_objections
from tradebot.core.safety.stop_coverage import coverable_shares
from tradebot.errors import (
    AlreadySent,
    Blocked,
    BrokerUnavailable,
    ExitCode,
    OrderRefused,
    OutcomeUnknown,
    TradebotError,
)
from tradebot.jobs.desk import Desk
from tradebot.jobs.job_run import JobRun
from tradebot.jobs.step_results import SubmitResult, coded, failed
from tradebot.jobs.steps.decision_log import store_decisions
from tradebot.jobs.steps.halts import current_halts

#: Seconds before each read of an order that was sent; together the half minute that a job waits for it to end.
READ_PAUSES = (0.0, 0.2, 0.5, 1.0, 2.0, 4.0, 8.0, 14.0)
#: Seconds before each read of a list that may lag, and of an order that was taken and does not rest yet.
LIST_PAUSES = (0.2, 0.5, 1.0, 2.0, 4.0)
MINUTE = timedelta(minutes=1)
#: States in which another read may show more. An unknown outcome is left to `resolve_open_intents`.
UNDER_WAY = frozenset({OrderState.ACCEPTED, OrderState.PARTIALLY_FILLED})


def store_intents(desk: Desk, intents: Sequence[Intent]) -> None:
    """Commit intents as PLANNED, before any is sent."""
    if intents:
        desk.ledger.orders.write(intents, desk.clock.now())


def submit(desk: Desk, run: JobRun, intent: Intent, replacing: str | None = None) -> SubmitResult:
    """Send one stored intent: store it as SUBMITTING, send, store the broker's response.

    The broker's rate limit is waited for first, because a request that does not begin within seconds of its commit
    never leaves.

    ``replacing`` is the broker's id of the resting order that this one replaces, in one request. An entry is not sent
    after ^C, under a halt of any process, or if it fails an order check now. A reducing order is sent even after ^C,
    because the stop that held its shares may be cancelled, and without asking for a price: the last look's is stored
    with it. Raises Locked, Stopped, LedgerError, Blocked where no request is let in, and, while price or rate limit
    can't be had, BrokerUnavailable.
    """
    desk.broker.wait_to_send()
    desk.lock.assert_held()
    quote = run.quotes.get(intent.symbol)
    if not intent.purpose.reduces:
        desk.stop.check()
        if stopped := _stopped_by_halt(desk, run, intent):
            return stopped
        quote = desk.market.quotes([intent.symbol]).get(intent.symbol)
        if denials := _failed_order_checks(desk, run, intent, quote):
            return _denied(desk, run, intent, OrderState.ABANDONED, denials[0].message, denials)
    with desk.guard.decided():
        before = desk.ledger.orders.get(intent.client_order_id)
        intent = replace(intent, sends=before.sends if before else 0)
        return _sent(desk, run, _moved(desk, intent, OrderState.SUBMITTING, "", quote), replacing)


def _sent(desk: Desk, run: JobRun, intent: Intent, replacing: str | None) -> SubmitResult:
    """Send an intent that is stored as SUBMITTING, and store the broker's response."""
    try:
        if replacing is None:
            order = desk.broker.submit(desk.broker.capabilities.sent(intent.request))
        else:
            order = desk.broker.replace(replacing, intent.request)
    except OrderRefused as refusal:
        existing = desk.broker.order(intent.client_order_id)
        if existing is None and _may_exist(desk, intent, refusal):
            return _lost(desk, intent, refusal)  # the order exists, and is not shown yet
        if existing is None:
            return _refused(desk, run, intent, refusal)
        order = existing  # refused because its id exists: an earlier request arrived, and its response was lost
    except OutcomeUnknown as error:
        return _lost(desk, intent, error)
    except BrokerUnavailable as error:
        return _failed(desk, intent, _unsent(desk, intent), error, "it did not reach the broker: ")
    except Blocked as error:
        _moved(desk, intent, _unsent(desk, intent), f"this request was not let in: {error}")
        raise
    return _seen_to_rest(desk, apply_broker_state(desk, intent, order), order)


def _may_exist(desk: Desk, intent: Intent, refusal: OrderRefused) -> bool:
    """Whether an order may be at the broker under the id of an intent that was refused, and that no read shows."""
    return isinstance(refusal, AlreadySent) or _is_again(desk, intent)


def _unsent(desk: Desk, intent: Intent) -> OrderState:
    """The state of an intent whose request certainly did nothing."""
    return OrderState.UNKNOWN if _is_again(desk, intent) else OrderState.PLANNED


def _is_again(desk: Desk, intent: Intent) -> bool:
    """Whether an earlier request of a sell may have arrived and hold the shares, where no order is found by its id."""
    return intent.purpose.reduces and intent.sends > 0 and not desk.broker.capabilities.finds_by_id


def _lost(desk: Desk, intent: Intent, error: TradebotError) -> SubmitResult:
    """The result of an order whose outcome nobody saw: UNKNOWN, unless a list of the broker's shows it soon."""
    unknown = _failed(desk, intent, OrderState.UNKNOWN, error)
    found = None if desk.broker.capabilities.finds_by_id else _looked_up(desk, unknown.intent)
    return unknown if found is None else found


def _looked_up(desk: Desk, intent: Intent) -> SubmitResult | None:
    """An order whose answer was lost, as a list of the broker's shows it within seconds; None where none does."""
    for pause in LIST_PAUSES:
        desk.clock.sleep(pause)
        try:
            order = desk.broker.order(intent.client_order_id)
        except BrokerUnavailable:
            continue  # the next job looks again
        if order is not None:
            return _seen_to_rest(desk, apply_broker_state(desk, intent, order), order)
    return None


def _seen_to_rest(desk: Desk, intent: Intent, order: BrokerOrder) -> SubmitResult:
    """A stop that the broker took, read again until it surely rests or has ended: a broker may end it a moment later.

    Other orders are waited for by who sends them.
    """
    for pause in LIST_PAUSES:
        if intent.purpose is not Purpose.STOP or not order.state.live or order.rests:
            break
        desk.clock.sleep(pause)
        try:
            again = desk.broker.order(intent.client_order_id)
        except BrokerUnavailable:
            continue
        if again is not None:
            order, intent = again, apply_broker_state(desk, intent, again)
    return SubmitResult(intent=intent, rests=order.rests)


def apply_broker_state(desk: Desk, intent: Intent, order: BrokerOrder) -> Intent:
    """Store the broker's state of an order in its intent, and return the intent.

    A state that the order cannot have reached, as an outdated response may show it, is not stored: the intent becomes
    UNKNOWN until the broker shows another.
    """
    if not is_plausible_state(order, intent):
        return _doubted(desk, intent, order)
    after = replace(
        intent,
        state=order.state,
        broker_order_id=order.broker_order_id,
        filled_quantity=order.filled_quantity,
        average_fill_price=order.average_fill_price,
        note=order.reason,
    )
    if after != intent:
        desk.ledger.orders.move(
            intent.client_order_id,
            order.state,
            desk.clock.now(),
            broker_order_id=order.broker_order_id,
            filled_quantity=order.filled_quantity,
            average_fill_price=order.average_fill_price,
            note=order.reason,
        )
    return after


def wait_seconds() -> float:
    """The seconds that a job waits for an order to end, unless said otherwise."""
    return sum(READ_PAUSES)


def await_ends(
    desk: Desk,
    intents: Iterable[Intent],
    seconds: float | None = None,
    *,
    longest: float = READ_PAUSES[-1],
    until_filled: bool = False,
) -> tuple[Intent, ...]:
    """Wait for orders to end, half a minute or ``seconds`` at most, and return the intents in their newest states.

    Each read is one request for all orders that are still under way, ``longest`` seconds apart at most. With
    ``until_filled`` an order that has filled in part is not waited for.
    """
    awaited = UNDER_WAY - {OrderState.PARTIALLY_FILLED} if until_filled else UNDER_WAY
    known = {intent.client_order_id: intent for intent in intents}
    most = wait_seconds() if seconds is None else seconds
    deadline = desk.clock.now() + timedelta(seconds=most)
    for pause in _pauses(most, longest):
        waiting = [each for each, intent in known.items() if intent.state in awaited]
        if not waiting or (pause and desk.clock.now() >= deadline):
            break
        desk.clock.sleep(pause)
        for each, order in desk.broker.orders(waiting).items():
            known[each] = apply_broker_state(desk, known[each], order)
    return tuple(known.values())


def attempt_after(
    desk: Desk, run: JobRun, strategy: str, symbol: str, purpose: Purpose, *, replacing: bool = False
) -> int | None:
    """The number of the next attempt at a decision; None while an earlier attempt is live or its outcome unknown.

    With ``replacing`` a live attempt does not count, because the next one replaces it.
    """
    earlier = desk.ledger.orders.attempts(run.session, strategy, symbol, purpose)
    made = [attempt for attempt in earlier if attempt.state is not OrderState.PLANNED]
    if any(attempt.state.in_doubt if replacing else attempt.state.live for attempt in made):
        return None
    return next_attempt(attempt.attempt for attempt in made)


def reducing_intent(
    desk: Desk,
    run: JobRun,
    holding: Holding,
    purpose: Purpose,
    attempt: int,
    price: Decimal,
    reason: str,
    exit_kind: ExitKind | None = None,
) -> Intent:
    """An intent that reduces a holding. ``exit_kind``: of an exit.

    For Purpose.STOP: a GTC stop at ``price``, USD a share, over the whole shares. Else: a DAY market order over all.
    """
    is_stop = purpose is Purpose.STOP
    strategy, symbol = holding.strategy, holding.symbol
    request = OrderRequest(
        client_order_id=client_order_id(desk.account_key, run.session, strategy, symbol, purpose, attempt),
        symbol=symbol,
        side=holding.side.opposite,
        quantity=abs(coverable_shares(holding.quantity) if is_stop else holding.quantity),
        type=OrderType.STOP if is_stop else OrderType.MARKET,
        time_in_force=TimeInForce.GTC if is_stop else TimeInForce.DAY,
        stop_price=price if is_stop else None,
    )
    intent = Intent(request, desk.account_key, run.session, strategy, purpose, attempt, price, reason)
    return replace(intent, exit_kind=exit_kind)


def order_line(intent: Intent) -> OrderLine:
    """The line of an intent in an outcome."""
    request = intent.request
    return OrderLine(
        client_order_id=intent.client_order_id,
        strategy=intent.strategy,
        purpose=intent.purpose,
        side=request.side,
        quantity=request.quantity,
        symbol=request.symbol,
        type=request.type,
        state=intent.state,
        filled_quantity=intent.filled_quantity,
        price=intent.average_fill_price or request.limit_price or request.stop_price,
        stop=request.stop_loss,
        target=request.take_profit,
        reason=intent.reason,
    )


def _pauses(seconds: float, longest: float) -> Iterator[float]:
    """The pauses before reads, which add up to ``seconds``, where reading takes no time."""
    left = seconds
    for pause in chain(READ_PAUSES, repeat(READ_PAUSES[-1])):
        pause = min(pause, longest, left)
        yield pause
        left -= pause
        if left <= 0:
            return


def _moved(desk: Desk, intent: Intent, state: OrderState, note: str, quote: Quote | None = None) -> Intent:
    desk.ledger.orders.move(intent.client_order_id, state, desk.clock.now(), note=note, quote=quote)
    return replace(intent, state=state, note=note)


def _doubted(desk: Desk, intent: Intent, order: BrokerOrder) -> Intent:
    """The intent of an order in an impossible state: UNKNOWN, unless it is terminal."""
    why = (
        f"it was {intent.state}, {intent.filled_quantity} filled, and the broker shows it {order.state}, which no "
        "order can do; look at it at the broker, then run `tradebot reconcile`"
    )
    if may_move(intent.state, OrderState.UNKNOWN):
        return _moved(desk, intent, OrderState.UNKNOWN, why)
    return replace(intent, note=why)


def _stopped_by_halt(desk: Desk, run: JobRun, intent: Intent) -> SubmitResult | None:
    """The result for an entry that a halt stops; None where none does."""
    halts = current_halts(desk, run.session)
    stopping = next((halt for halt in halts if halt.stops_entry(intent.strategy, intent.symbol)), None)
    if stopping is None:
        return None
    why = f"{stopping.subject} was halted before it was sent: {stopping.reason}"
    denial = _denial(intent, DenialCode.HALTED, why)
    return replace(_denied(desk, run, intent, OrderState.ABANDONED, why, [denial]), halts=halts)


def _failed_order_checks(desk: Desk, run: JobRun, intent: Intent, quote: Quote | None) -> tuple[Denial, ...]:
    """The order checks that an entry fails now: since it was planned prices moved and orders were sent."""
    submissions = desk.ledger.orders.submissions
    return order_objections(
        intent,
        quote,
        sent_this_minute=submissions(run.session, desk.clock.now() - MINUTE),
        sent_this_session=submissions(run.session),
        limits=desk.settings.limits(),
    )


def _refused(desk: Desk, run: JobRun, intent: Intent, refusal: OrderRefused) -> SubmitResult:
    denial = _denial(intent, DenialCode.REFUSED_BY_BROKER, f"the broker refused it: {refusal.reason}: {refusal}")
    result = _denied(desk, run, intent, OrderState.REJECTED, f"{refusal.reason}: {refusal}", [denial])
    return result.after(coded(ExitCode.BROKER))


def _denied(
    desk: Desk, run: JobRun, intent: Intent, state: OrderState, note: str, denials: Sequence[Denial]
) -> SubmitResult:
    store_decisions(desk, run, (), denials)
    return SubmitResult(intent=_moved(desk, intent, state, note), denials=tuple(denials))


def _denial(intent: Intent, code: DenialCode, why: str) -> Denial:
    return Denial(code, intent.strategy, intent.symbol, intent.purpose, why)


def _failed(desk: Desk, intent: Intent, state: OrderState, error: TradebotError, prefix: str = "") -> SubmitResult:
    moved = _moved(desk, intent, state, f"{prefix}{error}")
    return SubmitResult(intent=moved).after(failed(f"order {intent.client_order_id}", str(error), ExitCode.BROKER))

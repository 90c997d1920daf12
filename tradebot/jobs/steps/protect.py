"""Every position of ours is protected: prove it, repair what can be repaired, report the dollars that are not."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from tradebot.core.model.account import Quote
from tradebot.core.model.holdings import Holding
from tradebot.core.model.orders import BrokerOrder, OrderState, Purpose, TimeInForce
from tradebot.core.model.schedule import Job, nominal
from tradebot.core.model.values import dollars, tick_size
from tradebot.core.planning.exit_rules import raised_stop, stop_passed, with_mark
from tradebot.core.results.alerts import AlertLevel
from tradebot.core.results.outcomes import ExitLine
from tradebot.core.safety.stop_coverage import Gap, GapKind, coverable
from tradebot.jobs.desk import Desk, JobRun
from tradebot.jobs.steps.activities import book_new_activities
from tradebot.jobs.steps.close import close_holding, exits_under_way, take_back
from tradebot.jobs.steps.submit import attempt_after, order_line, reducing_intent, store_intents, submit
from tradebot.jobs.steps.sync import AccountState, is_ours, read_account_state, synchronise


def protect(desk: Desk, run: JobRun, state: AccountState) -> AccountState:
    """Repair every gap that can be repaired and give the account as it stands then.

    Shares that an exit of ours is selling take no stop beside it: the broker would refuse one. What it has not sold by
    the session's last look is taken back, so that it lies behind a stop overnight.
    """
    if any(gap.kind.can_be_closed for gap in state.gaps):
        state = _close_gaps(desk, run, state)
    for gap in state.gaps:
        _tell(desk, run, gap, state)
    return state


def _close_gaps(desk: Desk, run: JobRun, state: AccountState) -> AccountState:
    with run.step("protect"):
        if _is_last_look(run) and _take_back_exits(desk, run, state):
            state = synchronise(desk, run)
        holdings = {(holding.strategy, holding.symbol): holding for holding in state.holdings}
        for gap in state.gaps:
            if not gap.kind.can_be_closed or exits_under_way(desk, state.open_orders, gap.symbol):
                continue
            _repair(desk, run, gap, holdings[(gap.strategy, gap.symbol)], state)
        book_new_activities(desk, run)
        return read_account_state(desk, run)


def raise_trailing_stops(desk: Desk, run: JobRun, state: AccountState) -> None:
    """Mark each holding to the newest price and raise the stops that may be raised: replaced, never cancelled first."""
    for holding in state.holdings:
        quote = state.quotes.get(holding.symbol)
        marked = with_mark(holding, quote.last) if quote else holding
        raised = _raised(marked, quote)
        if raised is not None and _replace_stop(desk, run, marked.with_stop(raised), state):
            marked = marked.with_stop(raised)
            verdict = f"stop raised from {holding.stop_price} to {raised}"
        else:
            verdict = "holds"
        if marked != holding:
            desk.ledger.books.save_holding(marked, desk.clock.now())
        run.exits.append(exit_line(marked, state, verdict))


def exit_line(holding: Holding, state: AccountState, verdict: str) -> ExitLine:
    """One holding as it is told to people after it was looked at for exits."""
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


def _raised(holding: Holding, quote: Quote | None) -> Decimal | None:
    """The price to raise the stop to; None where the price is through that already, which is an exit of the plan's."""
    raised = raised_stop(holding)
    late = raised is not None and quote is not None and stop_passed(holding.with_stop(raised), quote.last)
    return None if late else raised


def _tell(desk: Desk, run: JobRun, gap: Gap, state: AccountState) -> None:
    """Say what could not be repaired: dollars without a stop, or a stop that covers them and is not as it should be."""
    if not gap.kind.can_be_closed:
        title = f"a part of a share of {gap.symbol} is unprotected"
        message = f"{gap.symbol}: {dollars(gap.dollars)} of {gap.strategy} have no stop: it is {gap.kind.words}"
        run.notes.append(message)
        desk.alerts.send("warning", title, message, key=f"fraction {gap.strategy} {gap.symbol}")
        return
    if gap.dollars:
        level: AlertLevel = "critical"
        title = f"{gap.symbol} is unprotected"
        message = f"{gap.symbol}: {gap.dollars} USD of {gap.strategy} have no stop at the broker ({gap.kind.words})"
    else:
        level, title = "warning", f"{gap.symbol} has another stop than it should"
        message = f"{gap.symbol}: the stop of {gap.strategy} at the broker is {gap.kind.words}, and was left as it is"
    if exits_under_way(desk, state.open_orders, gap.symbol):
        message += "; an exit is selling them and has not been filled yet"
    run.failed(gap.symbol, message)
    desk.alerts.send(level, title, message, key=f"unprotected {gap.strategy} {gap.symbol}")


def _is_last_look(run: JobRun) -> bool:
    """Whether no further check-exits is due before the close."""
    hours = run.market.today
    last = nominal(Job.CHECK_EXITS, hours) if hours else None
    return last is not None and run.market.now >= last


def _take_back_exits(desk: Desk, run: JobRun, state: AccountState) -> bool:
    """Cancel what is not filled of exits whose shares a stop can protect; say whether there was anything to cancel.

    Where the price is beyond the stop already, the exit is the best protection there is, and stays until the close.
    """
    beyond = {
        holding.symbol
        for holding in state.holdings
        if (quote := state.quotes.get(holding.symbol)) is not None and stop_passed(holding, quote.last)
    }
    symbols = [gap.symbol for gap in state.gaps if gap.kind.can_be_closed and gap.symbol not in beyond]
    return sum(take_back(desk, run, state.open_orders, symbol) for symbol in symbols) > 0


def _repair(desk: Desk, run: JobRun, gap: Gap, holding: Holding, state: AccountState) -> None:
    """Close one gap, over as many shares as the broker shows: it would refuse a stop for more."""
    quote = state.quotes.get(gap.symbol)
    there = replace(holding, quantity=gap.held)
    if gap.kind is GapKind.LAPSING and _refused_this_session(desk, run, holding):
        return  # it rests still, and asking again would be refused again
    if gap.kind is not GapKind.MISSING:
        _replace_stop(desk, run, there, state, renews=gap.kind is GapKind.LAPSING)
    elif quote is not None and stop_passed(there, quote.last):
        _sell_now(desk, run, there, quote.last)
    else:
        _place_stop(desk, run, there)


def _refused_this_session(desk: Desk, run: JobRun, holding: Holding) -> bool:
    attempts = desk.ledger.orders.attempts(run.session, holding.strategy, holding.symbol, Purpose.STOP)
    return any(attempt.state is OrderState.REJECTED for attempt in attempts)


def _sell_now(desk: Desk, run: JobRun, holding: Holding, last: Decimal) -> None:
    attempt = attempt_after(desk, run, holding.strategy, holding.symbol, Purpose.EXIT)
    if attempt is not None:
        reason = f"price {last} is beyond the stop {holding.stop_price}, which is missing at the broker"
        close_holding(desk, run, reducing_intent(desk, run, holding, Purpose.EXIT, attempt, last, reason))


def _place_stop(desk: Desk, run: JobRun, holding: Holding) -> None:
    attempt = attempt_after(desk, run, holding.strategy, holding.symbol, Purpose.STOP)
    if attempt is None:
        return  # one sent earlier is not settled; sending another could sell twice
    reason = "protects a position that had no stop at the broker"
    intent = reducing_intent(desk, run, holding, Purpose.STOP, attempt, holding.stop_price, reason)
    store_intents(desk, [intent])
    run.orders.append(order_line(submit(desk, run, intent)))


def _replace_stop(desk: Desk, run: JobRun, holding: Holding, state: AccountState, *, renews: bool = False) -> bool:
    """Change the resting stop to the holding's price and quantity in one request, and say whether it is so now.

    One that ``renews`` takes the place of one that is as it should be, and does not last.
    """
    resting = _resting_stop(desk, state, holding)
    if resting is not None and not renews and _is_as_wanted(resting, holding):
        return True  # an earlier run sent it, and did not live to write the holding's new stop down
    attempt = attempt_after(desk, run, holding.strategy, holding.symbol, Purpose.STOP, replacing=True)
    if resting is None or attempt is None:
        return False
    reason = f"replaces the stop at {resting.stop_price} for {resting.quantity}"
    price = _another_price(resting, holding) if renews else holding.stop_price
    intent = reducing_intent(desk, run, holding, Purpose.STOP, attempt, price, reason)
    store_intents(desk, [intent])
    sent = submit(desk, run, intent, replacing=resting.broker_order_id)
    run.orders.append(order_line(sent))
    return sent.state.live and sent.state is not OrderState.UNKNOWN


def _another_price(resting: BrokerOrder, holding: Holding) -> Decimal:
    """The price of a stop that is renewed: a tick better where nothing else changes, as Alpaca then refuses it
    ("order parameters are not changed", https://github.com/alpacahq/alpaca-py/issues/412).
    """
    price = holding.stop_price
    if resting.time_in_force is not TimeInForce.GTC or resting.stop_price != price:
        return price
    return price + tick_size(price) * holding.side.sign


def _is_as_wanted(stop: BrokerOrder, holding: Holding) -> bool:
    return (stop.stop_price, stop.remaining) == (holding.stop_price, abs(coverable(holding.quantity)))


def _resting_stop(desk: Desk, state: AccountState, holding: Holding) -> BrokerOrder | None:
    """Our stop that protects a holding; the largest, should there be several. One set by hand is not ours to change."""
    stops = [
        order
        for order in state.open_orders
        if order.symbol == holding.symbol and order.side is holding.side.opposite and order.stop_price is not None
    ]
    return max((stop for stop in stops if is_ours(desk, stop)), key=lambda stop: stop.remaining, default=None)

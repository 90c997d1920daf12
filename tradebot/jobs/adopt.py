"""adopt: give a foreign position into the care of a strategy, with a stop.

Two adjustments of one transaction take the shares from the foreign lots and give them to the strategy. Nothing is sent:
the next job places the stop.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal

from tradebot.core.accounting.booking import Owner, bookings_for
from tradebot.core.model.account import Adjustment, Position
from tradebot.core.model.holdings import FOREIGN
from tradebot.core.model.ledger_rows import Booking, RunStatus
from tradebot.core.model.order_rules import US_STOCKS
from tradebot.core.model.orders import Purpose
from tradebot.core.model.schedule import Job
from tradebot.core.model.values import ONE, ZERO, canonical, percent, tick_size
from tradebot.core.results.outcomes import Outcome
from tradebot.errors import UsageError
from tradebot.jobs.circuit_breakers import limit_breach
from tradebot.jobs.desk import Desk
from tradebot.jobs.job_run import JobRun, open_run, record
from tradebot.jobs.step_results import AccountState, noted
from tradebot.jobs.steps.halts import refresh_halts
from tradebot.jobs.steps.repair import repair_first
from tradebot.jobs.steps.sync import read_account_state, synchronise

#: The farthest that a stop may lie below the last price, as a fraction of it; farther counts as a typing error.
FARTHEST_STOP = Decimal("0.5")


@dataclass(frozen=True, slots=True)
class Adoption:
    """What a person asks for."""

    symbol: str
    strategy: str
    stop: Decimal  # USD a share
    reason: str


def run(desk: Desk, wanted: Adoption) -> Outcome:
    """Book the adoption. Raises UsageError where it is refused, and BrokerUnavailable when the broker can't be read."""
    run = open_run(desk, Job.ADOPT)
    return record(desk, run, lambda: _adopt(desk, run, wanted))


def _adopt(desk: Desk, run: JobRun, wanted: Adoption) -> Outcome:
    desk.lock.assert_held()
    _refuse_strategy(desk, wanted.strategy)
    run.add(repair_first(desk, run))
    state = run.add(synchronise(desk, run)).state
    run.halts = refresh_halts(desk, run.session)
    position = _adoptable(desk, state, wanted.symbol)
    _refuse_stop(wanted, state)
    desk.ledger.books.book(_bookings(desk, run, position, wanted), desk.clock.now())
    what = f"{canonical(position.quantity)} {wanted.symbol} into the care of {wanted.strategy}"
    detail = {"strategy": wanted.strategy, "stop": canonical(wanted.stop), "reason": wanted.reason}
    desk.ledger.decisions.note("adopted", wanted.symbol, desk.clock.now(), detail)
    state = run.add(read_account_state(desk, run)).state
    if (breach := limit_breach(desk, run, state)) is not None:
        run.add(noted(f"the next job halts all entries until this is over: {breach.reason}"))
    run.add(noted(f"its stop at {canonical(wanted.stop)} is placed by the next job, such as `tradebot check-exits`"))
    return run.outcome(RunStatus.RAN, f"took {what} ({wanted.reason})")


def _refuse_strategy(desk: Desk, strategy: str) -> None:
    loaded = [info.name for info in desk.strategies.loaded]
    if strategy not in loaded:
        names = ", ".join(loaded) or "none"
        raise UsageError(f"no strategy {strategy!r} is loaded: nothing was changed. Loaded are: {names}.")


def _adoptable(desk: Desk, state: AccountState, symbol: str) -> Position:
    """The foreign position in a symbol. Raises UsageError, with what to do instead."""
    lots = desk.ledger.books.lots()
    owners = {lot.strategy for lot in lots if lot.symbol == symbol}
    if ours := sorted(owners - {FOREIGN}):
        raise UsageError(f"{symbol} is held by {', '.join(ours)} already: one strategy at a time holds a symbol.")
    position = next((held for held in state.positions if held.symbol == symbol), None)
    if not owners or position is None:
        others = ", ".join(sorted({lot.symbol for lot in lots if lot.strategy == FOREIGN})) or "none"
        raise UsageError(f"{symbol} has no foreign position: nothing was changed. Foreign positions: {others}.")
    if not state.agrees_on(symbol):
        raise UsageError(
            f"ledger and broker differ about the shares of {symbol}. Run `tradebot reconcile` until they agree."
        )
    if position.quantity < 0:
        raise UsageError(f"{symbol} is sold short: only bought shares are adopted. Close the position at the broker.")
    resting = [order.text for order in state.open_orders if order.symbol == symbol]
    if resting or any(intent.request.symbol == symbol for intent in state.unsettled):
        rests = "; ".join(resting) or "an order that is not settled"
        raise UsageError(f"an order rests on {symbol}: {rests}. Cancel it at the broker first: both could sell shares.")
    return position


def _refuse_stop(wanted: Adoption, state: AccountState) -> None:
    """Raise UsageError for a stop that would be taken out at once, or that a typing error puts where it is."""
    symbol, stop = wanted.symbol, wanted.stop
    quote = state.quotes.get(symbol)
    if quote is None:
        raise UsageError(f"{symbol} has no price now, so nobody can say whether the stop is below it. Try again later.")
    if stop <= 0 or stop % tick_size(stop):
        raise UsageError(f"{canonical(stop)} is no price: orders have steps of {canonical(tick_size(stop))} there.")
    if stop >= quote.last:
        raise UsageError(
            f"the stop {canonical(stop)} is not below the last price of {symbol}, {canonical(quote.last)}."
        )
    if stop > quote.last - US_STOCKS.leg_distance:
        raise UsageError(
            f"the stop {canonical(stop)} is nearer to the last price of {symbol}, {canonical(quote.last)}, than the "
            f"{canonical(US_STOCKS.leg_distance)} that brokers ask for. Give a lower one."
        )
    if stop < quote.last * (ONE - FARTHEST_STOP):
        raise UsageError(
            f"the stop {canonical(stop)} is more than {percent(FARTHEST_STOP)} below the last price of {symbol}, "
            f"{canonical(quote.last)}: that looks like a typing error. Give a nearer one."
        )


def _bookings(desk: Desk, run: JobRun, position: Position, wanted: Adoption) -> tuple[Booking, ...]:
    """The two adjustments with their effects; the second has the holding with its stop and no target."""
    books, first = desk.ledger.books, len(desk.ledger.history.adjustments()) + 1
    out, into = (
        Adjustment(
            adjustment_id=f"ADJ-{number:06d}",
            symbol=wanted.symbol,
            quantity=quantity,
            price=position.average_price,
            amount=ZERO,
            reason=f"adopted by {wanted.strategy}: {wanted.reason}",
            at=desk.clock.now(),
            session=run.session,
        )
        for number, quantity in ((first, -position.quantity), (first + 1, position.quantity))
    )
    owners = {into.adjustment_id: Owner(wanted.strategy, None, Purpose.ENTRY, "")}
    given, taken = bookings_for([out, into], books.lots(), books.holdings(), owners, desk.settings.limits())
    assert taken.holding is not None, "bought shares of a strategy are a holding"
    holding = replace(taken.holding, stop_price=wanted.stop, target_price=None)
    return given, replace(taken, holding=holding)

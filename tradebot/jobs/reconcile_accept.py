"""reconcile --accept: the only correction of the ledger. It makes the ledger explain what the broker shows.

The reason is stored. Nothing is sent. Unknown shares become foreign, missing shares are taken off the newest lots and
end no round trip, and cash becomes the broker's figure.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from tradebot.core.accounting.booking import bookings_for
from tradebot.core.model.account import CASH, Adjustment
from tradebot.core.model.breaks import ACCEPTABLE, Break, BreakKind
from tradebot.core.model.ledger_rows import RunStatus
from tradebot.core.model.schedule import Job
from tradebot.core.model.values import ZERO, dollars, plural
from tradebot.core.results.outcomes import Outcome
from tradebot.errors import ExitCode, UsageError
from tradebot.jobs.desk import Desk
from tradebot.jobs.job_run import JobRun, open_run, record
from tradebot.jobs.step_results import AccountState, coded, noted
from tradebot.jobs.steps.activities import first_waiting
from tradebot.jobs.steps.halts import refresh_halts
from tradebot.jobs.steps.repair import repair_first
from tradebot.jobs.steps.sync import confirm_differences, read_account_state, synchronise


def run(desk: Desk, symbol: str, reason: str) -> Outcome:
    """Compare, and accept the broker's figure for ``symbol`` (CASH for cash).

    Raises UsageError where the symbol has no acceptable break, and BrokerUnavailable when the broker can't be read.
    """
    run = open_run(desk, Job.RECONCILE)
    return record(desk, run, lambda: _accept(desk, run, symbol, reason))


def _accept(desk: Desk, run: JobRun, symbol: str, reason: str) -> Outcome:
    desk.lock.assert_held()
    run.add(repair_first(desk, run))
    state = run.add(confirm_differences(desk, run, run.add(synchronise(desk, run)).state)).state
    run.halts = refresh_halts(desk, run.session)
    if (waiting := first_waiting(desk, symbol)) is not None:  # it would be booked on top of the adjustment
        raise UsageError(f"{symbol} cannot be accepted yet: {waiting.why} Run `tradebot reconcile` in some minutes.")
    if any(each.symbol == symbol for each in state.pending):
        raise UsageError(f"{symbol} differs in one look, and a second did not show the same yet. Run it again.")
    accepted = _acceptable(symbol, state.breaks)
    adjustment = adjustment_for(desk, run, state, accepted, reason)
    books = desk.ledger.books
    bookings = bookings_for([adjustment], books.lots(), books.holdings(), {}, desk.settings.limits())
    books.book(bookings, desk.clock.now())
    if _is_transfer(desk, accepted, state):
        _move_peak(desk, run, adjustment.amount)
    held = {holding.symbol: holding.quantity for holding in state.holdings}
    state = run.add(read_account_state(desk, run)).state
    run.add(noted(f"accepted: {accepted.message} ({reason})"))
    if held.get(symbol) != {holding.symbol: holding.quantity for holding in state.holdings}.get(symbol):
        run.add(noted(f"{symbol}: its holding changed; `tradebot check-exits` makes its stop fit"))
    left = [each for each in state.breaks if each.matters]
    if left:
        run.add(coded(ExitCode.BREAKS))
    rest = f"{plural(len(left), 'break')} left" if left else "the ledger explains everything at the broker"
    return run.outcome(RunStatus.RAN, f"accepted the broker's figure for {symbol}: {rest}")


def _is_transfer(desk: Desk, accepted: Break, state: AccountState) -> bool:
    """Whether accepted cash counts as paid in or out: it is the price of no shares that differ or were adjusted."""
    others = [each for each in (*state.breaks, *state.pending) if each.kind in ACCEPTABLE and each.symbol != CASH]
    opening = desk.ledger.openings.opening()
    adjusted = [
        each
        for each in desk.ledger.history.adjustments(accepted.first_seen)
        if each.quantity and (opening is None or each.at > opening.at)
    ]
    return accepted.kind is BreakKind.CASH and not others and not adjusted


def _move_peak(desk: Desk, run: JobRun, amount: Decimal) -> None:
    """Move the equity peak with accepted cash, or a withdrawal that no activity tells of would be a drawdown."""
    peak = desk.ledger.books.peak()
    if peak is not None:
        desk.ledger.books.rebase_peak(peak + amount, desk.clock.now())
        run.add(noted(f"the equity peak moved with it, from {dollars(peak)} to {dollars(peak + amount)}"))


def _acceptable(symbol: str, breaks: Iterable[Break]) -> Break:
    """The acceptable break of a symbol. Raises UsageError, with what to do instead."""
    breaks = tuple(breaks)
    of_symbol = [each for each in breaks if each.symbol == symbol]
    if any(each.kind is BreakKind.UNKNOWN_OUTCOME for each in of_symbol):
        raise UsageError(
            f"{symbol} has an order whose outcome nobody saw, and its figures may yet change. Run `tradebot reconcile` "
            "until that is settled, then look again."
        )
    accepted = next((each for each in of_symbol if each.kind in ACCEPTABLE), None)
    if accepted is not None:
        return accepted
    if any(each.kind is BreakKind.UNKNOWN_ORDER for each in of_symbol):
        raise UsageError(
            f"{symbol} has an order with an id of ours that this ledger did not decide; no row of the ledger can "
            "explain that. Find out what sent it, and cancel it at the broker; its symbol takes no entry till then."
        )
    if of_symbol:
        raise UsageError(f"{symbol} lacks a stop, which is not accepted but mended: run `tradebot check-exits`.")
    others = ", ".join(sorted({each.symbol for each in breaks if each.kind in ACCEPTABLE})) or "none at all"
    raise UsageError(f"{symbol} has no break: nothing was changed. Symbols with a break to accept: {others}.")


def adjustment_for(desk: Desk, run: JobRun, state: AccountState, accepted: Break, reason: str) -> Adjustment:
    """The adjustment after which the ledger explains the broker's figure. The break's kind is one of ACCEPTABLE."""
    difference = accepted.there - accepted.here
    position = next((position for position in state.positions if position.symbol == accepted.symbol), None)
    shares = accepted.kind not in (BreakKind.CASH, BreakKind.PRICE)
    return Adjustment(
        adjustment_id=f"ADJ-{len(desk.ledger.history.adjustments()) + 1:06d}",
        symbol=accepted.symbol,
        quantity=difference if shares else ZERO,
        price=position.average_price if position else ZERO,
        amount=difference if accepted.symbol == CASH else ZERO,
        reason=reason,
        at=desk.clock.now(),
        session=run.session,
    )

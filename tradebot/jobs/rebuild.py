"""rebuild: make a fresh ledger from the broker's records, which client_order_ids attribute to strategies.

It sends nothing. Orders are recovered first, so that fills find their owners; then every activity is booked as if new.
Differences older than the broker's history are adjusted, and notes list what only the old ledger knew.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from itertools import count

from tradebot.core.accounting.booking import Owner, bookings_for
from tradebot.core.model.account import Activity, CashEvent, Fill, FillBust
from tradebot.core.model.breaks import ACCEPTABLE, Break
from tradebot.core.model.halts import Halt
from tradebot.core.model.holdings import FOREIGN, Holding
from tradebot.core.model.ledger_rows import RunStatus
from tradebot.core.model.order_ids import DecisionId, client_order_id
from tradebot.core.model.orders import RECOVERED, BrokerOrder, Intent, OrderRequest, OrderState, OrderType, Purpose
from tradebot.core.model.schedule import Job
from tradebot.core.model.signals import ExitPolicy
from tradebot.core.model.values import ZERO, canonical, dollars, plural
from tradebot.core.planning.exit_rules import entry_prices
from tradebot.core.results.outcomes import Outcome
from tradebot.core.safety.stop_coverage import GapKind
from tradebot.errors import BrokerUnavailable, ExitCode
from tradebot.jobs.desk import Desk
from tradebot.jobs.job_run import JobRun, open_run, record
from tradebot.jobs.reconcile_accept import adjustment_for
from tradebot.jobs.step_results import AccountState, coded, noted
from tradebot.jobs.steps.activities import book_activities, first_waiting, unread_notes
from tradebot.jobs.steps.halts import refresh_halts
from tradebot.jobs.steps.submit import apply_broker_state
from tradebot.jobs.steps.sync import confirm_differences, is_explained, read_account_state

#: What only the old ledger knows.
LOST = (
    "decisions and denials, and why each order was sent",
    "trailing stops and time exits, and the best price each position had seen",
    "why round trips ended, beyond what the broker's orders tell",
    "runs of jobs, the equity of past sessions and how far limits were used in them",
    "the prices when orders were sent",
    "breaks, and how old they were",
    "the sessions that strategies had behind them: each trades on probation again",
)
_TOO_OLD = "the broker's history does not reach back to it"


@dataclass(frozen=True, slots=True)
class PreviousFiles:
    """What the old ledger holds and the broker does not know."""

    readable: bool = False  # whether the old ledger could be read; the rest is empty where not
    halts: tuple[Halt, ...] = ()
    peak: Decimal | None = None  # of equity, USD
    accounts: tuple[str, ...] = ()  # keys of the pinned accounts
    carried: tuple[str, ...] = ()  # sentences about the accounts whose rows were in a file that is replaced


def run(desk: Desk, previous: PreviousFiles, kept: str) -> Outcome:
    """Fill the desk's fresh ledger. ``kept`` tells where the old one is, "" for none. Raises BrokerUnavailable."""
    run = open_run(desk, Job.REBUILD)
    return record(desk, run, lambda: _rebuild(desk, run, previous, kept))


def _rebuild(desk: Desk, run: JobRun, previous: PreviousFiles, kept: str) -> Outcome:
    desk.lock.assert_held()
    resting = desk.broker.open_orders()  # before the activities: a fill in between is in one of the two
    activities = desk.broker.activities(None)
    if (waiting := first_waiting(desk)) is not None:  # what it moved would be taken for somebody else's
        raise BrokerUnavailable(f"No ledger was made: {waiting.why} Try again in some minutes.")
    recovered = _recover_orders(desk, run, resting, activities)
    booked = book_activities(desk)
    adjusted = tuple(_adjust(desk, run))
    state = _recover_plans(desk, run)
    _take_over(desk, previous, state)
    run.halts = refresh_halts(desk, run.session)
    notes = _summary(state, adjusted, previous, kept, _least_peak(state, activities))
    run.add(noted(*unread_notes(desk), *notes, *_adopted_notes(desk, state)))
    desk.ledger.decisions.note(
        "rebuilt", desk.account_key, desk.clock.now(), {"kept": kept, "said": "; ".join(run.done.notes)}
    )
    if any(each.matters for each in state.breaks):
        run.add(coded(ExitCode.BREAKS))
    fills = plural(sum(isinstance(booking.activity, Fill) for booking in booked), "fill")
    counts = f"{fills}, {plural(recovered, 'order')}, {plural(len(state.positions), 'position')}"
    return run.outcome(RunStatus.RAN, f"a fresh ledger: {counts} recovered from the broker")


# --- orders ------------------------------------------------------------------------------


def _recover_orders(desk: Desk, run: JobRun, resting: Iterable[BrokerOrder], activities: Iterable[Activity]) -> int:
    """Store every order of ours that the broker still shows, in its state there. Returns their number."""
    fills = [activity for activity in activities if isinstance(activity, Fill)]
    orders = dict(_orders_of_ours(desk, run, resting, fills))
    orders |= dict(_others_of_today(desk, run.session, fills, tuple(orders)))
    filled_shares = _filled_shares(activities)
    with desk.ledger.transaction():  # one wait for the disk, not three for each order
        for made, order in orders.items():
            filled = filled_shares.get(order.client_order_id, ZERO) if order.state.terminal else order.filled_quantity
            _recover(desk, _intent_of(desk, made, order), replace(order, filled_quantity=filled))
    return len(orders)


def _filled_shares(activities: Iterable[Activity]) -> dict[str, Decimal]:
    """The filled shares by client_order_id, without busted fills, as far back as the activities reach."""
    activities = tuple(activities)
    busted = {activity.fill_id for activity in activities if isinstance(activity, FillBust)}
    shares: dict[str, Decimal] = {}
    for fill in (activity for activity in activities if isinstance(activity, Fill)):
        if fill.fill_id not in busted:
            shares[fill.client_order_id] = shares.get(fill.client_order_id, ZERO) + fill.quantity
    return shares


def _orders_of_ours(
    desk: Desk, run: JobRun, resting: Iterable[BrokerOrder], fills: Iterable[Fill]
) -> Iterator[tuple[DecisionId, BrokerOrder]]:
    """Our orders that filled or rest, and the entries of legs that filled or rest, each with its decision."""
    ids: dict[str | None, None] = {}
    seen: tuple[Fill | BrokerOrder, ...] = (*fills, *resting)
    for each in seen:
        ids |= dict.fromkeys((each.parent_client_order_id, each.client_order_id))
    for order_id in filter(None, ids):
        desk.stop.check()
        made = desk.ownership.decision(order_id)
        order = desk.broker.order(order_id) if made else None
        if made is not None and order is not None:
            yield made, order
        elif made is not None:
            note = f"{order_id}: the broker tells its fills but not the order, so its shares are foreign"
            run.add(noted(note))


def _others_of_today(
    desk: Desk, today: date, fills: Iterable[Fill], decisions: Iterable[DecisionId]
) -> Iterator[tuple[DecisionId, BrokerOrder]]:
    """Stops and exits of this session that neither filled nor rest, because their ids are used.

    They can exist for symbols held now or until today. An entry has a single id: if it is sent again, the broker
    refuses it, and the first is found.
    """
    symbols = {position.symbol for position in desk.broker.positions()}
    symbols |= {fill.symbol for fill in fills if fill.session == today}
    for strategy, symbol in sorted({(made.strategy, made.symbol) for made in decisions if made.symbol in symbols}):
        for purpose in (Purpose.STOP, Purpose.EXIT):
            for attempt in count(1):
                desk.stop.check()
                order_id = client_order_id(desk.account_key, today, strategy, symbol, purpose, attempt)
                made, order = desk.ownership.decision(order_id), desk.broker.order(order_id)
                if made is None or order is None:
                    break
                yield made, order


def _recover(desk: Desk, intent: Intent, order: BrokerOrder) -> None:
    desk.ledger.orders.write([intent], desk.clock.now())
    desk.ledger.orders.move(intent.client_order_id, OrderState.SUBMITTING, order.submitted_at)
    apply_broker_state(desk, replace(intent, state=OrderState.SUBMITTING), order)


def _intent_of(desk: Desk, made: DecisionId, order: BrokerOrder) -> Intent:
    legs = {leg.role: leg for leg in order.legs}
    stop, target = legs.get(Purpose.STOP), legs.get(Purpose.TARGET)
    request = OrderRequest(
        client_order_id=order.client_order_id,
        symbol=order.symbol,
        side=order.side,
        quantity=order.quantity,
        type=order.type,
        time_in_force=order.time_in_force,
        limit_price=order.limit_price,
        stop_price=order.stop_price,
        take_profit=target.limit_price if target else None,
        stop_loss=stop.stop_price if stop else None,
    )
    price = order.average_fill_price or order.limit_price or order.stop_price or ZERO
    return Intent(
        request=request,
        account_key=desk.account_key,
        session=made.session,
        strategy=made.strategy,
        purpose=made.purpose,
        attempt=made.attempt,
        planned_price=price,
        reason=RECOVERED,
        policy=ExitPolicy() if made.purpose is Purpose.ENTRY else None,
    )


# --- what the broker's history does not reach back to --------------------------------------


def _adjust(desk: Desk, run: JobRun) -> Iterator[Break]:
    """Adjust the remaining breaks. Shares go to the strategy whose stop rests for them, else they are foreign."""
    books = desk.ledger.books
    for _ in range(2):  # cash is compared from the first booking on, which may be an adjustment
        state = run.add(confirm_differences(desk, run, run.add(read_account_state(desk, run)).state)).state
        for each in (each for each in state.breaks if each.kind in ACCEPTABLE and each.matters):
            adjustment = adjustment_for(desk, run, state, each, f"rebuild: {_TOO_OLD}")
            owner = Owner(_holder_of(desk, state, each.symbol), None, Purpose.ENTRY, "")
            owners = {adjustment.adjustment_id: owner}
            bookings = bookings_for([adjustment], books.lots(), books.holdings(), owners, desk.settings.limits())
            books.book(bookings, desk.clock.now())
            yield each


def _holder_of(desk: Desk, state: AccountState, symbol: str) -> str:
    for order in state.open_orders:
        made = desk.ownership.decision(order.parent_client_order_id, order.client_order_id)
        if order.symbol == symbol and order.stop_price is not None and made is not None:
            return made.strategy
    return FOREIGN


# --- stops and targets ---------------------------------------------------------------------


def _recover_plans(desk: Desk, run: JobRun) -> AccountState:
    """Give each holding the stop and target that rest for it; the account's default stop where none rests."""
    state = run.add(read_account_state(desk, run)).state
    for holding in state.holdings:
        closing = [
            order
            for order in state.open_orders
            if order.symbol == holding.symbol and order.side is holding.side.opposite and is_explained(desk, order)
        ]
        resting = max((o for o in closing if o.stop_price is not None), key=lambda o: o.remaining, default=None)
        target = next((o for o in closing if o.type is OrderType.LIMIT), None)
        recovered = replace(
            holding,
            stop_price=_stop_of(desk, holding, resting),
            target_price=target.limit_price if target else None,
            high_water=holding.entry_price,
            policy=ExitPolicy(),
        )
        desk.ledger.books.save_holding(recovered, desk.clock.now())
    return run.add(confirm_differences(desk, run, run.add(read_account_state(desk, run)).state)).state


def _stop_of(desk: Desk, holding: Holding, resting: BrokerOrder | None) -> Decimal:
    if resting is not None and resting.stop_price is not None:
        return resting.stop_price
    return entry_prices(holding.entry_price, ExitPolicy(), desk.settings.limits(), holding.side).stop


# --- the summary ----------------------------------------------------------------------------


def _least_peak(state: AccountState, activities: Iterable[Activity]) -> Decimal:
    """What the equity reached at least by the broker's history, USD: deposits less withdrawals, or the newest close."""
    put_in = (done.amount for done in activities if isinstance(done, CashEvent) and done.kind.is_external)
    return max(sum(put_in, ZERO), state.account.last_equity)


def _take_over(desk: Desk, previous: PreviousFiles, state: AccountState) -> None:
    """Take over latched halts, and the equity peak that drawdown is measured from.

    Without an old one the peak begins at today's equity: the history of an account tells of losses that are long known.
    """
    for halt in previous.halts:
        desk.ledger.halts_and_breaks.latch(halt, desk.clock.now())
    known, peak = previous.peak, desk.ledger.books.peak()
    if known is None:
        desk.ledger.books.rebase_peak(state.account.equity, desk.clock.now())
    elif peak is None or known > peak:
        desk.ledger.books.rebase_peak(known, desk.clock.now())


def _adopted_notes(desk: Desk, state: AccountState) -> Iterator[str]:
    """A note for each stop of ours that protects shares which no order of ours bought."""
    held = {holding.symbol for holding in state.holdings}
    for order in state.open_orders:
        made = desk.ownership.decision(order.client_order_id)
        if made is not None and made.purpose is Purpose.STOP and order.symbol not in held and order.stop_price:
            stop = canonical(order.stop_price)
            yield (
                f"{order.symbol}: a stop of {made.strategy} at {stop} rests for {canonical(order.remaining)} shares "
                "that no order of ours bought, such as adopted ones. They are foreign now, and the next job cancels "
                f"that stop: take them again then, by `tradebot adopt {order.symbol} --strategy {made.strategy} --stop "
                f"{stop} --reason ...`, or set a stop at the broker"
            )


def _summary(
    state: AccountState, adjusted: Iterable[Break], previous: PreviousFiles, kept: str, least_peak: Decimal
) -> Iterator[str]:
    yield f"the old ledger is kept: {kept}" if kept else "there was no old ledger to keep"
    yield from previous.carried
    if previous.readable:
        peak = "" if previous.peak is None else " and the equity peak"
        yield f"taken over from the old ledger: {plural(len(previous.halts), 'halt')}{peak}"
    else:
        yield "not recovered: halts latched in the ledger; one in the latch file or the environment still holds"
    if previous.peak is None:
        yield (
            "not recovered: the equity peak; drawdown is measured from today's equity, "
            f"{dollars(state.account.equity)} (by the broker's history it was {dollars(least_peak)} at least)"
        )
    for each in adjusted:
        yield f"adjusted: {each.message}; {_TOO_OLD}"
    bare = {(gap.strategy, gap.symbol) for gap in state.gaps if gap.kind is GapKind.MISSING}
    for holding in state.holdings:
        target = "" if holding.target_price is None else f" and its target {canonical(holding.target_price)}"
        yield (
            f"{holding.symbol} of {holding.strategy} is left at its stop {canonical(holding.stop_price)}{target}, and "
            "by exit signals; a trailing stop or time exit that it had is not known"
        )
        if (holding.strategy, holding.symbol) in bare:
            yield (
                f"{holding.symbol} has no stop at the broker, and that price is the account's default: "
                "`tradebot check-exits` places it while the exchange is open"
            )
    for lost in LOST:
        yield f"not recovered: {lost}"

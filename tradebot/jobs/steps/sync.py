"""The first step of every job: settle open intents, book new activities, and compare the broker with the ledger.

The broker is the truth, and the ledger must explain it. A read that fails ends the job: it never counts as "flat".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from tradebot.core.accounting.day_result import ExplainedEquity
from tradebot.core.model.account import CASH, AccountSnapshot, Quote
from tradebot.core.model.breaks import NEEDS_CONFIRMATION, Break, BreakKind, lone_cash, pending_text
from tradebot.core.model.holdings import Holding
from tradebot.core.model.ledger_rows import EquityPoint
from tradebot.core.model.limits import Counters, LimitUsed
from tradebot.core.model.orders import BrokerOrder, Intent, OrderState
from tradebot.core.model.values import ZERO
from tradebot.core.risk.limits_used import account_limits_used, risen
from tradebot.core.safety.identity import find_strangers, identity_breaks
from tradebot.core.safety.reconciliation import find_breaks
from tradebot.core.safety.stop_coverage import Gap, unprotected_dollars
from tradebot.errors import BrokerUnavailable, ExitCode
from tradebot.jobs.desk import Desk
from tradebot.jobs.holding_age import with_age
from tradebot.jobs.job_run import JobRun
from tradebot.jobs.step_results import AccountResult, AccountState, StepResult, failed, noted
from tradebot.jobs.steps.activities import book_new_activities
from tradebot.jobs.steps.bare_time import record_look
from tradebot.jobs.steps.corporate_actions import follow_corporate_actions
from tradebot.jobs.steps.day_result import explain_equity, traded_today
from tradebot.jobs.steps.foreign import tell_foreign
from tradebot.jobs.steps.look import LOOKS, SECOND_LOOK_AFTER, Look, read_look
from tradebot.jobs.steps.lost_orders import is_lost, settle_lost_orders
from tradebot.jobs.steps.opening import make_opening
from tradebot.jobs.steps.stop_gaps import StopLook, look_at_stops
from tradebot.jobs.steps.submit import MINUTE, READ_PAUSES, apply_broker_state

#: How long an order that was sent and given up is still asked for: its request may have come in after that.
_ASKED_FOR = timedelta(days=7)
#: A stop that the broker ends within this time is renewed. A week leaves room for days without a job.
RENEWED_BEFORE = timedelta(days=7)


def synchronise(desk: Desk, run: JobRun, *, at_most: timedelta = timedelta(0)) -> AccountResult:
    """Make the opening where it is due, settle open intents, book new activities, compare and store.

    A reading of the account may be ``at_most`` old. Raises LedgerError where the opening can't be made, and
    BrokerUnavailable when the broker can't be read whole.
    """
    with run.step("sync"):
        opened = make_opening(desk, run)
        settled = resolve_open_intents(desk, run)
        booked = book_new_activities(desk)
        read = read_account_state(desk, run, at_most=at_most)
        told = tell_foreign(desk, read.state)
        return read.after(opened, settled, booked, told)


def resolve_open_intents(desk: Desk, run: JobRun) -> StepResult:
    """Bring every unfinished intent to the state that the broker shows.

    An intent that was never sent is abandoned after its session. An intent that was sent is looked up by its id. Where
    the broker shows no such order over a grace period, it is PLANNED again, and may be sent once more under the same id
    in the same session. At a broker that finds no order for certain by its id it is a lost order.
    An order that was sent and given up, and that the broker shows after all, is taken over.
    """
    done: list[StepResult] = []
    sent: list[Intent] = []
    lost: list[Intent] = []
    for intent in desk.ledger.orders.unsettled():
        if intent.state is not OrderState.PLANNED or intent.sends:
            sent.append(intent)
        elif intent.session != run.session:
            _abandon(desk, intent, "never sent, and its session is over")
    given_up = desk.ledger.orders.given_up(run.session - _ASKED_FOR)
    shown = _look_up(desk, (*sent, *given_up))
    for intent in given_up:
        if intent.client_order_id in shown:
            apply_broker_state(desk, intent, shown[intent.client_order_id])
    for intent in sent:
        order = shown.get(intent.client_order_id)
        subject = f"order {intent.client_order_id}"
        if order is not None:
            settled = apply_broker_state(desk, intent, order)
            if settled.state is OrderState.UNKNOWN:
                done.append(failed(subject, settled.note or "its outcome is unknown", ExitCode.BROKER))
        elif is_lost(desk, intent):
            lost.append(intent)
        elif intent.state is OrderState.PLANNED or (intent.state.in_doubt and desk.broker.capabilities.finds_by_id):
            _absent(desk, run, intent)
        else:
            why = f"the broker no longer knows this order, last seen {intent.state}"
            done.append(failed(subject, why, ExitCode.BROKER))
    return StepResult().after(*done, settle_lost_orders(desk, run, lost))


def _look_up(desk: Desk, intents: Iterable[Intent]) -> Mapping[str, BrokerOrder]:
    """The broker's orders of intents by client_order_id, in one request for all of them.

    An order whose outcome is in doubt counts as absent only if no read over a grace period shows it.
    """
    asked, shown = list(intents), dict[str, BrokerOrder]()
    for pause in READ_PAUSES:
        if not asked:
            break
        desk.clock.sleep(pause)
        shown |= desk.broker.orders(intent.client_order_id for intent in asked)
        in_doubt = (each for each in asked if each.client_order_id not in shown and each.state.in_doubt)
        asked = [each for each in in_doubt if not is_lost(desk, each)]
    return shown


def _absent(desk: Desk, run: JobRun, intent: Intent) -> None:
    """Make the intent of an order that never arrived PLANNED for one more try in its session; then abandon it."""
    if intent.session != run.session or intent.sends > 1:
        _abandon(desk, intent, "the broker has no such order: it never arrived")
    elif intent.state is not OrderState.PLANNED:
        desk.ledger.orders.move(
            intent.client_order_id,
            OrderState.PLANNED,
            desk.clock.now(),
            note="the broker has no such order: it never arrived, and may be sent once more",
        )


def read_account_state(
    desk: Desk, run: JobRun, *, at_most: timedelta = timedelta(0), is_second: bool = False
) -> AccountResult:
    """Read the broker and the ledger, compare them, and store equity, positions and differences.

    A look that shows something new is taken again, until nothing moves between two looks or ``LOOKS`` were taken; then
    the symbols that moved are unsettled. A difference that an earlier look has shown, of another job or of
    ``SECOND_LOOK_AFTER`` ago, is confirmed; with ``is_second`` whenever it was first seen.
    Raises BrokerUnavailable.
    """
    now, before_this_run = desk.clock.now(), run.began - timedelta.resolution
    first_seen_by = now if is_second else max(before_this_run, now - SECOND_LOOK_AFTER)
    look = read_look(desk, run, at_most=at_most)
    settled: list[StepResult] = [follow_corporate_actions(desk, run, look)]
    seen = _compared(desk, run, look)
    moved: frozenset[str] = frozenset()
    for _ in range(LOOKS - 1):
        if not _shows_news(desk, seen):
            break
        booked = book_new_activities(desk)
        look = read_look(desk, run)
        settled += [resolve_open_intents(desk, run), booked, follow_corporate_actions(desk, run, look)]
        again = _compared(desk, run, look)
        moved = again.look.moved_since(seen.look) | {fill.symbol for fill in booked.fills}
        seen = again
        if not moved:
            break
    return AccountResult(state=_store(desk, run, seen, first_seen_by, moved)).after(*settled)


def confirm_differences(desk: Desk, run: JobRun, state: AccountState) -> AccountResult:
    """Look a second time, ``SECOND_LOOK_AFTER`` the first, where one look differed from the ledger.

    A second look that fails leaves the differences pending; the next job confirms them.
    """
    if not state.pending:
        return AccountResult(state=state)
    with run.step("second look"):
        waited = desk.clock.now() - state.at
        desk.clock.sleep(max(SECOND_LOOK_AFTER - waited, timedelta(0)).total_seconds())
        try:
            settled, booked = resolve_open_intents(desk, run), book_new_activities(desk)
            return read_account_state(desk, run, is_second=True).after(settled, booked)
        except BrokerUnavailable as error:
            return AccountResult(state=state, notes=(f"the second look failed, and the next job takes it: {error}",))


def note_pending(state: AccountState) -> StepResult:
    """A note on each difference that one look has shown and none has confirmed."""
    return noted(*(pending_text(each) for each in state.pending))


@dataclass(frozen=True, slots=True)
class _Compared:
    """A look, and what the ledger makes of it."""

    look: Look
    holdings: tuple[Holding, ...]
    unsettled: tuple[Intent, ...]
    quotes: Mapping[str, Quote]
    stops: StopLook
    differences: tuple[Break, ...]
    at: datetime


def _compared(desk: Desk, run: JobRun, look: Look) -> _Compared:
    ledger, positions, open_orders = desk.ledger, look.positions, look.open_orders
    strangers = find_strangers(positions, ledger.books.lots(), ledger.books.asset_ids())
    lost = {position.symbol for position in strangers}  # nothing of them is ours to protect or to sell
    ours = (each for each in ledger.books.holdings() if each.symbol not in lost)
    holdings = with_age(ours, desk.calendar, run.session)
    unsettled = ledger.orders.unsettled()
    wanted = {p.symbol for p in positions} | {h.symbol for h in holdings} | traded_today(desk, run)
    quotes = desk.market.quotes(wanted)
    now = desk.clock.now()
    ledger.orders.store_broker_orders(open_orders, now)  # a bracket's legs are explained by what is stored of them
    stops = look_at_stops(desk, holdings, positions, open_orders, quotes, ended_by=now + RENEWED_BEFORE)
    differences = find_breaks(
        lots=ledger.books.lots(),
        positions=[position for position in positions if position.symbol not in lost],
        unsettled=unsettled,
        open_orders=open_orders,
        undecided=frozenset(order.broker_order_id for order in open_orders if _is_undecided(desk, order)),
        gaps=stops.gaps,
        cash_here=ledger.books.cash(),
        cash_there=look.account.cash,
    )
    return _Compared(look, holdings, unsettled, quotes, stops, (*differences, *identity_breaks(strangers)), now)


def _shows_news(desk: Desk, seen: _Compared) -> bool:
    """Whether a look differs from the ledger in something that no earlier look has shown, or that is not confirmed.

    Shares without their stop count: the stop may have filled between the reads.
    """
    known = {(each.kind, each.symbol) for each in desk.ledger.halts_and_breaks.breaks()}
    may_pass = NEEDS_CONFIRMATION | {BreakKind.UNPROTECTED}
    return any(each.kind in may_pass and (each.kind, each.symbol) not in known for each in seen.differences)


def _store(desk: Desk, run: JobRun, seen: _Compared, first_seen_by: datetime, moved: frozenset[str]) -> AccountState:
    ledger, look = desk.ledger, seen.look
    explained = explain_equity(desk, run, look.account, look.positions, seen.quotes, moved)
    with ledger.transaction():
        found = ledger.halts_and_breaks.record_breaks(
            seen.differences,
            run.session,
            seen.at,
            first_seen_by=first_seen_by,
            unsettled=moved | {CASH} if moved else moved,
        )
        record_look(desk, run.session, seen.stops.gaps, look.open_orders, seen.at)
        ledger.orders.keep_look(look.open_orders, seen.at)
        point = _equity_point(run.session, look, seen.stops.gaps)
        ledger.books.store_equity(point, look.positions, explained.high)
        state = AccountState(
            account=look.account,
            positions=look.positions,
            open_orders=look.open_orders,
            holdings=seen.holdings,
            unsettled=seen.unsettled,
            quotes=seen.quotes,
            breaks=tuple(each for each in found if each.confirmed),
            gaps=seen.stops.gaps,
            resting=seen.stops.resting,
            explained=explained,
            at=seen.at,
            pending=tuple(each for each in found if not each.confirmed),
            unsettled_symbols=moved,
            foreign_orders=tuple(order for order in look.open_orders if desk.ownership.is_others(order)),
        )
        return replace(state, limits_used=_store_limits_used(desk, run, state))


def _store_limits_used(desk: Desk, run: JobRun, state: AccountState) -> tuple[LimitUsed, ...]:
    """Store and return the use of each limit that is higher than in the run's looks before."""
    inputs, today = state.limit_inputs(desk.settings.limits()), _counters(desk, run, state.account, state.explained)
    used = risen(account_limits_used(inputs, state.account, today, state.breaks), run.most_used)
    desk.ledger.limits_used.store(run.session, used, state.at)
    return used


def counters(desk: Desk, run: JobRun, account: AccountSnapshot) -> Counters:
    """Today's counters, after a look at the account.

    A reading of the account that is newer than the look is measured with what that look explained.
    """
    assert run.explained is not None, "the account was looked at"
    return _counters(desk, run, account, run.explained)


def _counters(desk: Desk, run: JobRun, account: AccountSnapshot, explained: ExplainedEquity) -> Counters:
    books, orders = desk.ledger.books, desk.ledger.orders
    counted = account.equity - explained.uncounted
    return Counters(
        session=run.session,
        entries_sent=orders.entries_sent(run.session),
        baseline_equity=explained.base,
        peak_equity=max(books.peak() or counted, counted),
        uncounted_today=explained.uncounted_today,
        uncounted=explained.uncounted,
        orders_sent=orders.submissions(run.session),
        orders_last_minute=orders.submissions(run.session, desk.clock.now() - MINUTE),
    )


def locked_symbols(state: AccountState) -> dict[str, str]:
    """The reason by symbol that takes no entries.

    A foreign order, a difference, an unknown outcome, or shares that were moving. That of CASH holds for every symbol.
    """
    locked = {order.symbol: f"an order of somebody else rests: {order.text}" for order in state.foreign_orders}
    locked |= dict.fromkeys(state.unsettled_symbols - {CASH}, "it changed whenever the account was read")
    locked |= {each.symbol: pending_text(each) for each in state.pending if each.locks_symbol}
    locked |= {each.symbol: f"open break: {each.message}" for each in state.breaks if each.locks_symbol}
    cash = lone_cash(state.differences, state.unsettled)
    if cash is not None:
        locked[CASH] = f"open break: {cash.message}" if cash.confirmed else pending_text(cash)
    for intent in state.unsettled:
        if intent.state.in_doubt:
            locked[intent.symbol] = f"the outcome of {intent.client_order_id} is unknown"
    return locked


def is_explained(desk: Desk, order: BrokerOrder) -> bool:
    """Whether the ledger explains an order, by its intent or by its id."""
    in_ledger = desk.ledger.orders.owner_of(order.client_order_id, None) is not None
    return desk.ownership.is_explained(order, in_ledger=in_ledger)


def _is_undecided(desk: Desk, order: BrokerOrder) -> bool:
    """Whether an order with an id of ours, or a leg, is none that this ledger decided."""
    return not desk.ownership.is_others(order) and not is_explained(desk, order)


def _equity_point(session: date, look: Look, open_gaps: Iterable[Gap]) -> EquityPoint:
    """The equity of a look at the time at which it was asked for: money that moves during the job is in the next."""
    values, account = [position.market_value for position in look.positions], look.account
    return EquityPoint(
        session=session,
        at=look.at,
        equity=account.equity,
        cash=account.cash,
        long_value=sum((value for value in values if value > 0), ZERO),
        short_value=sum((value for value in values if value < 0), ZERO),
        last_equity=account.last_equity,
        unprotected=unprotected_dollars(open_gaps),
    )


def _abandon(desk: Desk, intent: Intent, note: str) -> None:
    desk.ledger.orders.move(intent.client_order_id, OrderState.ABANDONED, desk.clock.now(), note=note)

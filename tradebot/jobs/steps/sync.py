"""The first step of every job: settle open intents, book new activities, and compare the broker with the ledger.

The broker is the truth, and the ledger must explain it. A read that fails ends the job: it never counts as "flat".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, timedelta

from tradebot.core.model.account import AccountSnapshot, Position
from tradebot.core.model.holdings import Holding
from tradebot.core.model.ledger_rows import EquityPoint
from tradebot.core.model.limits import Counters
from tradebot.core.model.orders import BrokerOrder, Intent, OrderState
from tradebot.core.model.values import CENT, ZERO
from tradebot.core.safety.reconciliation import find_breaks
from tradebot.core.safety.stop_coverage import Gap, find_gaps, unprotected_dollars
from tradebot.errors import ExitCode
from tradebot.jobs.desk import Desk
from tradebot.jobs.job_run import JobRun, read_account
from tradebot.jobs.step_results import AccountResult, AccountState, StepResult, failed
from tradebot.jobs.steps.activities import book_new_activities
from tradebot.jobs.steps.submit import MINUTE, READ_PAUSES, apply_broker_state

#: A stop that the broker ends within this time is renewed. A week leaves room for days without a job.
RENEWED_BEFORE = timedelta(days=7)


def synchronise(desk: Desk, run: JobRun, *, at_most: timedelta = timedelta(0)) -> AccountResult:
    """Settle open intents, book new activities, compare and store. A reading of the account may be ``at_most`` old.

    Raises BrokerUnavailable when the broker can't be read whole.
    """
    with run.step("sync"):
        settled = resolve_open_intents(desk, run)
        booked = book_new_activities(desk)
        return read_account_state(desk, run, at_most=at_most).after(settled, booked)


def resolve_open_intents(desk: Desk, run: JobRun) -> StepResult:
    """Bring every unfinished intent to the state that the broker shows.

    An intent that was never sent is abandoned after its session. An intent that was sent is looked up by its id. Where
    the broker shows no such order over a grace period, it is PLANNED again, and may be sent once more under the same id
    in the same session.
    """
    done: list[StepResult] = []
    sent: list[Intent] = []
    for intent in desk.ledger.orders.unsettled():
        if intent.state is not OrderState.PLANNED or intent.sends:
            sent.append(intent)
        elif intent.session != run.session:
            _abandon(desk, intent, "never sent, and its session is over")
    shown = _look_up(desk, sent)
    for intent in sent:
        order = shown.get(intent.client_order_id)
        subject = f"order {intent.client_order_id}"
        if order is not None:
            settled = apply_broker_state(desk, intent, order)
            if settled.state is OrderState.UNKNOWN:
                done.append(failed(subject, settled.note or "its outcome is unknown", ExitCode.BROKER))
        elif intent.state is OrderState.PLANNED or intent.state.in_doubt:
            _absent(desk, run, intent)
        else:
            why = f"the broker no longer knows this order, last seen {intent.state}"
            done.append(failed(subject, why, ExitCode.BROKER))
    return StepResult().after(*done)


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
        asked = [each for each in asked if each.client_order_id not in shown and each.state.in_doubt]
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


def read_account_state(desk: Desk, run: JobRun, *, at_most: timedelta = timedelta(0)) -> AccountResult:
    """Read the broker and the ledger, compare them, and store equity, positions and breaks.

    A reading of the account that is up to ``at_most`` old is read again where its cash differs from the ledger's.
    Raises BrokerUnavailable.
    """
    account = read_account(desk, run, at_most=at_most)
    cash_here = desk.ledger.books.cash()
    if at_most and cash_here is not None and abs(account.cash - cash_here) > CENT:
        account = read_account(desk, run)
    positions = desk.broker.positions()
    open_orders = desk.broker.open_orders()
    ledger = desk.ledger
    holdings = _aged(desk, run, ledger.books.holdings())
    unsettled = ledger.orders.unsettled()
    quotes = desk.market.quotes({p.symbol for p in positions} | {h.symbol for h in holdings})
    now = desk.clock.now()
    open_gaps = find_gaps(holdings, positions, open_orders, quotes, ended_by=now + RENEWED_BEFORE)
    with ledger.transaction():
        ledger.orders.store_broker_orders(open_orders, now)
        differences = find_breaks(
            lots=ledger.books.lots(),
            positions=positions,
            unsettled=unsettled,
            open_orders=open_orders,
            ours=frozenset(order.broker_order_id for order in open_orders if is_explained(desk, order)),
            gaps=open_gaps,
            cash_here=cash_here,
            cash_there=account.cash,
        )
        breaks = ledger.halts_and_breaks.record_breaks(differences, run.session, now)
        ledger.books.store_equity(_equity_point(desk, run.session, account, positions, open_gaps), positions)
    return AccountResult(
        state=AccountState(account, positions, open_orders, holdings, unsettled, quotes, breaks, open_gaps)
    )


def counters(desk: Desk, run: JobRun, account: AccountSnapshot) -> Counters:
    """Today's counters. The day's baseline equity, USD, is the first one stored today, so that no restart resets it."""
    books, orders = desk.ledger.books, desk.ledger.orders
    first = books.first_of_session(run.session)
    return Counters(
        session=run.session,
        entries_sent=orders.entries_sent(run.session),
        baseline_equity=first.last_equity if first else account.last_equity,
        peak_equity=max(books.peak() or account.equity, account.equity),
        cash_flow_today=books.cash_flow(run.session),
        orders_sent=orders.submissions(run.session),
        orders_last_minute=orders.submissions(run.session, desk.clock.now() - MINUTE),
    )


def locked_symbols(state: AccountState) -> dict[str, str]:
    """The reason by symbol that takes no entries: an open break, or an order whose outcome is unknown."""
    locked = {each.symbol: f"open break: {each.message}" for each in state.breaks if each.locks_symbol}
    for intent in state.unsettled:
        if intent.state.in_doubt:
            locked[intent.symbol] = f"the outcome of {intent.client_order_id} is unknown"
    return locked


def is_explained(desk: Desk, order: BrokerOrder) -> bool:
    """Whether the ledger explains an order, by its intent or by its id."""
    in_ledger = desk.ledger.orders.owner_of(order.client_order_id, None) is not None
    return desk.ownership.is_explained(order, in_ledger=in_ledger)


def _aged(desk: Desk, run: JobRun, holdings: Iterable[Holding]) -> tuple[Holding, ...]:
    """Holdings with the number of sessions since their opening, on the exchange calendar."""
    today = run.session

    def sessions_since(opened: date) -> int:
        return max(len(desk.calendar.between(opened, today)) - 1, 0)

    return tuple(replace(holding, sessions_held=sessions_since(holding.opened_session)) for holding in holdings)


def _equity_point(
    desk: Desk, session: date, account: AccountSnapshot, positions: Iterable[Position], open_gaps: Iterable[Gap]
) -> EquityPoint:
    values = [position.market_value for position in positions]
    return EquityPoint(
        session=session,
        at=desk.clock.now(),
        equity=account.equity,
        cash=account.cash,
        long_value=sum((value for value in values if value > 0), ZERO),
        short_value=sum((value for value in values if value < 0), ZERO),
        last_equity=account.last_equity,
        unprotected=unprotected_dollars(open_gaps),
    )


def _abandon(desk: Desk, intent: Intent, note: str) -> None:
    desk.ledger.orders.move(intent.client_order_id, OrderState.ABANDONED, desk.clock.now(), note=note)

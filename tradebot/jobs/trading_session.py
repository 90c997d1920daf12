"""The parts that run-daily and check-exits share: their beginning, the execution of exits, and their end."""

from __future__ import annotations

from collections.abc import Iterable

from tradebot.core.model.breaks import NEEDS_CONFIRMATION, Break
from tradebot.core.model.orders import Intent
from tradebot.core.model.signals import Signal
from tradebot.errors import ExitCode
from tradebot.jobs.circuit_breakers import (
    check_circuit_breakers,
    check_failed_runs,
    end_breaks_halt,
    look_and_check,
)
from tradebot.jobs.desk import Desk
from tradebot.jobs.job_run import JobRun
from tradebot.jobs.step_results import AccountState, coded
from tradebot.jobs.steps import overdue_entries, untradable
from tradebot.jobs.steps.activities import book_new_activities
from tradebot.jobs.steps.close import close_holding
from tradebot.jobs.steps.corporate_actions import cancel_orders_without_shares
from tradebot.jobs.steps.decision_log import store_decisions
from tradebot.jobs.steps.protect import protect, raise_trailing_stops
from tradebot.jobs.steps.session_close import record_close
from tradebot.jobs.steps.sync import confirm_differences, note_pending, read_account_state, resolve_open_intents


def begin(desk: Desk, run: JobRun) -> AccountState:
    """End overdue entries, settle and compare, check halts and circuit breakers, and raise trailing stops.

    Shares that the look finds bare get their stop at once, before anything is planned.
    """
    check_failed_runs(desk, run)
    run.add(overdue_entries.end_overdue(desk))
    state = look_and_check(desk, run, at_most=desk.fresh_for)
    run.add(cancel_orders_without_shares(desk, state))
    if any(gap.dollars and gap.kind.can_be_closed for gap in state.gaps):
        state = run.add(protect(desk, run, state)).state
    with run.step("exits"):
        run.add(raise_trailing_stops(desk, run, state))
    record_close(desk, run, state.account, state.positions)  # it may ask for prices: no stop waits for them
    return state


def execute_exits(
    desk: Desk, run: JobRun, state: AccountState, exits: Iterable[Intent], signals: tuple[Signal, ...]
) -> AccountState:
    """Execute planned exits, and read the account again: the proceeds may pay for an entry."""
    exits = tuple(exits)
    if not exits:
        return state
    store_decisions(desk, run, exits, (), signals)
    with run.step("exits"):
        for intent in exits:
            desk.stop.check()
            run.add(close_holding(desk, run, intent))
        return _read_again(desk, run)


def confirm(desk: Desk, run: JobRun, state: AccountState) -> AccountState:
    """Look a second time at what one look showed, and check the circuit breakers again where it was confirmed."""
    looked = run.add(confirm_differences(desk, run, state)).state
    if looked.breaks != state.breaks:
        return check_circuit_breakers(desk, run, looked)
    end_breaks_halt(desk, run, looked)
    return looked


def end(desk: Desk, run: JobRun) -> AccountState:
    """Settle the orders sent, repair and prove the protection, confirm what differs, report what does not trade."""
    state = _read_again(desk, run)
    run.add(cancel_orders_without_shares(desk, state))
    state = run.add(protect(desk, run, state)).state
    looked = confirm(desk, run, state)
    if looked is not state:
        state = run.add(protect(desk, run, looked)).state
    run.add(note_pending(state))
    run.add(untradable.report_untradable(desk, state))
    if matter := [each for each in state.breaks if each.matters]:
        run.add(coded(ExitCode.BREAKS))
        tell_breaks(desk, (each for each in matter if each.kind in NEEDS_CONFIRMATION))  # `protect` tells of stops
    return state


def tell_breaks(desk: Desk, breaks: Iterable[Break]) -> None:
    """Alert each break when it is found, and once a week while it lasts."""
    for each in breaks:
        message = f"{each.message}. `tradebot reconcile` says what to do."
        key = f"break {each.kind} {each.symbol} {each.first_seen}"
        desk.alerts.send("warning", "ledger and broker differ", message, key=key)


def _read_again(desk: Desk, run: JobRun) -> AccountState:
    run.add(resolve_open_intents(desk, run))
    run.add(book_new_activities(desk))
    return run.add(read_account_state(desk, run)).state

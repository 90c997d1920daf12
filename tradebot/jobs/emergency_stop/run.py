"""emergency-stop: latch, cancel orders that could open or add, close positions if asked, and report what is left.

The stop is one loop: read the account, send what is missing to the goal, read again, until two reads in a row show the
goal or the time is up. A refused cancel, an order that filled while it was being cancelled and a rejected close need no
case of their own: the next read shows them.

The command takes no lock, writes no ledger and loads no strategy, so that it works when those are broken. A job whose
circuit breaker trips runs the same loop through its own desk.
"""

from __future__ import annotations

from tradebot.core.results.stop_outcome import StopOutcome
from tradebot.core.safety.stop_state import StopGoal
from tradebot.jobs.emergency_stop.desk import StopDesk, desk_for_stop
from tradebot.jobs.emergency_stop.loop import EmergencyStop
from tradebot.jobs.emergency_stop.summary import alert_text, dry_run_outcome, outcome_of

__all__ = ["EmergencyStop", "StopDesk", "begin", "desk_for_stop", "dry_run", "finish", "run"]

#: Reads in a row that must show the goal before it counts as reached.
READS_THAT_AGREE = 2


def run(desk: StopDesk, *, close_positions: bool, include_foreign: bool = False) -> StopOutcome:
    """Stop an account that is latched already. The outcome has the code INCOMPLETE unless the goal is reached.

    Raises no error of the broker or the ledger. Without ``close_positions`` open positions keep their stops, or get new
    ones. With ``include_foreign`` foreign orders and positions are treated as ours.
    """
    return finish(begin(desk, close_positions=close_positions, include_foreign=include_foreign))


def begin(desk: StopDesk, *, close_positions: bool, include_foreign: bool = False) -> EmergencyStop:
    """Cancel the orders that can open or add, at once. Nothing slow may come before this; ``finish`` does the rest."""
    stop = EmergencyStop(desk, StopGoal(close_positions, include_foreign), desk.sender())
    stop.cancel_entries_at_once()
    return stop


def finish(stop: EmergencyStop) -> StopOutcome:
    """Carry a stop that has begun to its end, as ``run`` does."""
    stop.read_ledger()
    agreed = 0
    for _ in stop.reads():
        state = stop.read()
        if stop.locked_out:
            break
        busy = stop.others_at_work() or stop.may_still_arrive()
        if state is not None and not state.is_at_rest:
            stop.act(state)
        is_sure = state is not None and stop.is_at_rest(state) and not stop.unread and not busy
        agreed = agreed + 1 if is_sure else 0
        if agreed:
            stop.desk.say(f"The broker has shown {agreed} of {READS_THAT_AGREE} times that all is done.")
        if agreed == READS_THAT_AGREE:
            break
    stop.has_agreed = agreed == READS_THAT_AGREE
    if stop.goal.close and not stop.has_agreed and not stop.locked_out:
        stop.protect_unclosed()
    stop.desk.narrow_latch()
    outcome = outcome_of(stop)
    stop.desk.alerts.send("critical", "emergency stop", alert_text(outcome))
    return outcome


def dry_run(desk: StopDesk, *, close_positions: bool, include_foreign: bool = False) -> StopOutcome:
    """The outcome of a dry run: what ``run`` would do now. Changes nothing."""
    stop = EmergencyStop(desk, StopGoal(close_positions, include_foreign), desk.sender())
    stop.read_ledger()
    stop.read()
    return dry_run_outcome(stop)

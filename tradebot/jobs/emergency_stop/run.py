"""emergency-stop: latch first, cancel what could open or add, close what was asked, and say truthfully what is left.

One loop: look at the account, send whatever still stands between it and what was wanted, look again, until the broker
has shown that twice or the time is up. So a cancel that was refused, an order that filled while it was being cancelled
and a close that was rejected are all the same case: the next look shows them.

By the operator's hand it takes no lock, writes no ledger and loads no strategy, so that it works when those are what is
broken. A job that trips a breaker runs the same loop through its own desk.
"""

from __future__ import annotations

from tradebot.core.results.results import StopOutcome
from tradebot.core.safety.stop_state import StopGoal
from tradebot.jobs.emergency_stop.desk import StopDesk, desk_for_stop
from tradebot.jobs.emergency_stop.latch import set_latch
from tradebot.jobs.emergency_stop.loop import Stop
from tradebot.jobs.emergency_stop.summary import alert_text, intention_of, outcome_of

__all__ = ["Stop", "StopDesk", "begin", "desk_for_stop", "finish", "plan", "run", "set_latch"]

#: How often the broker has to show the wanted state before it is believed.
LOOKS_THAT_AGREE = 2


def run(desk: StopDesk, *, close_positions: bool, include_foreign: bool = False) -> StopOutcome:
    """Stop an account that is latched already, and say what came of it: INCOMPLETE unless all that was wanted did.

    Never raises for what a broker or a ledger answers. Without ``close_positions`` what is open keeps its stops, or
    gets new ones. ``include_foreign`` treats what people ordered and bought by hand as if it were the bot's.
    """
    return finish(begin(desk, close_positions=close_positions, include_foreign=include_foreign))


def begin(desk: StopDesk, *, close_positions: bool, include_foreign: bool = False) -> Stop:
    """Cancel at once what can open or add. ``finish`` does all the rest; nothing slow may come before this."""
    stop = Stop(desk, StopGoal(close_positions, include_foreign), desk.sender())
    stop.cancel_entries_at_once()
    return stop


def finish(stop: Stop) -> StopOutcome:
    """Carry through a stop that has begun, as ``run`` does."""
    stop.read_ledger()
    agreed = 0
    for _ in stop.looks():
        view = stop.look()
        busy = stop.others_at_work()
        if view is not None and not view.is_at_rest:
            stop.act(view)
        is_sure = view is not None and view.is_at_rest and not stop.unread and not busy
        agreed = agreed + 1 if is_sure else 0
        if agreed == LOOKS_THAT_AGREE:
            break
    stop.has_agreed = agreed == LOOKS_THAT_AGREE
    if stop.wish.close and not stop.has_agreed:
        stop.protect_what_did_not_close()
    outcome = outcome_of(stop)
    stop.desk.alerts.send("critical", "emergency stop", alert_text(outcome))
    return outcome


def plan(desk: StopDesk, *, close_positions: bool, include_foreign: bool = False) -> StopOutcome:
    """What ``run`` would do now. Changes nothing."""
    stop = Stop(desk, StopGoal(close_positions, include_foreign), desk.sender())
    stop.read_ledger()
    stop.look()
    return intention_of(stop)

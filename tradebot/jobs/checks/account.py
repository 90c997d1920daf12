"""Checks of the account, the exchange's hours, and the limits."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from tradebot.core.model.account import CorporateAction, MarketClock, SessionHours
from tradebot.core.model.exchange_time import new_york_date
from tradebot.core.model.values import canonical, dollars
from tradebot.core.results.preflight_checks import Check, CheckResult
from tradebot.core.risk.limit_report import limit_report
from tradebot.core.safety.calendar_changes import hours_text
from tradebot.jobs.calendar_days import changes_at
from tradebot.jobs.desk import Desk
from tradebot.jobs.job_run import JobRun, read_account

PASS, WARN, FAIL = CheckResult.PASS, CheckResult.WARN, CheckResult.FAIL

#: Days ahead in which a split or dividend of a held symbol is a warning.
ACTIONS_AHEAD = 7
#: Seconds between this machine's clock and the broker's that are a warning, and a failure.
SKEW_WARN, SKEW_FAIL = 2.0, 30.0


def broker(desk: Desk, run: JobRun) -> Check:
    """Fails for a blocked account; warns where the buying power is below the smallest order."""
    account = read_account(desk, run, at_most=desk.fresh_for)
    figure = f"equity {dollars(account.equity)}, buying power {dollars(account.buying_power)}"
    if account.blocked:
        return Check("broker", FAIL, f"{figure}; the account is blocked", "ask the broker why, nothing can be sent")
    if account.buying_power < desk.settings.min_order_value:
        return Check("broker", WARN, figure, "there is too little for the smallest order (MIN_ORDER_VALUE)")
    return Check("broker", PASS, figure)


def switches(desk: Desk, run: JobRun) -> Check:
    """Warns when real money is traded."""
    if desk.broker.mode == "live":
        return Check("mode", WARN, "LIVE: REAL MONEY IS AT STAKE", "TRADING_MODE=paper trades without real money")
    return Check("mode", PASS, "paper: no money is at stake")


def clock(desk: Desk, run: JobRun) -> Check:
    """The difference between this machine's clock and the broker's when the run began, in seconds."""
    skew = abs((run.began - run.market.now).total_seconds())
    figure, remedy = f"{skew:.1f} s from the broker's", "set this machine's clock, and keep it right with NTP"
    if skew >= SKEW_FAIL:
        return Check("clock", FAIL, figure, remedy)
    if skew >= SKEW_WARN:
        return Check("clock", WARN, figure, remedy)
    return Check("clock", PASS, figure)


def calendar(desk: Desk, run: JobRun) -> Check:
    """Fails where the calendar here differs from the broker's on today or the sessions around it.

    A difference is left only where the broker's answer is not believed. Days to come on which the installed calendar
    is wrong are a warning.
    """
    doubt = changes_at(desk, run.market).doubt
    doubts = [f"the broker's is not believed: {doubt}"] if doubt else []
    if differences := list(_differences(desk, run.market)):
        remedy = "nothing is entered until they agree; update tradebot, or trade by hand today"
        return Check("calendar", FAIL, "; ".join([*differences, *doubts]), remedy)
    if doubts:
        return Check("calendar", WARN, doubts[0], "look at the exchange's own calendar; the one here counts")
    if ahead := desk.calendar.corrections(new_york_date(run.market.now)):
        figure = ", ".join(f"{each.day} {hours_text(each.hours)}" for each in ahead)
        remedy = "nothing to do: jobs go by the broker's calendar"
        return Check("calendar", WARN, f"the installed one did not know: {figure}", remedy)
    return Check("calendar", PASS, f"as the broker's: {_hours(run.market.today)}")


def _differences(desk: Desk, market: MarketClock) -> Iterator[str]:
    """What the calendar here says otherwise than the broker's on today and the sessions around it."""
    today = new_york_date(market.now)
    hours = {
        "today": (desk.calendar.hours(today), market.today),
        "the session before": (desk.calendar.previous(today), market.previous),
        "the next session": (desk.calendar.following(today), market.upcoming),
    }
    for which, (here, there) in hours.items():
        if here != there and not (there is None and which != "today"):
            yield f"{which} is {_hours(here)} here and {_hours(there)} at the broker"


def session(desk: Desk, run: JobRun) -> Check:
    """Warns when today is no session."""
    market = run.market
    if market.today is None:
        following = market.upcoming.session if market.upcoming else "unknown"
        return Check("session", WARN, f"no session today; the next is {following}", "nothing to do: jobs will be idle")
    return Check("session", PASS, _hours(market.today))


def exposure(desk: Desk, run: JobRun) -> Check:
    """Warns where the gross exposure is above its limit."""
    account = read_account(desk, run, at_most=desk.fresh_for)
    gross = sum((abs(position.market_value) for position in desk.broker.positions()), Decimal(0))
    limit = account.equity * desk.settings.max_gross_exposure_pct
    figure = f"{dollars(gross)} of {dollars(limit)}"
    if gross > limit:
        return Check("exposure", WARN, figure, "above MAX_GROSS_EXPOSURE_PCT: no entry will be sent")
    return Check("exposure", PASS, figure)


def limits(desk: Desk, run: JobRun) -> Check:
    """Fails where the limits contradict each other or this account."""
    symbols = {symbol for info in desk.strategies.loaded for symbol in info.symbols}
    equity = read_account(desk, run, at_most=desk.fresh_for).equity
    report = limit_report(desk.settings.limits(), equity, symbols)
    figure = (
        f"largest order {dollars(report.largest_order)} ({report.bound_by}); the worst day costs "
        f"{dollars(report.loss_at_stops)} at the stops, {dollars(report.loss_in_crash)} if they gap as in 1987"
    )
    if report.objections:
        return Check("limits", FAIL, "; ".join(report.objections), "change one of the limits that are named")
    return Check("limits", PASS, figure)


def actions(desk: Desk, run: JobRun) -> Check:
    """Warns of corporate actions that are near on held symbols."""
    held = sorted(position.symbol for position in desk.broker.positions())
    upcoming = desk.market.upcoming_actions(held, run.market, ACTIONS_AHEAD)
    if not upcoming:
        return Check("corporate actions", PASS, f"none within {ACTIONS_AHEAD} days on what is held")
    remedy = "stops follow splits and changes of name by themselves; look at them after it"
    return Check("corporate actions", WARN, ", ".join(map(_action_line, upcoming)), remedy)


def _action_line(action: CorporateAction) -> str:
    into = f" into {action.new_symbol}" if action.new_symbol else ""
    return f"{action.symbol} {action.kind} {canonical(action.value)}{into} on {action.ex_date}"


def _hours(hours: SessionHours | None) -> str:
    """The hours of a session, New York time."""
    if hours is None:
        return "no session"
    kind = "half day, " if hours.half_day else ""
    return f"{hours.session}: {kind}{hours_text(hours)} in New York"

"""Checks of the account, the exchange's hours, and the limits."""

from __future__ import annotations

from decimal import Decimal

from tradebot.core.model.account import SessionHours
from tradebot.core.model.exchange_time import NEW_YORK, new_york_date
from tradebot.core.model.values import canonical, dollars
from tradebot.core.results.results import Check, CheckResult
from tradebot.core.risk.limit_report import limit_report
from tradebot.jobs.desk import Desk
from tradebot.jobs.job_run import JobRun, read_account

PASS, WARN, FAIL = CheckResult.PASS, CheckResult.WARN, CheckResult.FAIL

#: Days ahead in which a split or dividend of something held is worth a word.
ACTIONS_AHEAD = 7
#: Seconds between the clock here and the broker's that are worth a word, and that make every timestamp doubtful.
SKEW_WARN, SKEW_FAIL = 2.0, 30.0


def broker(desk: Desk, run: JobRun) -> Check:
    account = read_account(desk, run, at_most=desk.fresh_for)
    figure = f"equity {dollars(account.equity)}, buying power {dollars(account.buying_power)}"
    if account.blocked:
        return Check("broker", FAIL, f"{figure}; the account is blocked", "ask the broker why, nothing can be sent")
    if account.buying_power < desk.settings.min_order_value:
        return Check("broker", WARN, figure, "there is too little for the smallest order (MIN_ORDER_VALUE)")
    return Check("broker", PASS, figure)


def switches(desk: Desk, run: JobRun) -> Check:
    if desk.broker.mode == "live":
        return Check("mode", WARN, "LIVE: REAL MONEY IS AT STAKE", "TRADING_MODE=paper plays instead")
    return Check("mode", PASS, "paper: no money is at stake")


def clock(desk: Desk, run: JobRun) -> Check:
    """How far the clock here was from the broker's when the run began. Timeouts, ids and sessions go by both."""
    skew = abs((run.began - run.market.now).total_seconds())
    figure, remedy = f"{skew:.1f} s from the broker's", "set this machine's clock; let NTP keep it"
    if skew >= SKEW_FAIL:
        return Check("clock", FAIL, figure, remedy)
    if skew >= SKEW_WARN:
        return Check("clock", WARN, figure, remedy)
    return Check("clock", PASS, figure)


def calendar(desk: Desk, run: JobRun) -> Check:
    """Whether the exchange's calendar here says of today and the sessions around it what the broker says."""
    market = run.market
    today = new_york_date(market.now)
    told = {
        "today": (desk.calendar.hours(today), market.today),
        "the session before": (desk.calendar.previous(today), market.previous),
        "the next session": (desk.calendar.following(today), market.upcoming),
    }
    differences = [
        f"{which} is {_hours(here)} here and {_hours(there)} at the broker"
        for which, (here, there) in told.items()
        if here != there and not (there is None and which != "today")
    ]
    if differences:
        remedy = "nothing is entered until they agree; update tradebot, or trade by hand today"
        return Check("calendar", FAIL, "; ".join(differences), remedy)
    return Check("calendar", PASS, f"as the broker's: {_hours(market.today)}")


def session(desk: Desk, run: JobRun) -> Check:
    market = run.market
    if market.today is None:
        following = market.upcoming.session if market.upcoming else "unknown"
        return Check("session", WARN, f"no session today; the next is {following}", "nothing to do: jobs will be idle")
    return Check("session", PASS, _hours(market.today))


def exposure(desk: Desk, run: JobRun) -> Check:
    account = read_account(desk, run, at_most=desk.fresh_for)
    gross = sum((abs(position.market_value) for position in desk.broker.positions()), Decimal(0))
    limit = account.equity * desk.settings.max_gross_exposure_pct
    figure = f"{dollars(gross)} of {dollars(limit)}"
    if gross > limit:
        return Check("exposure", WARN, figure, "above MAX_GROSS_EXPOSURE_PCT: no entry will be sent")
    return Check("exposure", PASS, figure)


def limits(desk: Desk, run: JobRun) -> Check:
    symbols = {symbol for info in desk.strategies.loaded for symbol in info.symbols}
    equity = read_account(desk, run, at_most=desk.fresh_for).equity
    found = limit_report(desk.settings.limits(), equity, symbols)
    figure = (
        f"largest order {dollars(found.largest_order)} ({found.bound_by}); the worst day costs "
        f"{dollars(found.loss_at_stops)} at the stops, {dollars(found.loss_in_crash)} if they gap as in 1987"
    )
    if found.objections:
        return Check("limits", FAIL, "; ".join(found.objections), "change one of the limits that are named")
    return Check("limits", PASS, figure)


def actions(desk: Desk, run: JobRun) -> Check:
    held = sorted(position.symbol for position in desk.broker.positions())
    coming = desk.market.upcoming_actions(held, run.market, ACTIONS_AHEAD)
    if not coming:
        return Check("corporate actions", PASS, f"none within {ACTIONS_AHEAD} days on what is held")
    figure = ", ".join(
        f"{action.symbol} {action.kind} {canonical(action.value)} on {action.ex_date}" for action in coming
    )
    return Check("corporate actions", WARN, figure, "stops follow a split by themselves; look at them after it")


def _hours(hours: SessionHours | None) -> str:
    """A session in New York time, as people write it."""
    if hours is None:
        return "no session"
    kind = "half day, " if hours.half_day else ""
    opens, closes = hours.opens.astimezone(NEW_YORK), hours.closes.astimezone(NEW_YORK)
    return f"{hours.session}: {kind}{opens:%H:%M} to {closes:%H:%M} in New York"

"""preflight: named checks before the open, each with a result, a figure and what to do about it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from zoneinfo import ZoneInfo

from tradebot.core.checks import Check, CheckResult, PreflightOutcome
from tradebot.core.halts import Halt, HaltSource, distinct, level_of, told_by
from tradebot.core.orders import OrderState
from tradebot.core.protection import gaps, unprotected_dollars
from tradebot.core.records import RunStatus
from tradebot.core.schedule import Job
from tradebot.core.values import canonical, dollars
from tradebot.core.wording import plural
from tradebot.errors import ExitCode, TradebotError
from tradebot.jobs.deciding import history_for, read_signals
from tradebot.jobs.desk import Desk, Story, open_story, recorded
from tradebot.jobs.halting import halts_in_force

_NEW_YORK = ZoneInfo("America/New_York")
#: Days ahead in which a split or dividend of something held is worth a word.
ACTIONS_AHEAD = 7
PASS, WARN, FAIL = CheckResult.PASS, CheckResult.WARN, CheckResult.FAIL


def run(desk: Desk, lock_holder: str = "", warnings: tuple[str, ...] = ()) -> PreflightOutcome:
    """Check everything a session needs; sends nothing. ``lock_holder`` and ``warnings`` come from opening the desk."""
    story = open_story(desk, Job.PREFLIGHT)
    with recorded(desk, story) as record:
        outcome = _preflight(desk, story, lock_holder, warnings)
        record.ends(outcome)
    return outcome


def _preflight(desk: Desk, story: Story, lock_holder: str, warnings: tuple[str, ...]) -> PreflightOutcome:
    checks = [
        _configuration(desk, warnings),
        Check("account", PASS, desk.account_key),
        Check("database", PASS, "readable and writable"),
        _lock(lock_holder),
    ]
    for check in (_account, _session, _halts, _breaks, _unknowns, _protection, _exposure, _limits, _actions):
        checks.append(_guarded(check, desk, story))
    checks.extend(_strategies(desk, story))
    checks.append(_guarded(_bars, desk, story))
    failed = [check for check in checks if check.result is FAIL]
    warned = [check for check in checks if check.result is WARN]
    if failed:
        story.add(ExitCode.BLOCKED)
    passed = len(checks) - len(failed) - len(warned)
    status = RunStatus.BLOCKED if failed else RunStatus.RAN
    base = story.outcome(status, f"{plural(passed, 'check')} passed, {len(warned)} warn, {len(failed)} fail")
    return PreflightOutcome.of(base, checks=tuple(checks))


def _guarded(check: Callable[[Desk, Story], Check], desk: Desk, story: Story) -> Check:
    """A check that cannot be made has failed, and says why; the others go on."""
    try:
        return check(desk, story)
    except TradebotError as error:
        return Check(
            check.__name__.strip("_"), FAIL, str(error), "see the message; then run `tradebot preflight` again"
        )


def _configuration(desk: Desk, warnings: tuple[str, ...]) -> Check:
    mode = f"{desk.settings.trading_mode} on {desk.settings.broker}"
    if warnings:
        return Check("configuration", WARN, f"{mode}; {'; '.join(warnings)}", "mend or remove these lines of .env")
    return Check("configuration", PASS, mode)


def _lock(holder: str) -> Check:
    if holder:
        return Check("lock", WARN, holder, "wait for that run to end; a run that died releases its lock by itself")
    return Check("lock", PASS, "free")


def _account(desk: Desk, story: Story) -> Check:
    account = desk.broker.account()
    story.account = account
    figure = f"equity {dollars(account.equity)}, buying power {dollars(account.buying_power)}"
    if account.blocked:
        return Check("broker", FAIL, f"{figure}; the account is blocked", "ask the broker why, nothing can be sent")
    if account.buying_power < desk.settings.min_order_value:
        return Check("broker", WARN, figure, "there is too little for the smallest order (MIN_ORDER_VALUE)")
    return Check("broker", PASS, figure)


def _session(desk: Desk, story: Story) -> Check:
    market = story.market
    if market.today is None:
        following = market.upcoming.session if market.upcoming else "unknown"
        return Check("session", WARN, f"no session today; the next is {following}", "nothing to do: jobs will be idle")
    kind = "half day, " if market.today.half_day else ""
    opens, closes = market.today.opens.astimezone(_NEW_YORK), market.today.closes.astimezone(_NEW_YORK)
    return Check("session", PASS, f"{market.today.session}: {kind}{opens:%H:%M} to {closes:%H:%M} in New York")


def _halts(desk: Desk, story: Story) -> Check:
    halts = halts_in_force(desk, story.session)
    story.halts = list(halts)
    if not halts:
        return Check("halts", PASS, "none")
    story.add(ExitCode.HALTED)
    reasons = "; ".join(f"{told_by(same)}: {same[0].reason}" for same in distinct(halts))
    return Check("halts", FAIL, f"{level_of(halts)}: {reasons}", _remedy_of(halts))


def _remedy_of(halts: tuple[Halt, ...]) -> str:
    if all(halt.source is HaltSource.ENVIRONMENT for halt in halts):
        return "find out why, then unset EMERGENCY_STOP_ENABLED"
    return "find out why, then `tradebot resume --reason ...`"


def _breaks(desk: Desk, story: Story) -> Check:
    story.breaks = list(desk.ledger.safety.breaks())
    matter = [found.message for found in story.breaks if found.matters]
    if not matter:
        return Check("breaks", PASS, "none open")
    messages = "; ".join(matter)
    return Check("breaks", WARN, messages, "these symbols take no entries; run `tradebot reconcile` and look")


def _unknowns(desk: Desk, story: Story) -> Check:
    lost = [i for i in desk.ledger.orders.unsettled() if i.state in (OrderState.UNKNOWN, OrderState.SUBMITTING)]
    if not lost:
        return Check("unknown orders", PASS, "none")
    names = ", ".join(intent.client_order_id for intent in lost)
    return Check("unknown orders", WARN, names, "the next job asks the broker for them; their symbols are locked")


def _protection(desk: Desk, story: Story) -> Check:
    positions = desk.broker.positions()
    quotes = desk.market.quotes(position.symbol for position in positions)
    found = gaps(desk.ledger.books.holdings(), positions, desk.broker.open_orders(), quotes)
    story.gaps, story.unprotected = list(found), unprotected_dollars(found)
    if found:
        names = ", ".join(f"{gap.symbol} ({gap.kind})" for gap in found)
        return Check(
            "protection", WARN, f"{dollars(story.unprotected)} unprotected: {names}", "the next job repairs the stops"
        )
    return Check("protection", PASS, "every position of ours has its stop")


def _exposure(desk: Desk, story: Story) -> Check:
    account = desk.broker.account()
    gross = sum((abs(position.market_value) for position in desk.broker.positions()), Decimal(0))
    limit = account.equity * desk.settings.max_gross_exposure_pct
    figure = f"{dollars(gross)} of {dollars(limit)}"
    if gross > limit:
        return Check("exposure", WARN, figure, "above MAX_GROSS_EXPOSURE_PCT: no entry will be sent")
    return Check("exposure", PASS, figure)


def _limits(desk: Desk, story: Story) -> Check:
    limits = desk.settings.limits()
    largest = min(desk.broker.account().equity * limits.max_position_size_pct, limits.max_order_value)
    figure = f"largest order {dollars(largest)}, smallest {dollars(limits.min_order_value)}"
    if largest < limits.min_order_value:
        remedy = "no order can be sent: lower MIN_ORDER_VALUE or raise MAX_POSITION_SIZE_PCT"
        return Check("limits", FAIL, figure, remedy)
    return Check("limits", PASS, figure)


def _actions(desk: Desk, story: Story) -> Check:
    held = sorted(position.symbol for position in desk.broker.positions())
    coming = desk.market.upcoming_actions(held, story.market, ACTIONS_AHEAD)
    if not coming:
        return Check("corporate actions", PASS, f"none within {ACTIONS_AHEAD} days on what is held")
    figure = ", ".join(
        f"{action.symbol} {action.kind} {canonical(action.value)} on {action.ex_date}" for action in coming
    )
    return Check("corporate actions", WARN, figure, "stops follow a split by themselves; look at them after it")


def _strategies(desk: Desk, story: Story) -> Iterator[Check]:
    """One check a strategy: it loads, and it answers for the bars there are."""
    read_signals(desk, story)
    for info in desk.strategies.loaded:
        failure = next((f for f in story.failures if f.what == f"strategy {info.name}"), None)
        if failure is None:
            yield Check(
                f"strategy {info.name}",
                PASS,
                f"{info.version} ({info.fingerprint}), {plural(len(info.symbols), 'symbol')}",
            )
    for failure in story.failures:
        remedy = "mend it, or take it out of STRATEGIES; the others trade on"
        yield Check(failure.what, WARN, failure.message, remedy)


def _bars(desk: Desk, story: Story) -> Check:
    newest = desk.market.last_completed(story.market)
    expected = story.market.previous.session if story.market.previous else None
    if newest is None:
        return Check("bars", FAIL, "there are none", "check PAPER_DATA, or wait for the first completed session")
    if expected is not None and newest < expected:
        return Check(
            "bars", FAIL, f"newest {newest}, expected {expected}", "the price source is behind; signals are stale"
        )
    latest = history_for(desk).close.iloc[-1]
    missing = [str(symbol) for symbol in latest.index[latest.isna()]]
    if missing:
        return Check("bars", WARN, f"no bar of {newest} for {', '.join(missing)}", "these symbols give no signal")
    return Check("bars", PASS, f"{plural(len(latest), 'symbol')} up to {newest}")

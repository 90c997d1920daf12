"""Checks of strategies, and of the bars that they read."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from tradebot.core.model.values import plural
from tradebot.core.results.preflight_checks import Check, CheckResult, MachineFacts
from tradebot.jobs.checks.machine import promises
from tradebot.jobs.desk import Desk
from tradebot.jobs.job_run import JobRun
from tradebot.jobs.steps.planning import history_for, price_source, read_signals
from tradebot.strategy_api import History

PASS, WARN, FAIL = CheckResult.PASS, CheckResult.WARN, CheckResult.FAIL
#: A close of more than this many times the close before, or less than its inverse, is doubtful.
ABSURD = 2.0
#: The newest sessions in which such a jump is a warning.
RECENT = 20


def bars_are_fresh(desk: Desk, run: JobRun) -> Check:
    """Fails where the newest completed session has no bars: then no entry is sent."""
    newest = desk.market.last_completed(run.market)
    expected = run.market.previous.session if run.market.previous else None
    if newest is None:
        remedy = f"check {price_source(desk)}, or wait for the first completed session"
        return Check("bars", WARN, "there are none yet", remedy)
    if expected is not None and newest < expected:
        remedy = "the price source is behind; signals are stale"
        return Check("bars", FAIL, f"newest {newest}, expected {expected}", remedy)
    return Check("bars", PASS, f"up to {newest}")


def bars(desk: Desk, run: JobRun) -> Check:
    """Warns where a symbol of a strategy lacks its newest bar, has a gap, or jumps without a corporate action."""
    fresh = bars_are_fresh(desk, run)
    if fresh.result is not PASS:
        return fresh
    history = history_for(desk, run)
    doubts = [*_without_the_newest(history), *_with_gaps(history), *_with_jumps(history)]
    if doubts:
        return Check("bars", WARN, "; ".join(doubts), "look at the prices of these symbols before the open")
    return Check("bars", PASS, f"{plural(history.close.shape[1], 'symbol')} {fresh.figure}")


def strategies(desk: Desk, run: JobRun, machine: MachineFacts | None) -> Iterator[Check]:
    """A check for each strategy: it loads, keeps its promises, and gives signals on the present bars."""
    failures = run.add(read_signals(desk, run)).failures
    failed = {failure.what for failure in failures}
    for info in desk.strategies.loaded:
        name = f"strategy {info.name}"
        if name in failed:
            continue
        if machine is not None and (fault := promises(machine, info.name)):
            remedy = f"`tradebot strategies check {info.name}` says more; take it out of STRATEGIES until it is mended"
            yield Check(name, FAIL, fault, remedy)
        else:
            figure = f"{info.version} ({info.fingerprint}), {plural(len(info.symbols), 'symbol')}"
            yield Check(name, PASS, figure)
    for failure in failures:
        yield Check(failure.what, WARN, failure.message, "mend it, or take it out of STRATEGIES; the others trade on")


def _without_the_newest(history: History) -> Iterator[str]:
    close = history.close
    missing = [str(symbol) for symbol, price in zip(close.columns, close.to_numpy()[-1], strict=True) if price != price]
    if missing:
        yield f"no bar of {_day(close.index[-1])} for {', '.join(missing)}, which give no signal"


def _with_gaps(history: History) -> Iterator[str]:
    """Sessions without a bar between two that have one."""
    import numpy as np

    has_bar = ~np.isnan(history.close.to_numpy())
    begun = np.logical_or.accumulate(has_bar)
    goes_on = np.logical_or.accumulate(has_bar[::-1])[::-1]
    inside = begun & goes_on & ~has_bar
    for column in inside.any(axis=0).nonzero()[0]:
        rows = inside[:, column].nonzero()[0]
        sessions, newest = plural(len(rows), "session"), _day(history.close.index[rows[-1]])
        yield f"{history.close.columns[column]} has no bar in {sessions}, last on {newest}"


def _with_jumps(history: History) -> Iterator[str]:
    """History is adjusted for splits and dividends, so that what still jumps is explained by none of them."""
    import numpy as np

    recent = history.close.to_numpy()[-RECENT - 1 :]
    newest_bar = np.maximum.accumulate(np.where(np.isnan(recent), 0, np.arange(len(recent))[:, None]))
    ratio = recent[1:] / np.take_along_axis(recent, newest_bar, axis=0)[:-1]
    absurd = (ratio > ABSURD) | (ratio < 1 / ABSURD)
    for column in absurd.any(axis=0).nonzero()[0]:
        row = absurd[:, column].nonzero()[0][-1]
        at = _day(history.close.index[row - len(ratio)])
        part = f"{ratio[row, column]:.0%}"
        yield f"{history.close.columns[column]} jumped to {part} of the close before on {at}, and no action says why"


def _day(stamp: object) -> date:
    return stamp.date()  # type: ignore[attr-defined,no-any-return]  # a pandas Timestamp, whose index is typed as Any

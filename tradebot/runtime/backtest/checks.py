"""The checks of the strategies that are backtested: which may be asked once for all sessions, and which look ahead."""

from __future__ import annotations

from collections.abc import Iterable

from tradebot.core.results.backtest_outcome import Verdict
from tradebot.core.results.preflight_checks import CheckResult
from tradebot.errors import Blocked
from tradebot.plugins.check import CheckReport, check_strategy
from tradebot.plugins.discovery import FoundStrategy
from tradebot.plugins.fingerprint import deciding_files
from tradebot.plugins.load import Plugin
from tradebot.plugins.runner import StrategyRunner
from tradebot.plugins.signal_validation import map_frames, select_symbols
from tradebot.runtime.passed_checks import PassedChecks, digest_of
from tradebot.strategy_api import History

#: A history of more values is checked on its first symbols and newest sessions, so that the checks take seconds.
MOST_CHECKED = 40_000
CHECKED_SYMBOLS = 8


def check_plugins(
    plugins: Iterable[Plugin], whole: History, runner: StrategyRunner, kept: PassedChecks | None = None
) -> tuple[CheckReport, ...]:
    """Check each strategy over a part of a history that is long. What is ``kept`` as passed is not checked again.

    whole: adjusted with every action.
    """
    return tuple(_checked(plugin, whole, runner, kept) for plugin in plugins)


def refuse_lookahead(checks: Iterable[CheckReport], *, allowed: bool) -> None:
    """Raise Blocked for a strategy that looks ahead, unless that is allowed."""
    for report in checks:
        fault = next((c for c in report.checks if c.name == "look-ahead" and c.result is CheckResult.FAIL), None)
        if fault is not None and not allowed:
            raise Blocked(
                f"{report.strategy} looks ahead: {fault.figure}. {fault.remedy} With --allow-lookahead it is "
                "backtested all the same, session by session."
            )


def verdict_of(report: CheckReport) -> Verdict:
    """What the checks of a strategy found, and how it is asked for its signals."""
    faults = (f"{check.name}: {check.figure}" for check in report.checks if check.result is CheckResult.FAIL)
    asked = "asked once for its signals of all sessions" if report.passed else "asked session by session, as live"
    return Verdict(report.strategy, report.passed, tuple(faults), asked)


def _checked(plugin: Plugin, whole: History, runner: StrategyRunner, kept: PassedChecks | None) -> CheckReport:
    symbols = plugin.info.symbols
    history = select_symbols(whole, symbols)
    if history.close.size > MOST_CHECKED:
        symbols = symbols[:CHECKED_SYMBOLS]
        rows = max(MOST_CHECKED // len(symbols), plugin.info.warmup * 2)
        history = map_frames(select_symbols(history, symbols), lambda frame: frame.iloc[-rows:])
    digest = "" if kept is None else digest_of(plugin, history)
    if kept is not None and kept.has(digest):
        return CheckReport(plugin.info.name, plugin.info.fingerprint, ())
    found = FoundStrategy(plugin.info.name, plugin.folder, plugin.info.origin)
    report = check_strategy(found, history, runner, symbols, plugin.info.params)
    if kept is not None and report.passed and deciding_files(plugin.folder) == plugin.info.files:  # still the same
        kept.add(digest)
    return report

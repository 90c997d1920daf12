"""``strategies check``: tests a strategy for look-ahead and other faults that make its signals unreliable."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from tradebot.core.model.signals import MAX_TARGET
from tradebot.core.results.preflight_checks import Check, CheckResult
from tradebot.errors import ConfigError
from tradebot.plugins.discovery import FoundStrategy
from tradebot.plugins.errors import PluginError
from tradebot.plugins.load import Plugin, read_plugin
from tradebot.plugins.lookahead_tests import PROBES, CheckSubject
from tradebot.plugins.runner import StrategyRunner
from tradebot.plugins.signal_validation import StrategySignals, select_symbols
from tradebot.strategy_api import History, ParamValue


@dataclass(frozen=True, slots=True)
class CheckReport:
    """The checks of one strategy."""

    strategy: str
    fingerprint: str  # "" if the manifest could not be read
    checks: tuple[Check, ...]  # in the order in which they ran

    @property
    def passed(self) -> bool:
        """Whether no check failed; warnings are allowed."""
        return all(check.result is not CheckResult.FAIL for check in self.checks)


def check_strategy(
    strategy: FoundStrategy,
    history: History,
    runner: StrategyRunner,
    symbols: Sequence[str] = (),
    params: Mapping[str, ParamValue] | None = None,
) -> CheckReport:
    """Check one strategy over ``history``. A check that fails names the first session and symbol.

    runner: computes the signals.
    symbols: replace the symbols of the manifest, unless empty.
    params: values by parameter name; others have the manifest's defaults.

    If the strategy cannot be read, or gives no valid signals, the other checks are left out.
    """
    try:
        plugin = read_plugin(strategy, symbols, params)
    except ConfigError as error:
        failed = Check("manifest", CheckResult.FAIL, str(error), "Mend the manifest.")
        return CheckReport(strategy.name, "", (failed,))
    subject = CheckSubject(plugin, select_symbols(history, plugin.info.symbols), runner)
    checks = [_manifest(plugin)]
    try:
        signals = subject.signals(subject.history)
    except PluginError as error:
        checks.append(Check("answer", CheckResult.FAIL, str(error), "Mend the strategy; the other checks need it."))
        return CheckReport(strategy.name, plugin.info.fingerprint, tuple(checks))
    if not signals.ready.any():
        sessions, warmup = len(signals.sessions), plugin.info.warmup
        figure = f"no symbol gets through its warm-up of {warmup} sessions in a history of {sessions}"
        checks.append(Check("answer", CheckResult.FAIL, figure, "Check it over a longer history."))
        return CheckReport(strategy.name, plugin.info.fingerprint, tuple(checks))
    checks.append(_answer(signals))
    checks.extend(_conditions(signals))
    for name, find_fault, remedy in PROBES:
        try:
            fault, evidence = find_fault(subject, signals)
        except PluginError as error:
            fault, evidence = str(error), ""
        result = CheckResult.FAIL if fault else CheckResult.PASS
        checks.append(Check(name, result, fault or evidence, remedy if fault else ""))
    return CheckReport(strategy.name, plugin.info.fingerprint, tuple(checks))


def _manifest(plugin: Plugin) -> Check:
    values = ", ".join(f"{name} {value}" for name, value in plugin.info.params.items()) or "no parameters"
    return Check("manifest", CheckResult.PASS, f"warm-up {plugin.info.warmup} sessions; {values}")


def _answer(signals: StrategySignals) -> Check:
    entries, exits = int(signals.entry.sum()), int(signals.exit.sum())
    sessions, symbols = len(signals.sessions), len(signals.symbols)
    figure = f"{entries:,} entries and {exits:,} exits over {sessions:,} sessions of {symbols} symbols"
    if not entries:
        remedy = "Without an entry the other checks prove little: check it over other symbols or a longer history."
        return Check("answer", CheckResult.WARN, figure, remedy)
    if denied := _entries_denied(signals):
        figure += f"; {denied:,} of the entries have a stop or target that is no fraction of a price, and are denied"
        return Check("answer", CheckResult.WARN, figure, "Give each entry a stop between 0 and 1 and a target above 0.")
    return Check("answer", CheckResult.PASS, figure)


def _conditions(signals: StrategySignals) -> Iterator[Check]:
    """Whether entries are where all stated conditions are met; nothing for a strategy that states none."""
    stated = signals.conditions
    remedy = "They explain the signals and decide nothing: mend what `tradebot explain` is to show."
    if stated.fault:
        yield Check("conditions", CheckResult.WARN, stated.fault, remedy)
        return
    if not stated.met:
        return
    met = np.logical_and.reduce(stated.met)
    unmet, unused = signals.entry & ~met, met & signals.ready & ~signals.exit & ~signals.entry
    for where, what in ((unmet, "an entry does not meet every condition"), (unused, "all are met without an entry")):
        if where.any():
            row, column = np.argwhere(where)[0]
            figure = f"{what} on {signals.sessions[row]:%Y-%m-%d} for {signals.symbols[column]}"
            yield Check("conditions", CheckResult.WARN, figure, remedy)
            return
    figure = f"entries are where all of these are met: {'; '.join(stated.templates)}"
    yield Check("conditions", CheckResult.PASS, figure)


def _entries_denied(signals: StrategySignals) -> int:
    """The number of entries whose own stop or target denies them. A comparison with NaN is false."""
    usable = np.ones_like(signals.entry)
    if signals.stop is not None:
        usable &= (signals.stop > 0) & (signals.stop < 1)
    if signals.target is not None:
        usable &= (signals.target > 0) & (signals.target <= float(MAX_TARGET))
    return int((signals.entry & ~usable).sum())

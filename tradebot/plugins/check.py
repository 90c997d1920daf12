"""``strategies check``: does a strategy keep the promises that its signals rest on?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tradebot.core.results.preflight_checks import Check, CheckResult
from tradebot.errors import ConfigError
from tradebot.plugins.discovery import Found
from tradebot.plugins.isolation import PluginBroken
from tradebot.plugins.load import Plugin, read_plugin
from tradebot.plugins.lookahead_tests import PROBES, CheckSubject
from tradebot.plugins.signal_validation import StrategySignals, of_symbols
from tradebot.plugins.strategy_book import TIMEOUT_SECONDS
from tradebot.strategy_api import History, ParamValue


@dataclass(frozen=True, slots=True)
class CheckReport:
    """What was checked of one strategy, in order. ``fingerprint`` is empty when its manifest could not be read."""

    strategy: str
    fingerprint: str
    checks: tuple[Check, ...]

    @property
    def passed(self) -> bool:
        return all(check.result is not CheckResult.FAIL for check in self.checks)


def check(
    found: Found,
    history: History,
    symbols: Sequence[str] = (),
    params: Mapping[str, ParamValue] | None = None,
    timeout_seconds: float = TIMEOUT_SECONDS,
) -> CheckReport:
    """Check one strategy over ``history``; ``symbols``, when there are any, instead of those of its manifest.

    A check that fails names the first session and symbol. The checks that need a sound answer are left out when the
    strategy cannot be read or does not give one.
    """
    try:
        plugin = read_plugin(found, symbols, params)
    except ConfigError as error:
        failed = Check("manifest", CheckResult.FAIL, str(error), "Mend the manifest.")
        return CheckReport(found.name, "", (failed,))
    bench = CheckSubject(plugin, of_symbols(history, plugin.info.symbols), timeout_seconds)
    checks = [_manifest(plugin)]
    try:
        full = bench.answer(bench.history)
    except PluginBroken as broken:
        checks.append(Check("answer", CheckResult.FAIL, str(broken), "Mend the strategy; the other checks need it."))
        return CheckReport(found.name, plugin.info.fingerprint, tuple(checks))
    if not full.ready.any():
        sessions, warmup = len(full.sessions), plugin.info.warmup
        figure = f"no symbol gets through its warm-up of {warmup} sessions in a history of {sessions}"
        checks.append(Check("answer", CheckResult.FAIL, figure, "Check it over a longer history."))
        return CheckReport(found.name, plugin.info.fingerprint, tuple(checks))
    checks.append(_answer(full))
    for name, find_fault, remedy in PROBES:
        try:
            fault, evidence = find_fault(bench, full)
        except PluginBroken as broken:
            fault, evidence = str(broken), ""
        result = CheckResult.FAIL if fault else CheckResult.PASS
        checks.append(Check(name, result, fault or evidence, remedy if fault else ""))
    return CheckReport(found.name, plugin.info.fingerprint, tuple(checks))


def _manifest(plugin: Plugin) -> Check:
    values = ", ".join(f"{name} {value}" for name, value in plugin.info.params.items()) or "no parameters"
    return Check("manifest", CheckResult.PASS, f"warm-up {plugin.info.warmup} sessions; {values}")


def _answer(full: StrategySignals) -> Check:
    entries, exits = int(full.entry.sum()), int(full.exit.sum())
    figure = (
        f"{entries:,} entries and {exits:,} exits over {len(full.sessions):,} sessions of {len(full.symbols)} symbols"
    )
    if not entries:
        remedy = "Without an entry the other checks prove little: check it over other symbols or a longer history."
        return Check("answer", CheckResult.WARN, figure, remedy)
    return Check("answer", CheckResult.PASS, figure)

"""Runs one backtest: checks its strategies, asks them for signals, walks, and tells what it comes to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from tradebot.backtest.account import BookedFill
from tradebot.backtest.attribution import without_each
from tradebot.backtest.bars import Bars
from tradebot.backtest.report import halts_met, report_of, survivors
from tradebot.backtest.setup import no_session_text
from tradebot.backtest.signals import SignalBook, SignalTable
from tradebot.backtest.walk import Walk
from tradebot.brokers.paper.market_data import benchmark
from tradebot.core.results.backtest_outcome import BacktestOutcome, Variant
from tradebot.errors import Blocked, ExitCode, UsageError
from tradebot.plugins.check import CheckReport
from tradebot.plugins.errors import PluginError
from tradebot.plugins.load import Plugin
from tradebot.runtime.backtest.checks import check_plugins, refuse_lookahead, verdict_of
from tradebot.runtime.backtest.inputs import Asked, read_inputs, rows_asked
from tradebot.runtime.backtest.luck import recorded_luck
from tradebot.runtime.backtest.signal_source import Progress, SignalSource
from tradebot.runtime.backtest.stopwatch import Stopwatch
from tradebot.runtime.passed_checks import PassedChecks
from tradebot.runtime.strategy_process import strategy_runner
from tradebot.settings import Settings
from tradebot.settings.ledger_location import LedgerLocation


@dataclass(frozen=True, slots=True)
class Compared:
    """What a backtest is run again without or with, to show what that changes."""

    each_limit: bool = False
    touch: bool = False


#: No comparison.
NOTHING = Compared()


def run_backtest(
    settings: Settings, asked: Asked, progress: Progress, compared: Compared = NOTHING
) -> tuple[BacktestOutcome, ExitCode]:
    """Run a backtest. A signal ends the walk: then the outcome is what is known by then, with the signal's exit code.

    Raises ConfigError, UsageError and Blocked: a strategy that fails or looks ahead gets no figures. A signal before
    the walk is raised again.
    """
    stopwatch = Stopwatch()
    with _nothing_known():
        walk, checks, plugins = _prepared_walk(settings, asked, progress, stopwatch)
    code = _walk(walk, progress)
    stopwatch.passed("walk")
    variants: list[Variant] = []
    touch = None
    try:
        if compared.each_limit and code is ExitCode.OK:
            variants.extend(_without_limits(walk, progress))
        if compared.touch and code is ExitCode.OK:
            touch = _at_touch(walk)
    except KeyboardInterrupt as stop:
        code = code_of(stop)
    first, last = walk.bars.sessions[walk.rows[0]], walk.bars.sessions[walk.rows[-1]]
    report = report_of(walk, dict(benchmark(first, last)))
    stopwatch.passed("report")
    outcome = BacktestOutcome(
        report=report,
        sessions=len(walk.equity),
        sessions_asked=len(walk.rows),
        universe=len(walk.bars.symbols),
        survivors=survivors(walk),
        happened={name: count for name, count in walk.counts.items() if count},
        halts_met=halts_met(walk),
        verdicts=tuple(map(verdict_of, checks)),
        strategy_parameters={plugin.info.name: plugin.info.params for plugin in plugins},
        without_limit=tuple(variants),
        at_touch=touch,
        luck=recorded_luck(walk, settings.state_path),
        seconds=stopwatch.seconds,
    )
    return outcome, code


def _prepared_walk(
    settings: Settings, asked: Asked, progress: Progress, stopwatch: Stopwatch
) -> tuple[Walk, tuple[CheckReport, ...], tuple[Plugin, ...]]:
    """Check the strategies and ask them for their signals. The walk is at its start."""
    with closing(strategy_runner(settings)) as runner:
        runner.prepare()  # it imports while the prices are read
        inputs = read_inputs(settings, asked)
        stopwatch.passed("loading")
        plugins, bars = inputs.plugins(), inputs.bars()
        if not rows_asked(bars, inputs.setup):
            raise UsageError(no_session_text(bars.sessions, inputs.setup))
        source = SignalSource(runner, inputs.history, inputs.actions, progress)
        checks = check_plugins(plugins, source.whole, runner, PassedChecks(settings.state_path))
        stopwatch.passed("checks")
        refuse_lookahead(checks, allowed=inputs.allow_lookahead)
        tables = tuple(_tables(source, plugins, checks, bars, rows_asked(bars, inputs.setup)))
        stopwatch.passed("signals")
    return Walk(bars, SignalBook(tables, bars.symbols), inputs.setup), checks, plugins


def _tables(
    source: SignalSource, plugins: Sequence[Plugin], checks: Sequence[CheckReport], bars: Bars, rows: range
) -> Iterator[SignalTable]:
    """The signals of each strategy. Raises Blocked for one that fails."""
    for plugin, report in zip(plugins, checks, strict=True):
        try:
            yield source.table(plugin, plugins, bars, rows, at_once=report.passed)
        except PluginError as error:
            name = plugin.info.name
            raise Blocked(
                f"{name} fails: {error}. Mend it (`tradebot strategies check {name}` tells more), or name the "
                "strategies to backtest without it."
            ) from error


@contextmanager
def _nothing_known() -> Iterator[None]:
    """Have a signal say that it came before the first session."""
    try:
        yield
    except KeyboardInterrupt as stop:
        stop.add_note("the strategies were still being checked or asked, so there is no figure yet")
        raise


def _walk(walk: Walk, progress: Progress) -> ExitCode:
    """Walk, until a signal: then its exit code."""
    try:
        walk.run(lambda done, total: progress("sessions", done, total))
    except KeyboardInterrupt as stop:
        walk.cut()
        return code_of(stop)
    return ExitCode.OK


def code_of(stop: KeyboardInterrupt) -> ExitCode:
    """The exit code of a signal."""
    return ExitCode(getattr(stop, "exit_code", ExitCode.INTERRUPTED))


def _without_limits(walk: Walk, progress: Progress) -> Iterator[Variant]:
    variants = list(without_each(walk.setup.limits))
    for done, (name, limits) in enumerate(variants, start=1):
        yield _variant(name, walk, Walk(walk.bars, walk.signals, replace(walk.setup, limits=limits)))
        progress("limits", done, len(variants))


def _at_touch(walk: Walk) -> Variant:
    rules = replace(walk.setup.rules, fills_at_touch=True)
    return _variant("a target fills at a touch", walk, Walk(walk.bars, walk.signals, replace(walk.setup, rules=rules)))


def _variant(name: str, usual: Walk, other: Walk) -> Variant:
    other.run()
    fills = sum(isinstance(each, BookedFill) for each in other.account.booked)
    return Variant(name, other.equity[-1], other.equity[-1] - usual.equity[-1], fills)


@dataclass(frozen=True, slots=True)
class BacktestHeader:
    """Where a backtest acts: on no account and in no ledger. Implements ``RunHeader``."""

    home: Path
    broker: str = "backtest"
    mode: str = "past prices"
    account_id: str = ""

    @property
    def database(self) -> LedgerLocation:
        """The ledger of the home, which is not opened."""
        return self.home / "none"

    @property
    def logs(self) -> Path:
        """The folder of the logs, to which nothing is written."""
        return self.home / "logs"

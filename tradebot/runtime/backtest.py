"""What a backtest is wired of: prices, strategies in their own process, and the limits of the settings."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import numpy as np

from tradebot.backtest.account import BookedFill
from tradebot.backtest.attribution import without_each
from tradebot.backtest.bars import VOLUME_SESSIONS, Bars, bars_of
from tradebot.backtest.luck import luck_of, trial_of
from tradebot.backtest.report import halts_met, report_of, survivors
from tradebot.backtest.setup import Setup, rows_of
from tradebot.backtest.signals import SignalBook, SignalTable
from tradebot.backtest.walk import Walk
from tradebot.brokers.paper.market_data import benchmark
from tradebot.core.model.account import CorporateAction
from tradebot.core.model.signals import ExitPolicy
from tradebot.core.model.values import plural
from tradebot.core.results.backtest_outcome import BacktestOutcome, Luck, Variant, Verdict
from tradebot.core.results.preflight_checks import CheckResult
from tradebot.errors import Blocked, ExitCode, UsageError
from tradebot.home.trials import record_trial, trials_file
from tradebot.market.adjust import back_adjust
from tradebot.market.price_file import PriceFile
from tradebot.plugins.check import CheckReport, check_strategy
from tradebot.plugins.discovery import FoundStrategy, find
from tradebot.plugins.fingerprint import deciding_files
from tradebot.plugins.last_signals import policy_of
from tradebot.plugins.load import Plugin, read_plugin
from tradebot.plugins.runner import StrategyRunner
from tradebot.plugins.signal_validation import StrategySignals, map_frames, select_symbols
from tradebot.runtime.paper_exchange import fill_rules, prices_of
from tradebot.runtime.passed_checks import PassedChecks, digest_of
from tradebot.runtime.strategies import sound_parameters
from tradebot.runtime.strategy_process import strategy_runner
from tradebot.settings import Settings
from tradebot.settings.ledger_location import LedgerLocation
from tradebot.strategy_api import History, ParamValue


class SignalSource:
    """Asks strategies for the signals of a whole history.

    Those in ``in_bulk`` are asked once, over everything: they keep their promises. An entry with a stop or a target of
    its own is asked for again over the bars that live would have had at its session: an average that remembers all that
    came before differs in its last digits. The others are asked session by session over such bars.
    """

    def __init__(
        self,
        runner: StrategyRunner,
        plugins: Sequence[Plugin],
        unadjusted: History,
        actions: Sequence[CorporateAction],
        in_bulk: Iterable[str],
        progress: Progress,
    ) -> None:
        self._runner = runner
        self._in_bulk = frozenset(in_bulk)
        self._progress = progress
        self._plugins = tuple(plugins)
        self._unadjusted = unadjusted
        self._actions = tuple(actions)
        longest = max((plugin.info.warmup + 1 for plugin in plugins), default=0)
        self._window = max(longest, VOLUME_SESSIONS)

    def tables(self, bars: Bars, rows: range) -> tuple[SignalTable, ...]:
        """The signals of each strategy on the columns of ``bars``, those of ``rows`` at least. Raises PluginError."""
        whole = back_adjust(self._unadjusted, self._actions, as_of=date.max)
        return tuple(
            self._table(plugin, self._runner.signals(plugin, whole), bars, rows)
            if plugin.info.name in self._in_bulk
            else self._by_session(plugin, bars, rows)
            for plugin in self._plugins
        )

    def _by_session(self, plugin: Plugin, bars: Bars, rows: range) -> SignalTable:
        columns = [bars.columns[symbol] for symbol in plugin.info.symbols]
        shape = (len(bars.sessions), len(bars.symbols))
        entry, leave, score = np.zeros(shape, np.bool_), np.zeros(shape, np.bool_), np.zeros(shape)
        policies: dict[tuple[int, int], ExitPolicy] = {}
        seen: StrategySignals | None = None
        answers = self._runner.signals_over(plugin, (self._as_live(row + 1) for row in rows), last_only=True)
        for done, (row, seen) in enumerate(zip(rows, answers, strict=True), start=1):
            entry[row, columns], leave[row, columns] = seen.entry[-1], seen.exit[-1]
            score[row, columns] = seen.score[-1]
            for column in np.flatnonzero(seen.entry[-1]).tolist():
                policies[row, columns[column]] = policy_of(seen, -1, column)
            self._progress(f"signals of {plugin.info.name}", done, len(rows))
        return SignalTable(
            strategy=plugin.info.name,
            fingerprint=plugin.info.fingerprint,
            warmup=plugin.info.warmup,
            entry=entry,
            exit=leave,
            score=score,
            policy=seen.exits if seen is not None else ExitPolicy(),
            risk_pct=None if seen is None or seen.risk_pct is None else Decimal(str(seen.risk_pct)),
            policies=policies,
        )

    def _table(self, plugin: Plugin, signals: StrategySignals, bars: Bars, rows: range) -> SignalTable:
        columns = np.array([bars.columns[symbol] for symbol in signals.symbols], dtype=np.intp)
        shape = (len(bars.sessions), len(bars.symbols))
        entry, leave = np.zeros(shape, np.bool_), np.zeros(shape, np.bool_)
        score = np.zeros(shape)
        entry[:, columns], leave[:, columns], score[:, columns] = signals.entry, signals.exit, signals.score
        return SignalTable(
            strategy=plugin.info.name,
            fingerprint=plugin.info.fingerprint,
            warmup=plugin.info.warmup,
            entry=entry,
            exit=leave,
            score=score,
            policy=signals.exits,
            risk_pct=None if signals.risk_pct is None else Decimal(str(signals.risk_pct)),
            policies=self._policies(plugin, signals, columns.tolist(), rows),
        )

    def _policies(
        self, plugin: Plugin, signals: StrategySignals, columns: Sequence[int], rows: range
    ) -> dict[tuple[int, int], ExitPolicy] | None:
        """The policies of single entries, by row and column of the bars."""
        if signals.stop is None and signals.target is None:
            return None
        found: dict[tuple[int, int], ExitPolicy] = {}
        entering = [row for row in np.flatnonzero(signals.entry.any(axis=1)).tolist() if row in rows]
        answers = self._runner.signals_over(plugin, (self._as_live(row + 1) for row in entering), last_only=True)
        for done, (row, seen) in enumerate(zip(entering, answers, strict=True), start=1):
            self._progress(f"stops of {plugin.info.name}", done, len(entering))
            for column in np.flatnonzero(signals.entry[row]).tolist():
                found[row, columns[column]] = policy_of(seen, -1, column)
        return found

    def _as_live(self, end: int) -> History:
        """The bars before row ``end``, as live has them in the session of that row."""
        sessions = self._unadjusted.close.index
        rows = slice(max(0, end - self._window), end)
        history = map_frames(self._unadjusted, lambda frame: frame.iloc[rows])
        day = sessions[end].date() if end < len(sessions) else date.max
        return back_adjust(history, self._actions, as_of=day)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a backtest is asked for. None: as the settings have it."""

    strategies: tuple[str, ...] = ()
    data: Path | None = None
    actions: Path | None = None
    symbols: tuple[str, ...] = ()
    first: date | None = None
    last: date | None = None
    cash: Decimal | None = None  # USD
    slippage: Decimal | None = None  # a fraction of the price
    commission: Decimal | None = None  # USD a share
    params: Mapping[str, Mapping[str, ParamValue]] = field(default_factory=dict)  # by strategy and name
    attribute_limits: bool = False
    touch: bool = False
    allow_lookahead: bool = False


#: Progress: what is done, how much of it, and of how much.
Progress = Callable[[object, int, int], None]
#: A history of more values is checked on its first symbols and newest sessions, so that the checks take seconds.
MOST_CHECKED = 40_000
CHECKED_SYMBOLS = 8


def run_backtest(settings: Settings, asked: Asked, progress: Progress) -> tuple[BacktestOutcome, ExitCode]:
    """Run a backtest. A signal ends the walk: then the outcome is what is known by then, with the signal's exit code.

    Raises ConfigError, UsageError and Blocked: a strategy that looks ahead gets no figures. A signal before the walk
    is raised again.
    """
    began = time.perf_counter()
    seconds: dict[str, float] = {}

    def passed(step: str) -> None:
        nonlocal began
        now = time.perf_counter()
        seconds[step], began = now - began, now

    with closing(strategy_runner(settings)) as runner, _nothing_known():
        runner.prepare()  # it imports while the prices are read
        prices = PriceFile(asked.data, asked.actions) if asked.data or asked.actions else prices_of(settings)
        history, actions = prices.history(), prices.actions()
        passed("loading")
        plugins = _plugins(settings, asked)
        symbols = tuple(sorted({symbol for plugin in plugins for symbol in plugin.info.symbols}))
        bars = bars_of(history, actions, symbols)
        setup = _setup(settings, asked)
        kept = PassedChecks(settings.state_path)
        checks = [_checked(plugin, history, actions, runner, kept) for plugin in plugins]
        passed("checks")
        _refuse_lookahead(checks, allowed=asked.allow_lookahead)
        in_bulk = [plugin.info.name for plugin, report in zip(plugins, checks, strict=True) if report.passed]
        source = SignalSource(runner, plugins, history, actions, in_bulk, progress)
        book = SignalBook(source.tables(bars, _rows_asked(bars, setup)), symbols)
    passed("signals")
    walk = Walk(bars, book, setup)
    if not walk.rows:
        raise UsageError(f"the prices have no session to trade from {asked.first} to {asked.last}.")
    code = _walk(walk, progress)
    passed("walk")
    variants: list[Variant] = []
    touch = None
    try:
        if asked.attribute_limits and code is ExitCode.OK:
            variants.extend(_without_limits(walk, book, progress))
        if asked.touch and code is ExitCode.OK:
            touch = _at_touch(walk, book)
    except KeyboardInterrupt as stop:
        code = _code_of(stop)
    first, last = bars.sessions[walk.rows[0]], bars.sessions[walk.rows[-1]]
    report = report_of(walk, dict(benchmark(first, last)))
    passed("report")
    outcome = BacktestOutcome(
        report=report,
        sessions=len(walk.equity),
        sessions_asked=len(walk.rows),
        universe=len(symbols),
        survivors=survivors(walk),
        happened={name: count for name, count in walk.counts.items() if count},
        halts_met=halts_met(walk),
        verdicts=tuple(_verdict(report, report.strategy in in_bulk) for report in checks),
        without_limit=tuple(variants),
        at_touch=touch,
        luck=_luck(walk, settings.state_path),
        seconds=seconds,
    )
    return outcome, code


def _plugins(settings: Settings, asked: Asked) -> tuple[Plugin, ...]:
    names = asked.strategies or settings.strategies
    unknown = sorted(asked.params.keys() - set(names))
    if unknown:
        raise UsageError(f"--set names {', '.join(unknown)}, which is not backtested.")
    own = sound_parameters(settings).values
    symbols = asked.symbols or settings.symbols or ()
    return tuple(
        read_plugin(found, symbols, {**own.get(found.name, {}), **asked.params.get(found.name, {})})
        for found in find(names, [settings.strategies_path])
    )


def _setup(settings: Settings, asked: Asked) -> Setup:
    own = fill_rules(settings)
    rules = replace(
        own,
        slippage_pct=own.slippage_pct if asked.slippage is None else asked.slippage,
        commission_per_share=own.commission_per_share if asked.commission is None else asked.commission,
        commission_min=own.commission_min if asked.commission is None else min(own.commission_min, asked.commission),
    )
    return Setup(
        limits=settings.limits(),
        cash=settings.paper_starting_cash if asked.cash is None else asked.cash,
        rules=rules,
        first=asked.first,
        last=asked.last,
        close_positions=settings.emergency_close_positions,
    )


def _rows_asked(bars: Bars, setup: Setup) -> range:
    """The rows whose signals are acted on: those before each session of the walk."""
    inside = rows_of(bars.sessions, setup)
    return range(inside.start - 1, inside.stop - 1) if inside else range(0)


def _checked(
    plugin: Plugin, history: History, actions: Sequence[CorporateAction], runner: StrategyRunner, kept: PassedChecks
) -> CheckReport:
    """The checks of a strategy, on a part of a history that is long. Those it passed are not made again."""
    whole = select_symbols(back_adjust(history, actions, as_of=date.max), plugin.info.symbols)
    symbols = plugin.info.symbols
    if whole.close.size > MOST_CHECKED:
        symbols = symbols[:CHECKED_SYMBOLS]
        rows = max(MOST_CHECKED // len(symbols), plugin.info.warmup * 2)
        whole = map_frames(select_symbols(whole, symbols), lambda frame: frame.iloc[-rows:])
    digest = digest_of(plugin, whole)
    if kept.has(digest):
        return CheckReport(plugin.info.name, plugin.info.fingerprint, ())
    found = FoundStrategy(plugin.info.name, plugin.folder, plugin.info.origin)
    report = check_strategy(found, whole, runner, symbols, plugin.info.params)
    if report.passed and deciding_files(plugin.folder) == plugin.info.files:  # not changed meanwhile
        kept.add(digest)
    return report


def _refuse_lookahead(checks: Iterable[CheckReport], *, allowed: bool) -> None:
    for report in checks:
        fault = next((c for c in report.checks if c.name == "look-ahead" and c.result is CheckResult.FAIL), None)
        if fault is not None and not allowed:
            raise Blocked(
                f"{report.strategy} looks ahead: {fault.figure}. {fault.remedy} With --allow-lookahead it is "
                "backtested all the same, session by session."
            )


def _verdict(report: CheckReport, in_bulk: bool) -> Verdict:
    faults = (f"{check.name}: {check.figure}" for check in report.checks if check.result is CheckResult.FAIL)
    asked = "asked once for its signals of all sessions" if in_bulk else "asked session by session, as live"
    return Verdict(report.strategy, report.passed, tuple(faults), asked)


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
        return _code_of(stop)
    return ExitCode.OK


def _code_of(stop: KeyboardInterrupt) -> ExitCode:
    return ExitCode(getattr(stop, "exit_code", ExitCode.INTERRUPTED))


def _luck(walk: Walk, state_path: Path) -> Luck | None:
    """Record the trial, and say what luck alone would show of so many. A file that fails is told, and stops nothing."""
    trial = trial_of(walk)
    if trial is None:
        return None
    file = trials_file(state_path)
    try:
        log = record_trial(state_path, trial)
    except OSError as error:
        return luck_of(walk, (trial,), f"{file} cannot be used, so trials are missing in the count: {error}")
    damaged = f"{plural(log.damaged, 'line')} of {file} cannot be read: trials are missing in the count"
    return luck_of(walk, log.on_data_of(trial), damaged if log.damaged else "")


def _without_limits(walk: Walk, book: SignalBook, progress: Progress) -> Iterator[Variant]:
    variants = list(without_each(walk.setup.limits))
    for done, (name, limits) in enumerate(variants, start=1):
        yield _variant(name, walk, Walk(walk.bars, book, replace(walk.setup, limits=limits)))
        progress("limits", done, len(variants))


def _at_touch(walk: Walk, book: SignalBook) -> Variant:
    rules = replace(walk.setup.rules, fills_at_touch=True)
    return _variant("a target fills at a touch", walk, Walk(walk.bars, book, replace(walk.setup, rules=rules)))


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

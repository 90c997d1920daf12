"""The outcome of `backtest`: a report of the sessions walked, and what is known of how much it says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from tradebot.core.model.strategy_versions import ParamValue
from tradebot.core.results.report_outcome import HaltMet, ReportOutcome


@dataclass(frozen=True, slots=True)
class Variant:
    """The same backtest with one thing changed. USD."""

    name: str  # a setting, such as MAX_POSITIONS, that does not limit; or how orders are filled
    equity: Decimal  # at the end
    difference: Decimal  # to the backtest with everything as it is
    fills: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the checks of a strategy found."""

    strategy: str
    passed: bool
    faults: tuple[str, ...]  # the checks that failed, each with what it found
    asked: str  # how it was asked for its signals


@dataclass(frozen=True, slots=True)
class Luck:
    """How far a result can be luck. Sharpe ratios are those of a session; None: too few sessions, or no result."""

    trials: int  # backtests that saw a session of one of the symbols, this one among them
    sharpe: float | None = None
    luck_sharpe: float | None = None  # what the best of so many trials without an edge is expected to show
    probabilistic_sharpe: float | None = None  # probability that the true one is above 0, if this were the only trial
    deflated_sharpe: float | None = None  # probability that the true one is above luck_sharpe
    minimum_track_record: float | None = None  # sessions until that is 95 %; None also: never
    sessions: int = 0  # with a return
    trouble: str = ""  # why trials are missing in the count


@dataclass(frozen=True, slots=True)
class BacktestOutcome:
    """A backtest. Fractions are of 1."""

    report: ReportOutcome
    sessions: int  # walked
    sessions_asked: int
    universe: int  # symbols that the strategies may enter
    survivors: int  # of them, with a bar in the last session
    happened: Mapping[str, int]  # what happened on the way, by name
    halts_met: tuple[HaltMet, ...]
    verdicts: tuple[Verdict, ...]
    strategy_parameters: Mapping[str, Mapping[str, ParamValue]]  # all of them, by name
    without_limit: tuple[Variant, ...]  # with --attribute-limits
    at_touch: Variant | None  # with --touch
    luck: Luck | None  # None: no session was walked
    seconds: Mapping[str, float]  # of the clock, by step

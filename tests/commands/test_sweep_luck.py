"""What a sweep says of noise, of an edge, and of momentum on the bundled prices.

Each variant is walked as `backtest` walks it, with the limits of the settings.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from statistics import fmean

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from tests.fakes.sweep_here import here
from tests.long_form import long
from tradebot.backtest.parameter_grid import Dimension, Listed, grid
from tradebot.core.results.sweep_outcome import SweepOutcome
from tradebot.errors import ExitCode
from tradebot.market.calendar import NyseCalendar
from tradebot.reports.pages.backtest import may_be_luck
from tradebot.reports.pages.sweep import conclusion, sweep_page
from tradebot.runtime.backtest.inputs import Asked
from tradebot.runtime.sweep.asked import SweepAsked
from tradebot.runtime.sweep.run import run_sweep
from tradebot.settings import GlobalOptions, load_without_keys

SYMBOLS = ("AA", "BB", "CC")
MANIFEST = """\
name = "echo"
version = "1.0.0"
description = "Made for a test: holds what rose so many sessions before."
symbols = ["AA", "BB", "CC"]
warmup = 25

[parameters.lag]
type = "int"
default = 1
description = "Sessions between a rise and the one that it is held for."

[parameters.band]
type = "float"
default = 0.0
description = "How much it has to have risen."
"""
STRATEGY = """\
from tradebot.strategy_api import ExitPolicy, Signals


class Strategy:
    def signals(self, history, params):
        rise = (history.close / history.close.shift(1) - 1).shift(params["lag"] - 1).round(6)
        return Signals(rise > params["band"], rise <= params["band"], ExitPolicy())
"""
SESSIONS, LAG = 252, 3


@pytest.fixture
def strategies(tmp_path: Path) -> Path:
    """A folder with a strategy."""
    own = tmp_path / "strategies" / "echo"
    own.mkdir(parents=True)
    (own / "manifest.toml").write_text(MANIFEST)
    (own / "strategy.py").write_text(STRATEGY)
    return own.parent


def sweep(folder: Path, asked: Asked, dimensions: tuple[Dimension, ...]) -> SweepOutcome:
    """A sweep over the whole grid, the first on its data."""
    environ = {"STRATEGIES_DIR": str(folder / "strategies"), "TRADEBOT_STATE_DIR": str(folder / f"state {asked.data}")}
    settings = load_without_keys(GlobalOptions(home=folder / "home"), environ).settings
    whole = SweepAsked(backtest=asked, dimensions=dimensions, search=Listed(grid(dimensions)))
    outcome, code = run_sweep(settings, whole, lambda what, done, total: None, here)
    assert code is ExitCode.OK
    assert all(run.figures is not None for run in outcome.ranking)
    return outcome


def prices(folder: Path, seed: int, edge: float) -> Path:
    """The bars of a random walk. ``edge``: what a session adds if that of ``LAG`` before rose, and takes if it fell."""
    draw = np.random.default_rng(seed)
    days = pd.DatetimeIndex([hours.session for hours in NyseCalendar().between(date(2007, 1, 2), date(2009, 6, 30))])
    days = days[:SESSIONS]
    frames = [_bars(draw, days, symbol, edge) for symbol in SYMBOLS]
    path = folder / f"bars_{seed}_{edge}.csv"
    pd.concat(frames).to_csv(path, index=False)
    return path


def _bars(draw: np.random.Generator, days: pd.DatetimeIndex, symbol: str, edge: float) -> pd.DataFrame:
    moves = 0.012 * draw.standard_normal(len(days))
    for row in range(LAG, len(days)):
        moves[row] += edge * np.sign(moves[row - LAG])
    close = 50 * np.exp(np.cumsum(moves))
    opens = np.concatenate([[50.0], close[:-1]])
    wide: NDArray[np.float64] = 1 + np.abs(0.0005 * draw.standard_normal(len(days)))
    return pd.DataFrame({
        "symbol": symbol, "date": days.strftime("%Y-%m-%d"), "open": opens.round(2),
        "high": (np.maximum(opens, close) * wide).round(2), "low": (np.minimum(opens, close) / wide).round(2),
        "close": close.round(2), "volume": 5_000_000,
    })  # fmt: skip


def echo(data: Path) -> Asked:
    """A backtest of the strategy without costs: they would tell noise from an edge."""
    return Asked(strategies=("echo",), data=data, slippage=Decimal(0), commission=Decimal(0))


def variants(lags: int, bands: int) -> tuple[Dimension, ...]:
    """So many values of each parameter."""
    return (
        Dimension("echo", "lag", tuple(range(1, 1 + lags))),
        Dimension("echo", "band", tuple(each / 1000 for each in range(bands))),
    )


@pytest.mark.parametrize(("seeds", "lags", "bands", "most"), [(1, 12, 3, 0), long(20, 20, 10, 2)])
def test_noise_is_called_luck(seeds: int, lags: int, bands: int, most: int, strategies: Path, tmp_path: Path) -> None:
    found = [sweep(tmp_path, echo(prices(tmp_path, seed, 0.0)), variants(lags, bands)) for seed in range(1, seeds + 1)]
    lucks = [outcome.ranking[0].luck for outcome in found]
    overfit = [outcome.overfit.probability for outcome in found]
    assert {luck.trials for luck in lucks if luck} == {lags * bands}
    assert sum(luck is not None and not may_be_luck(luck) for luck in lucks) <= most
    assert fmean(each for each in overfit if each is not None) > 0.3
    assert sum("may be luck" in conclusion(outcome)[0] for outcome in found) >= seeds - most


@pytest.mark.parametrize(("lags", "bands"), [(12, 3), long(20, 10)])
def test_an_edge_is_told_from_luck(lags: int, bands: int, strategies: Path, tmp_path: Path) -> None:
    outcome = sweep(tmp_path, echo(prices(tmp_path, 1, 0.006)), variants(lags, bands))
    luck = outcome.ranking[0].luck
    assert luck is not None and not may_be_luck(luck)
    assert outcome.overfit.probability is not None and outcome.overfit.probability < 0.1
    assert "more than luck shows" in conclusion(outcome)[0]


@pytest.mark.long
def test_momentum_on_the_bundled_prices_is_told_from_luck_and_its_choice_and_universe_are_not_trusted(
    tmp_path: Path,
) -> None:
    dimensions = (
        Dimension("momentum_rotation", "hold", (1, 2, 3)),
        Dimension("momentum_rotation", "formation", (63, 126, 189, 252)),
        Dimension("momentum_rotation", "skip", (0, 21)),
    )
    outcome = sweep(tmp_path, Asked(strategies=("momentum_rotation",)), dimensions)
    highest = outcome.ranking[0].luck
    assert highest is not None and not may_be_luck(highest)
    assert outcome.overfit.probability is not None and outcome.overfit.probability > 0.5
    assert "yet choosing like this fails in other sessions" in conclusion(outcome)[0]
    assert outcome.survivors == outcome.universe == 4
    said = " ".join(getattr(block, "text", "") for block in sweep_page(outcome))
    assert "this universe was chosen with today's knowledge" in said

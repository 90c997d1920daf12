"""Outcomes of sweeps, for tests of pages and files."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal

from tradebot.core.results.backtest_outcome import Luck, Verdict
from tradebot.core.results.sweep_outcome import (
    Fold,
    Overfit,
    RunFigures,
    SweepOutcome,
    SweepRun,
    Value,
    WalkForward,
)

FIRST = date(2007, 1, 3)
SCRIPT = "<script>alert(1)</script>"


def figures(sharpe: float) -> RunFigures:
    """Figures with this Sharpe ratio."""
    return RunFigures(
        sessions=250, equity=Decimal("101000.00"), total_return=0.01, cagr=None, annual_volatility=0.1, sharpe=sharpe,
        max_drawdown=-0.05, calmar=None, mean_exposure=0.5, fills=20, denial_count=3, halt_count=0,
    )  # fmt: skip


def run(params: Mapping[str, Value], sharpe: float, deflated: float) -> SweepRun:
    """A variant with figures."""
    luck = Luck(40, sharpe / 16, 0.05, 0.9, deflated, 1234.5 if sharpe > 1 else None, 250)
    return SweepRun(params, figures(sharpe), luck)


def outcome(deflated: float = 0.4, pbo: float | None = 0.6, *, folds: int = 0, dimensions: int = 2) -> SweepOutcome:
    """A sweep of up to three parameters; its last variant failed."""
    names = ("own.days", "own.stop", "own.kind")[:dimensions]
    values: tuple[tuple[Value, ...], ...] = ((2, 10), (0.01, 0.02, 0.03), ("a", "b"))
    grid: list[tuple[Value, ...]] = [()]
    for each in values[:dimensions]:
        grid = [(*start, value) for start in grid for value in each]
    runs = [
        run(dict(zip(names, one, strict=True)), 1.5 - number / 10, deflated - number / 100)
        for number, one in enumerate(grid)
    ]
    runs[-1] = SweepRun(runs[-1].params, None, None, error=f"own failed {SCRIPT}")
    return SweepOutcome(
        swept=dict(zip(names, values, strict=False)),
        first=FIRST,
        last=date(2007, 12, 31),
        variants=len(runs),
        ranking=tuple(runs),
        from_store=2,
        universe=3,
        survivors=3,
        overfit=Overfit(pbo, 5, 250, 12870, "" if pbo is not None else "250 sessions are too few to split"),
        verdicts=(Verdict("own", True, (), "asked once"),),
        highest=(Verdict("own", False, ("warm-up: it differs",), "asked session by session"),),
        walk_forward=_walk_forward(names, runs[0].params, folds) if folds else None,
        named_parameters={},
        cash=Decimal(100_000),
        seconds={"runs": 2.5},
    )


def _walk_forward(names: tuple[str, ...], params: Mapping[str, Value], count: int) -> WalkForward:
    fold = Fold(FIRST, FIRST, FIRST, FIRST, params, figures(1.0), figures(-0.5))
    curve = {FIRST + timedelta(days=day): 100_000.0 + day for day in range(30)}
    luck = Luck(40, 0.1, 0.05, 0.9, 0.3, None, 30)
    statistics = {"total_return": -0.02, "sharpe": -0.4, "max_drawdown": -0.1}
    drift = {name: (params[name],) * count for name in names}
    return WalkForward("anchored", (fold,) * count, curve, statistics, luck, drift)

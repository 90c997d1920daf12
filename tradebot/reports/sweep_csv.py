"""A sweep as CSV files: its variants, and the folds of its walk-forward."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import fields
from pathlib import Path

from tradebot.core.results.sweep_outcome import Fold, RunFigures, SweepOutcome, SweepRun
from tradebot.home.output_files import output_path
from tradebot.reports.csv_files import OPTION, cell_text, csv_kind, write_rows
from tradebot.settings import Loaded

_FIGURES = tuple(item.name for item in fields(RunFigures))
_LUCK = ("deflated_sharpe", "minimum_track_record", "trials")
_FOLD = ("train_first", "train_last", "test_first", "test_last")
#: The columns of each file beside the parameters.
_COLUMNS = {
    "variants.csv": (*_FIGURES, *_LUCK, "by_session", "error"),
    "folds.csv": (*_FOLD, "trained_sharpe", "tested_sharpe", "tested_return", "tested_equity"),
}


def sweep_csv_paths(folder: Path, loaded: Loaded, *, force: bool) -> tuple[Path, ...]:
    """The paths that ``write_sweep_csv`` writes to. Raises UsageError if one may not be written."""
    output_path(folder, OPTION, loaded)
    return tuple(
        output_path(folder / name, OPTION, loaded, csv_kind(columns), force=force) for name, columns in _COLUMNS.items()
    )


def write_sweep_csv(outcome: SweepOutcome, paths: Sequence[Path]) -> None:
    """Write every variant, and the folds, to ``paths``, which ``sweep_csv_paths`` gave. Raises UsageError."""
    names = tuple(outcome.swept)
    walk_forward = outcome.walk_forward
    variants = (_variant(run, names) for run in outcome.ranking)
    folds = (_fold(fold, names) for fold in (walk_forward.folds if walk_forward else ()))
    for path, columns, rows in zip(paths, _COLUMNS.values(), (variants, folds), strict=True):
        write_rows(path, [(*names, *columns), *(tuple(map(cell_text, row)) for row in rows)])


def _variant(run: SweepRun, names: Sequence[str]) -> Iterator[object]:
    yield from (run.params[name] for name in names)
    yield from (getattr(run.figures, name, None) for name in _FIGURES)
    yield from (getattr(run.luck, name, None) for name in _LUCK)
    yield " ".join(run.by_session)
    yield run.error


def _fold(fold: Fold, names: Sequence[str]) -> Iterator[object]:
    yield from (fold.params[name] for name in names)
    yield from (getattr(fold, name) for name in _FOLD)
    yield from (fold.trained.sharpe, fold.tested.sharpe, fold.tested.total_return, fold.tested.equity)

"""tradebot sweep"""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tradebot.commands import decorator, listing
from tradebot.commands.backtest_options import (
    ActionsOption,
    CashOption,
    CommissionOption,
    DataOption,
    LookaheadOption,
    SlippageOption,
    StrategiesArgument,
    SymbolsOption,
    asked_for,
    named_parameter,
    typed_value,
)
from tradebot.commands.progress import progress_bar
from tradebot.commands.write_parameters import (
    ConfirmOption,
    RowOption,
    WriteOption,
    asked_target,
    chosen_row,
    write_run,
)
from tradebot.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tradebot.backtest.parameter_grid import Dimension, Search
    from tradebot.core.results.sweep_outcome import SweepOutcome
    from tradebot.runtime.sweep.asked import Folds, SweepAsked, Workers
    from tradebot.settings import GlobalOptions
    from tradebot.strategy_api import ParamValue


class WalkForwardKind(StrEnum):
    """The values of --walk-forward."""

    ANCHORED = "anchored"
    ROLLING = "rolling"


@decorator.command(
    "sweep",
    writes="the trials and passed checks, in the user's state folder; with --store, --html, --csv and --write those "
    "files.",
    examples=(
        "tradebot sweep rsi2_mean_reversion --set rsi2_mean_reversion.stop=0.02,0.04",
        "tradebot sweep --set momentum_rotation.hold=2:6 --store runs.jsonl",
        "tradebot sweep --set momentum_rotation.formation=42:252:5 --random 10",
        "tradebot sweep --set momentum_rotation.hold=2:6 --walk-forward rolling",
    ),
    ends_with=(ExitCode.BLOCKED, ExitCode.DEGRADED),
)
def command(
    options: GlobalOptions,
    strategies: StrategiesArgument = None,
    ranges: Annotated[
        list[str] | None, typer.Option("--set", metavar="STRATEGY.PARAM=VALUES", help="The values of a parameter: "
                                       "such as 3, 1,2,3 or 0.02:0.06:0.01.", show_default=False),
    ] = None,
    data: DataOption = None,
    actions: ActionsOption = None,
    symbols: SymbolsOption = None,
    first: listing.FromOption = None,
    last: listing.ToOption = None,
    cash: CashOption = None,
    slippage: SlippageOption = None,
    commission: CommissionOption = None,
    random: Annotated[
        int | None, typer.Option("--random", metavar="N", min=1, help="Draw so many variants of the grid instead of "
                                 "trying all.", show_default=False),
    ] = None,
    optuna: Annotated[
        int | None, typer.Option("--optuna", metavar="N", min=1, help="Have Optuna choose so many variants by what "
                                 "came before.", show_default=False),
    ] = None,
    seed: Annotated[int, typer.Option("--seed", metavar="N", min=0, help="Of --random and --optuna.")] = 1,
    walk_forward: Annotated[
        WalkForwardKind | None, typer.Option("--walk-forward", help="Choose on past sessions and test on those after, "
                                             "fold by fold.", show_default=False),
    ] = None,
    folds: Annotated[
        int | None, typer.Option("--folds", metavar="N", min=1, help="Of --walk-forward.  [default: 5]",
                                 show_default=False),
    ] = None,
    train: Annotated[
        int | None, typer.Option("--train", metavar="SESSIONS", min=1, help="Of the first training, instead of "
                                 "--folds.", show_default=False),
    ] = None,
    test: Annotated[
        int | None, typer.Option("--test", metavar="SESSIONS", min=1, help="Of each test, with --train.",
                                 show_default=False),
    ] = None,
    jobs: Annotated[
        int | None, typer.Option("--jobs", metavar="N", min=1, help="Processes that compute.  [default: the "
                                 "processors]", show_default=False),
    ] = None,
    scheduler: Annotated[
        str, typer.Option("--scheduler", metavar="ADDRESS", help="Compute on the Dask cluster of this scheduler, "
                          "such as tcp://127.0.0.1:8786 or tls://HOST:8786.", show_default=False),
    ] = "",
    tls_ca: Annotated[
        Path | None, typer.Option("--tls-ca", metavar="FILE", help="The cluster's own certificate authority, for tls://.",
                                  show_default=False),
    ] = None,
    tls_cert: Annotated[
        Path | None, typer.Option("--tls-cert", metavar="FILE", help="A certificate of it.", show_default=False)
    ] = None,
    tls_key: Annotated[
        Path | None, typer.Option("--tls-key", metavar="FILE", help="Its key, unless its file holds it.",
                                  show_default=False),
    ] = None,
    store: Annotated[
        Path | None, typer.Option("--store", metavar="FILE", help="Keep each result there; variants that it has are "
                                  "not run again.", show_default=False),
    ] = None,
    allow_lookahead: LookaheadOption = False,
    csv: Annotated[
        Path | None, typer.Option("--csv", metavar="DIR", help="Also write variants.csv and folds.csv.",
                                  show_default=False),
    ] = None,
    html: Annotated[
        Path | None, typer.Option("--html", metavar="FILE", help="Also write it as one HTML file, with a heat map.",
                                  show_default=False),
    ] = None,
    write: WriteOption = None,
    row: RowOption = None,
    confirm: ConfirmOption = None,
    force: decorator.ForceOption = False,
) -> ExitCode:  # fmt: skip
    """Backtest many variants of strategies, and tell how far the highest result is luck.

    Every combination of the values of --set is backtested as `backtest` does, or some of them drawn at random. Each
    stands beside its deflated Sharpe ratio, computed from all trials ever made on that data, and the whole beside the
    probability of backtest overfitting: how often the highest variant of one half of the sessions fails in the other.
    Processes of this machine compute them, or with --scheduler those of a Dask cluster. It needs the packages of
    `pip install "tradebot[sweep]"`, and --optuna those of `pip install "tradebot[search]"`. A variant that fails is a
    result too. ^C ends with what is known by then; with --store the next run goes on there.
    """
    from tradebot.commands import render
    from tradebot.reports.html_report.report import html_path
    from tradebot.reports.pages.sweep import sweep_page
    from tradebot.reports.sweep_csv import sweep_csv_paths
    from tradebot.runtime.sweep.asked import SweepAsked
    from tradebot.runtime.sweep.run import run_sweep
    from tradebot.runtime.sweep.store import store_path
    from tradebot.settings import load_without_keys

    asked = asked_for(
        strategies, data, actions, symbols, first, last, cash, slippage, commission, allow_lookahead=allow_lookahead
    )
    dimensions, fixed = _dimensions(ranges or ())
    workers = _workers(jobs, scheduler, tls_ca, tls_cert, tls_key)
    loaded = load_without_keys(options)
    sweep = SweepAsked(
        backtest=replace(asked, params=fixed),
        dimensions=dimensions,
        search=_search(dimensions, random, optuna, seed),
        store=store_path(store, loaded) if store is not None else None,
        folds=_folds(walk_forward, folds, train, test),
        row=chosen_row(dimensions, row, write),
    )
    target = asked_target(options, loaded, write, confirm, force=force)
    csv_files = sweep_csv_paths(csv, loaded, force=force) if csv is not None else ()
    html_file = html_path(html, loaded, force=force) if html is not None else None
    with progress_bar("sweep", shown=not options.json) as progress:
        outcome, code = run_sweep(loaded.settings, sweep, progress, workers)
    _write(outcome, csv_files, html_file, loaded.settings.home)
    written = write_run(loaded, target, outcome.named_parameters, _refused(sweep, outcome, code))
    return render.show_result(options, "sweep", sweep_page(outcome, written), code=code, sweep=outcome, written=written)


def _dimensions(texts: Sequence[str]) -> tuple[tuple[Dimension, ...], dict[str, dict[str, ParamValue]]]:
    """The parameters of --set with several values, and those with one by strategy and name. Raises UsageError."""
    from tradebot.backtest.parameter_grid import Dimension, range_values

    found: dict[str, Dimension] = {}
    fixed: dict[str, dict[str, ParamValue]] = {}
    for text in texts:
        strategy, parameter, typed = named_parameter(text)
        try:
            values = range_values(typed) or tuple(typed_value(part.strip()) for part in typed.split(","))
        except ValueError as error:
            raise UsageError(f"--set {text}: {error}.") from None
        dimension = Dimension(strategy, parameter, tuple(dict.fromkeys(values)))
        if dimension.name in found or parameter in fixed.get(strategy, {}):
            raise UsageError(f"--set gives {dimension.name} twice: give all its values in one, such as 1,2,3.")
        if len(dimension.values) > 1:
            found[dimension.name] = dimension
        else:
            fixed.setdefault(strategy, {})[parameter] = dimension.values[0]
    if not found:
        raise UsageError("a sweep needs a --set with several values, such as rsi2_mean_reversion.stop=0.02:0.06:0.01.")
    return tuple(found.values()), fixed


def _workers(jobs: int | None, scheduler: str, ca: Path | None, certificate: Path | None, key: Path | None) -> Workers:
    """Where the variants are computed. Raises UsageError, and ConfigError without the extra of a cluster."""
    from tradebot.runtime.sweep.local_pool import local_workers

    if not scheduler:
        if ca or certificate or key:
            raise UsageError("--tls-ca, --tls-cert and --tls-key belong to --scheduler.")
        return local_workers(jobs)
    from tradebot.runtime.sweep.cluster import Scheduler, cluster

    if jobs is not None:
        raise UsageError("--jobs is for processes of this machine: a cluster has the workers that were started there.")
    return cluster(Scheduler(address=scheduler, ca=ca, certificate=certificate, key=key))


def _search(dimensions: Sequence[Dimension], random: int | None, optuna: int | None, seed: int) -> Search:
    """Every variant, or some of them. Raises UsageError for too many, and ConfigError without the extra of Optuna."""
    from tradebot.backtest.parameter_grid import Listed, drawn, grid

    if optuna is not None:
        if random is not None:
            raise UsageError("--random draws the variants, and --optuna chooses them: give one of the two.")
        from tradebot.runtime.sweep.optuna_search import OptunaSearch

        return OptunaSearch(dimensions, optuna, seed)
    try:
        return Listed(grid(dimensions) if random is None else drawn(dimensions, random, seed))
    except ValueError as error:
        raise UsageError(f"{error}, with --random N.") from None


def _folds(kind: WalkForwardKind | None, folds: int | None, train: int | None, test: int | None) -> Folds | None:
    """The folds of a walk-forward, if one is asked for. Raises UsageError."""
    from tradebot.backtest.walk_forward import Training
    from tradebot.runtime.sweep.asked import Folds

    if (train is None) != (test is None):
        raise UsageError("--train and --test belong together: give both, or --folds.")
    if kind is None:
        if train is not None:
            raise UsageError("--train and --test belong to --walk-forward: say anchored or rolling.")
        if folds is not None:
            raise UsageError("--folds belongs to --walk-forward: say anchored or rolling.")
        return None
    return Folds(Training(kind), 5 if folds is None else folds, train, test)


def _refused(sweep: SweepAsked, outcome: SweepOutcome, code: ExitCode) -> str:
    """Why the parameters of the variant that was named are not written; "" if they are."""
    if code is not ExitCode.OK:
        return "the sweep did not come to its end"
    named = dict(zip((dimension.name for dimension in sweep.dimensions), sweep.row or (), strict=False))
    has_figures = any(run.figures for run in outcome.ranking if run.params == named)
    return "" if has_figures else "the variant that --row names has no figures"


def _write(outcome: SweepOutcome, csv: Sequence[Path], html: Path | None, home: Path) -> None:
    """Write the files, and tell each."""
    from tradebot.commands import logging_setup
    from tradebot.reports.html_report.masking import masker
    from tradebot.reports.html_report.report import write_html
    from tradebot.reports.html_report.sweep_report import sweep_html
    from tradebot.reports.streams import tell
    from tradebot.reports.sweep_csv import write_sweep_csv
    from tradebot.runtime.backtest.run import BacktestHeader

    if csv:
        write_sweep_csv(outcome, csv)
        tell("\n".join(f"written: {path}" for path in csv))
    if html:
        write_html(html, sweep_html(outcome, masker(BacktestHeader(home), logging_setup.redact)))
        tell(f"written: {html}")

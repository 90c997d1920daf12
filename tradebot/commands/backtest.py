"""tradebot backtest"""

from __future__ import annotations

from dataclasses import replace
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
from tradebot.commands.write_parameters import ConfirmOption, WriteOption, asked_target, write_run
from tradebot.errors import ExitCode

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tradebot.core.results.backtest_outcome import BacktestOutcome
    from tradebot.reports.statistics import Figure
    from tradebot.settings import GlobalOptions
    from tradebot.strategy_api import ParamValue


@decorator.command(
    "backtest",
    writes="the trial and passed checks, in the user's state folder; with --csv ten files, with --html one, and with "
    "--write the parameters.",
    examples=(
        "tradebot backtest",
        "tradebot backtest rsi2_mean_reversion --from 2003-01-02 --to 2010-12-31",
        "tradebot backtest --set momentum_rotation.hold=3 --attribute-limits",
        "tradebot backtest --data bars.csv --actions actions.csv --html backtest.html",
        "tradebot backtest --set rsi2_mean_reversion.stop=0.03 --write tried.toml",
    ),
    ends_with=(ExitCode.BLOCKED,),
)
def command(
    options: GlobalOptions,
    strategies: StrategiesArgument = None,
    data: DataOption = None,
    actions: ActionsOption = None,
    symbols: SymbolsOption = None,
    first: listing.FromOption = None,
    last: listing.ToOption = None,
    cash: CashOption = None,
    changes: Annotated[
        list[str] | None, typer.Option("--set", metavar="STRATEGY.PARAM=VALUE", help="Another value of a parameter.",
                                       show_default=False),
    ] = None,
    slippage: SlippageOption = None,
    commission: CommissionOption = None,
    attribute_limits: Annotated[
        bool, typer.Option("--attribute-limits", help="Run it again without each limit, and show what that changes.")
    ] = False,
    touch: Annotated[
        bool, typer.Option("--touch", help="Run it again with targets that fill at a touch, and show the change.")
    ] = False,
    allow_lookahead: LookaheadOption = False,
    csv: Annotated[
        Path | None, typer.Option("--csv", metavar="DIR", help="Also write equity.csv, trades.csv and eight more.",
                                  show_default=False),
    ] = None,
    html: Annotated[
        Path | None, typer.Option("--html", metavar="FILE", help="Also write the report as one HTML file.",
                                  show_default=False),
    ] = None,
    write: WriteOption = None,
    confirm: ConfirmOption = None,
    force: decorator.ForceOption = False,
) -> ExitCode:  # fmt: skip
    """Backtest strategies under the limits of the settings.

    The functions that plan live sessions decide, and the embedded exchange's matching fills: it gives what `replay` of
    the same sessions gives, to the cent, in seconds. It needs no home, account or ledger. Every denial is counted,
    and every trial on the same data: the deflated Sharpe ratio tells how far the result can be luck.
    Strategies are checked first, unless they passed on the same prices before; one that looks ahead ends it with 5.
    ^C ends with what is known by then.
    """
    from tradebot.commands import render
    from tradebot.reports.csv_files import csv_paths
    from tradebot.reports.daily_series import returns_by_month
    from tradebot.reports.html_report.report import html_path
    from tradebot.reports.pages.backtest import backtest_page
    from tradebot.reports.statistics import by_key, statistics
    from tradebot.runtime.backtest.run import Compared, run_backtest
    from tradebot.settings import load_without_keys

    asked = asked_for(
        strategies, data, actions, symbols, first, last, cash, slippage, commission, allow_lookahead=allow_lookahead
    )
    asked = replace(asked, params=_changes(changes or ()))
    loaded = load_without_keys(options)
    csv_files = csv_paths(csv, loaded, force=force) if csv is not None else ()
    html_file = html_path(html, loaded, force=force) if html is not None else None
    target = asked_target(options, loaded, write, confirm, force=force)
    with progress_bar("backtest", shown=not options.json) as progress:
        outcome, code = run_backtest(loaded.settings, asked, progress, Compared(attribute_limits, touch))
    figures = statistics(outcome.report)
    _write(outcome, figures, csv_files, html_file, loaded.settings.home)
    written = write_run(
        loaded, target, outcome.strategy_parameters, "" if code is ExitCode.OK else "the run was stopped"
    )
    return render.show_result(
        options,
        "backtest",
        backtest_page(outcome, figures, written),
        code=code,
        backtest=outcome,
        written=written,
        statistics=by_key(figures),
        monthly_returns=returns_by_month(outcome.report),
    )


def _changes(texts: Sequence[str]) -> dict[str, dict[str, ParamValue]]:
    """The values of --set, by strategy and parameter. Raises UsageError."""
    found: dict[str, dict[str, ParamValue]] = {}
    for text in texts:
        strategy, parameter, value = named_parameter(text)
        found.setdefault(strategy, {})[parameter] = typed_value(value)
    return found


def _write(
    outcome: BacktestOutcome, figures: Sequence[Figure], csv: Sequence[Path], html: Path | None, home: Path
) -> None:
    """Write the files, and tell each."""
    from tradebot.commands import logging_setup
    from tradebot.reports.csv_files import write_csv
    from tradebot.reports.html_report.backtest import backtest_html
    from tradebot.reports.html_report.report import write_html
    from tradebot.reports.streams import tell
    from tradebot.runtime.backtest.run import BacktestHeader

    if csv:
        write_csv(outcome.report, csv)
        tell("\n".join(f"written: {path}" for path in csv))
    if html:
        write_html(html, backtest_html(outcome, BacktestHeader(home), figures, logging_setup.redact))
        tell(f"written: {html}")

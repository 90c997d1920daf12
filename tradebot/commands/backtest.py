"""tradebot backtest"""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tradebot.commands import decorator, listing
from tradebot.commands.progress import progress_bar
from tradebot.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tradebot.core.results.backtest_outcome import BacktestOutcome
    from tradebot.reports.statistics import Figure
    from tradebot.settings import GlobalOptions
    from tradebot.strategy_api import ParamValue


@decorator.command(
    "backtest",
    writes="the trial and passed checks, in the user's state folder; with --csv ten files, and with --html one.",
    examples=(
        "tradebot backtest",
        "tradebot backtest rsi2_mean_reversion --from 2003-01-02 --to 2010-12-31",
        "tradebot backtest --set momentum_rotation.hold=3 --attribute-limits",
        "tradebot backtest --data bars.csv --actions actions.csv --html backtest.html",
    ),
    ends_with=(ExitCode.BLOCKED,),
)
def command(
    options: GlobalOptions,
    strategies: Annotated[
        list[str] | None, typer.Argument(metavar="[STRATEGY]...", help="Those of the settings without one.")
    ] = None,
    data: Annotated[
        Path | None, typer.Option("--data", metavar="FILE", help="Daily bars.  [default: those of the settings, else "
                                  "the bundled ones]", show_default=False),
    ] = None,
    actions: Annotated[
        Path | None, typer.Option("--actions", metavar="FILE", help="The corporate actions that belong to --data.",
                                  show_default=False),
    ] = None,
    symbols: Annotated[
        str | None, typer.Option("--symbols", metavar="LIST", help="Instead of those that the strategies name, such as "
                                 "AAPL,MSFT.", show_default=False),
    ] = None,
    first: listing.FromOption = None,
    last: listing.ToOption = None,
    cash: Annotated[
        str | None, typer.Option("--cash", metavar="USD", help="To begin with.", show_default=False)
    ] = None,
    changes: Annotated[
        list[str] | None, typer.Option("--set", metavar="STRATEGY.PARAM=VALUE", help="Another value of a parameter.",
                                       show_default=False),
    ] = None,
    slippage: Annotated[
        str | None, typer.Option("--slippage", metavar="FRACTION", help="Of the price, such as 0.001 or 0.1%.",
                                 show_default=False),
    ] = None,
    commission: Annotated[
        str | None, typer.Option("--commission", metavar="USD", help="A share; 0 for none.", show_default=False)
    ] = None,
    attribute_limits: Annotated[
        bool, typer.Option("--attribute-limits", help="Run it again without each limit, and show what that changes.")
    ] = False,
    touch: Annotated[
        bool, typer.Option("--touch", help="Run it again with targets that fill at a touch, and show the change.")
    ] = False,
    allow_lookahead: Annotated[
        bool, typer.Option("--allow-lookahead", help="Give figures of a strategy that looks ahead, too.")
    ] = False,
    csv: Annotated[
        Path | None, typer.Option("--csv", metavar="DIR", help="Also write equity.csv, trades.csv and eight more.",
                                  show_default=False),
    ] = None,
    html: Annotated[
        Path | None, typer.Option("--html", metavar="FILE", help="Also write the report as one HTML file.",
                                  show_default=False),
    ] = None,
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
    from tradebot.core.results.listings import check_span
    from tradebot.reports.csv_files import csv_paths
    from tradebot.reports.daily_series import returns_by_month
    from tradebot.reports.html_report.report import html_path
    from tradebot.reports.pages.backtest import backtest_page
    from tradebot.reports.statistics import by_key, statistics
    from tradebot.runtime.backtest import Asked, run_backtest
    from tradebot.settings import load_without_keys

    check_span(first, last)
    if actions is not None and data is None:
        raise UsageError("--actions belongs to --data: give both.")
    loaded = load_without_keys(options)
    csv_files = csv_paths(csv, loaded, force=force) if csv is not None else ()
    html_file = html_path(html, loaded, force=force) if html is not None else None
    asked = Asked(
        strategies=tuple(strategies or ()),
        data=data,
        actions=actions,
        symbols=tuple(name.strip().upper() for name in symbols.split(",") if name.strip()) if symbols else (),
        first=first.date() if first else None,
        last=last.date() if last else None,
        cash=_number("--cash", cash),
        slippage=_number("--slippage", slippage),
        commission=_number("--commission", commission),
        params=_changes(changes or ()),
        attribute_limits=attribute_limits,
        touch=touch,
        allow_lookahead=allow_lookahead,
    )
    with progress_bar("backtest", shown=not options.json) as progress:
        outcome, code = run_backtest(loaded.settings, asked, progress)
    figures = statistics(outcome.report)
    _write(outcome, figures, csv_files, html_file, loaded.settings.home)
    return render.show_result(
        options,
        "backtest",
        backtest_page(outcome, figures),
        code=code,
        backtest=outcome,
        statistics=by_key(figures),
        monthly_returns=returns_by_month(outcome.report),
    )


def _number(option: str, text: str | None) -> Decimal | None:
    """A number that was typed, not below 0; with a percent sign a fraction. Raises UsageError."""
    if text is None:
        return None
    try:
        number = Decimal(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite() or number < 0:
        raise UsageError(f"{option} is a number that is not below 0: {text!r} is not.")
    return number


def _changes(texts: Sequence[str]) -> dict[str, dict[str, ParamValue]]:
    """The values of --set, by strategy and parameter. Raises UsageError."""
    import tomllib

    found: dict[str, dict[str, ParamValue]] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        strategy, dot, parameter = name.strip().partition(".")
        if not (equals and dot and strategy and parameter):
            raise UsageError(f"--set is STRATEGY.PARAM=VALUE, such as rsi2_mean_reversion.stop=0.03: {text!r} is not.")
        try:
            found.setdefault(strategy, {})[parameter] = tomllib.loads(f"value = {value.strip()}")["value"]
        except tomllib.TOMLDecodeError:
            found.setdefault(strategy, {})[parameter] = value.strip()
    return found


def _write(
    outcome: BacktestOutcome, figures: Sequence[Figure], csv: Sequence[Path], html: Path | None, home: Path
) -> None:
    """Write the files, and tell each."""
    from tradebot.commands import logging_setup
    from tradebot.reports.csv_files import write_csv
    from tradebot.reports.html_report.report import report_html, write_html
    from tradebot.reports.streams import tell
    from tradebot.runtime.backtest import BacktestHeader

    if csv:
        write_csv(outcome.report, csv)
        tell("\n".join(f"written: {path}" for path in csv))
    if html:
        write_html(html, report_html(outcome.report, BacktestHeader(home), figures, logging_setup.redact))
        tell(f"written: {html}")

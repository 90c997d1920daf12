"""tradebot export"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tradebot.commands import decorator
from tradebot.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from tradebot.settings import GlobalOptions

_LEDGER_OPTION = "FILE"


@decorator.command(
    "export",
    writes="FILE, and with --tax notes on it beside it.",
    examples=(
        "tradebot export --tax 2007 tax-2007.csv",
        "tradebot export --returns returns.csv  # for a spreadsheet",
        "tradebot export --ledger ledger.jsonl  # every row of every table",
    ),
    ends_with=(ExitCode.LEDGER,),
)
def command(
    options: GlobalOptions,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The file to write.")],
    tax: Annotated[
        int | None,
        typer.Option(
            "--tax",
            metavar="YEAR",
            min=1970,
            max=2999,
            help="What was sold in YEAR as the columns of Form 8949, in CSV; beside it NAME.notes.txt.",
            show_default=False,
        ),
    ] = None,
    returns: Annotated[
        bool, typer.Option("--returns", help="Equity, return and the S&P 500's of each session, in CSV.")
    ] = False,
    ledger: Annotated[
        bool, typer.Option("--ledger", help="Every row of every table of the ledger, as JSON lines.")
    ] = False,
    force: decorator.ForceOption = False,
) -> ExitCode:
    """Write a file for an accountant or another program.

    Say which by one of --tax, --returns and --ledger.

    --tax sells first in, first out over all shares of the account, and marks candidates of wash sales. It sees no other
    account, and is no tax advice. It reads the ledger alone: it asks no broker and waits for no job.
    """
    chosen = [tax is not None, returns, ledger].count(True)
    if chosen != 1:
        raise UsageError(f"give one of --tax, --returns and --ledger, not {chosen or 'none'}.")
    if tax is not None:
        return _tax(options, tax, file, force=force)
    return _returns(options, file, force=force) if returns else _ledger(options, file, force=force)


def _tax(options: GlobalOptions, year: int, file: Path, *, force: bool) -> ExitCode:
    from tradebot.commands import open_desk, render
    from tradebot.jobs import export
    from tradebot.reports.pages.export import tax_page
    from tradebot.reports.tax_files import tax_paths, write_tax
    from tradebot.settings import load_without_keys

    paths = tax_paths(file, load_without_keys(options), force=force)
    with open_desk.ledger_for(options, "export") as opened:
        sold = export.tax(opened.desk, year)
    write_tax(sold, opened.context, paths)
    page = tax_page(sold, opened.context, paths)
    return render.show_result(
        options, "export", page, header=opened.context, files=paths, tax=sold, final=sold.is_final
    )


def _returns(options: GlobalOptions, file: Path, *, force: bool) -> ExitCode:
    from tradebot.commands import open_desk, render
    from tradebot.core.model.values import plural
    from tradebot.core.results.report_periods import AskedPeriod, Period
    from tradebot.jobs import report
    from tradebot.reports.pages.export import files_page
    from tradebot.reports.returns_file import returns_path, write_returns
    from tradebot.runtime.past_prices import past_prices
    from tradebot.settings import load_without_keys

    path = returns_path(file, load_without_keys(options), force=force)
    with (
        open_desk.ledger_for(options, "export") as opened,
        past_prices(opened.loaded.settings, opened.desk.calendar) as prices,
    ):
        everything = report.run_over(opened.desk, AskedPeriod(Period.ALL), prices)
    rows = write_returns(everything, path)
    page = files_page([path], f"{plural(rows, 'session')}; a deposit or withdrawal is no return")
    return render.show_result(options, "export", page, header=opened.context, files=[path], rows=rows)


def _ledger(options: GlobalOptions, file: Path, *, force: bool) -> ExitCode:
    from tradebot.commands import render
    from tradebot.core.model.values import plural
    from tradebot.home.output_files import Kind, output_path, replacing
    from tradebot.ledger.dump import json_lines
    from tradebot.reports.pages.export import files_page
    from tradebot.reports.run_header import home_opening
    from tradebot.runtime.open_ledger import open_ledger
    from tradebot.settings import load_without_keys

    kind = Kind("a ledger in JSON lines", lambda head: head.startswith(b'{"table":"'))
    path, rows = output_path(file, _LEDGER_OPTION, load_without_keys(options), kind, force=force), 0
    with open_ledger(options) as opened, opened.database.engine.snapshot(), replacing(path, _LEDGER_OPTION) as new:
        render.warn(opened.loaded.warnings)
        with new.open("w", encoding="utf-8", newline="") as lines:
            for line in json_lines(opened.database):
                lines.write(f"{line}\n")
                rows += 1
    page = (*home_opening(opened.loaded.settings.home), *files_page([path], plural(rows, "row")))
    return render.show_result(options, "export", page, files=[path], rows=rows)

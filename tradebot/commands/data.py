"""tradebot data import and data check"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from tradebot.commands import decorator
from tradebot.errors import ConfigError, ExitCode, Problem, UsageError

if TYPE_CHECKING:
    from tradebot.market.imports.price_import import Imported
    from tradebot.settings import GlobalOptions

_ASKED_AT_MOST = 50

ActionsOption = Annotated[
    Path | None,
    typer.Option(
        "--actions",
        metavar="FILE",
        help="Splits, dividends and endings: symbol,ex_date,kind,value. Closes are held against the splits.",
        show_default=False,
    ),
]
ConfirmOption = Annotated[
    bool,
    typer.Option(
        "--confirm-jumps",
        help="What was asked is true: tenfold moves, and symbols that ended at their last close. Kept beside the file.",
    ),
]


@decorator.command(
    "data import",
    writes="the file of --out; beside it corporate actions that the files tell of, and what was confirmed.",
    examples=(
        "tradebot data import AAPL.csv MSFT.csv --out bars.csv.gz",
        "tradebot data import sap.txt --symbol SAP --dates dmy --out bars.csv",
    ),
    ends_with=(ExitCode.DEGRADED,),
)
def import_files(
    options: GlobalOptions,
    files: Annotated[list[Path], typer.Argument(metavar="FILES...", help="CSV, text or Parquet files of daily bars.")],
    out: Annotated[
        Path, typer.Option("--out", metavar="FILE", help="The bars for PAPER_DATA: .csv, .csv.gz or .parquet.")
    ],
    symbol: Annotated[
        str | None,
        typer.Option("--symbol", metavar="SYMBOL", help="Of files that name none.", show_default=False),
    ] = None,
    actions: ActionsOption = None,
    confirm_jumps: ConfirmOption = False,
    dates: Annotated[
        Literal["dmy", "mdy"] | None,
        typer.Option("--dates", help="The order of dates such as 03/04/2024.", show_default=False),
    ] = None,
    decimal: Annotated[
        Literal["comma", "point"] | None,
        typer.Option("--decimal", help="The decimal mark, where 1,234 could be either.", show_default=False),
    ] = None,
    closes: Annotated[
        Literal["adjusted", "unadjusted"] | None,
        typer.Option("--closes", help="Whether closes that do not show it have splits in them.", show_default=False),
    ] = None,
    force: decorator.ForceOption = False,
) -> ExitCode:
    """Read prices as people have them, and write them as PAPER_DATA takes them.

    Taken as they are: files of Alpaca, Yahoo, yfinance, Stooq, Tiingo, Massive (Polygon) and Alpha Vantage, and tables
    alike; one file a symbol or many symbols in one. What can be read in two ways is refused with both. Ends with 11 if
    rows were left out; each is named with file and line. docs/price-data.md has the rest.
    """
    from tradebot.commands import render
    from tradebot.market.imports import writing
    from tradebot.market.imports.adjustment import Closes
    from tradebot.market.imports.dates import DateOrder
    from tradebot.market.imports.numbers import DecimalMark
    from tradebot.market.imports.price_import import import_prices
    from tradebot.market.imports.typed_rows import Readings
    from tradebot.market.price_check import summary
    from tradebot.reports.pages.price_files import import_page
    from tradebot.runtime.homes import configuration

    sources, loaded = _expanded(files), configuration(options)
    out = writing.bars_path(out, sources, actions, loaded, force=force)
    readings = Readings(_ticker(symbol), DateOrder(dates) if dates else None, DecimalMark(decimal) if decimal else None)
    imported = import_prices(sources, actions, readings, Closes(closes) if closes else None)
    _ask(imported, out, confirmed=confirm_jumps)
    if len(imported.told):  # before the bars: the place of this file is looked at only now, and may be refused
        actions = writing.write_actions(out, imported.told, loaded, force=force)
    writing.write_bars(out, imported.bars)
    if imported.asked:
        writing.write_answers(out, (question for _, question in imported.asked))
    written = summary(out, actions)
    tally = imported.tally
    return render.show_result(
        options,
        "data import",
        import_page(imported, written, out, actions),
        code=ExitCode.DEGRADED if tally.left_out else ExitCode.OK,
        out=out,
        actions_file=actions,
        summary=written,
        changes=[{"file": each.file, "what": each.what, "count": each.count} for each in tally.changes],
        left_out=tally.left_out,
        notes=tally.notes,
    )


@decorator.command(
    "data check",
    writes="nothing, or with --confirm-jumps what was confirmed, beside FILE. Sends nothing.",
    examples=(
        "tradebot data check bars.csv.gz",
        "tradebot data check bars.csv.gz --actions splits.csv",
    ),
)
def check(
    options: GlobalOptions,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Bars as PAPER_DATA takes them.")],
    actions: ActionsOption = None,
    confirm_jumps: ConfirmOption = False,
) -> ExitCode:
    """Check a price file as every command does that trades on it, and say what it holds.

    Every problem is named with its rows; a file in another form needs `tradebot data import`.
    """
    from tradebot.commands import render
    from tradebot.market.answers import read_answers
    from tradebot.market.imports import writing
    from tradebot.market.price_check import summary
    from tradebot.market.price_file import unanswered
    from tradebot.reports.pages.price_files import check_page

    if confirm_jumps and (asked := unanswered(file, actions)):
        writing.write_answers(file, {*read_answers(file), *asked})
    found = summary(file, actions)
    return render.show_result(options, "data check", check_page(found, file), file=file, summary=found)


commands = (import_files, check)


def _ask(imported: Imported, out: Path, *, confirmed: bool) -> None:
    """Raise ConfigError with all questions that were not answered when ``out`` was last written, unless confirmed."""
    from tradebot.market.answers import read_answers

    if confirmed:
        return
    answered = read_answers(out)
    asked = [(where, question) for where, question in imported.asked if question not in answered]
    if asked:
        problems = [Problem(where, question.what, question.fix) for where, question in asked[:_ASKED_AT_MOST]]
        more = f"{len(asked)} questions" if len(asked) > 1 else "one question"
        everything = Problem("--confirm-jumps", f"{more}, and nothing was written", "Add it if all of this is true.")
        raise ConfigError([*problems, everything])


def _ticker(text: str | None) -> str | None:
    from tradebot.market.imports.symbols import ticker

    if text is None:
        return None
    name = ticker(text)
    if name is None:
        raise UsageError(f"--symbol {text} is no ticker. Write it as in AAPL or BRK.B.")
    return name


def _expanded(files: list[Path]) -> list[Path]:
    """The files, with patterns such as *.csv replaced by what they match, as shells do outside of Windows."""
    from tradebot.settings.field_types import InvalidValue
    from tradebot.settings.path_fields import read_typed_path

    try:
        typed = [read_typed_path(str(file)) for file in files]
    except InvalidValue as error:
        raise UsageError(str(error)) from error
    found: list[Path] = []
    for path in typed:
        matches = sorted(path.parent.glob(path.name)) if "*" in path.name and not path.exists() else []
        found += matches or [path]
    return list(dict.fromkeys(found))

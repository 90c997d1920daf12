"""Options of the commands that list trades, fills, positions and orders."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from tradebot.core.results.listings import Selection
    from tradebot.settings import GlobalOptions, Loaded

#: Rows on a screen.
SCREEN = 14

SymbolOption = Annotated[
    str | None, typer.Option("--symbol", metavar="SYMBOL", help="Only this symbol.", show_default=False)
]
StrategyOption = Annotated[
    str | None,
    typer.Option("--strategy", metavar="NAME", help="Only this strategy; `foreign` for the rest.", show_default=False),
]
FromOption = Annotated[
    datetime | None,
    typer.Option("--from", formats=["%Y-%m-%d"], metavar="DATE", help="First session.", show_default=False),
]
ToOption = Annotated[
    datetime | None,
    typer.Option("--to", formats=["%Y-%m-%d"], metavar="DATE", help="Last session.", show_default=False),
]
LimitOption = Annotated[
    int | None,
    typer.Option(
        "--limit",
        min=1,
        metavar="N",
        help=f"At most so many, the newest (default: {SCREEN}, and all with --json or --csv).",
        show_default=False,
    ),
]
CsvOption = Annotated[
    Path | None, typer.Option("--csv", metavar="FILE", help="Also write them to FILE.", show_default=False)
]


def selection(
    options: GlobalOptions,
    symbol: str | None,
    strategy: str | None,
    first: datetime | None,
    last: datetime | None,
    limit: int | None,
    csv: Path | None,
    *,
    only_open: bool = False,
) -> Selection:
    """What the options ask for. Raises UsageError for what can be no symbol, no strategy or no span."""
    from tradebot.core.results.listings import read_selection

    unlimited = options.json or csv is not None
    return read_selection(
        symbol,
        strategy,
        first.date() if first else None,
        last.date() if last else None,
        only_open=only_open,
        limit=limit or (None if unlimited else SCREEN),
        prefix="--",
    )


def csv_path(csv: Path | None, row: type[Any], options: GlobalOptions, *, force: bool) -> Path | None:
    """Where --csv writes rows of this dataclass; None without --csv. Raises UsageError, as ``output_path`` does."""
    from tradebot.reports.csv_files import list_path
    from tradebot.settings import load_without_keys

    if csv is None:
        return None
    loaded: Loaded = load_without_keys(options)
    return list_path(csv, row, loaded, force=force)


def write_csv(path: Path | None, row: type[Any], rows: tuple[Any, ...]) -> None:
    """Write the rows to a path that ``csv_path`` gave, and say so."""
    from tradebot.reports.csv_files import write_list
    from tradebot.reports.streams import tell

    if path is not None:
        write_list(path, row, rows)
        tell(f"written: {path}")

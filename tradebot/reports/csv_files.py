"""The data of a report as CSV files for spreadsheets and notebooks. Each kind of data has its own file."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterable, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

from tradebot.core.model.account import Fill
from tradebot.core.model.holdings import Trade
from tradebot.core.model.ledger_rows import EquityPoint
from tradebot.core.results.position_lines import PositionLine
from tradebot.core.results.report_outcome import ReportOutcome
from tradebot.errors import UsageError
from tradebot.reports.json_output import plain


def write_csv(outcome: ReportOutcome, folder: Path) -> tuple[Path, ...]:
    """Write equity, trades, fills, positions and denials to ``folder`` and return the paths.

    A missing folder is created. Each file is replaced atomically. Values have the same form as in JSON; a
    missing value is an empty field. Raises UsageError if the folder cannot be written.
    """
    denials = [[code, count] for code, count in sorted(outcome.denial_counts.items())]
    files: dict[str, list[Sequence[object]]] = {
        "equity.csv": _rows(EquityPoint, outcome.equity),
        "trades.csv": _rows(Trade, outcome.trades),
        "fills.csv": _rows(Fill, outcome.period_fills),
        "positions.csv": _rows(PositionLine, outcome.positions),
        "denials.csv": [["code", "count"], *denials],
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return tuple(_replace_file(folder / name, rows) for name, rows in files.items())
    except OSError as error:
        raise UsageError(
            f"{folder} cannot be written ({error.strerror or error}). Give --csv a folder that can be."
        ) from error


def _rows(kind: type[Any], items: Iterable[Any]) -> list[Sequence[object]]:
    """A row of the field names of the dataclass ``kind``, then a row for each item."""
    names = [item.name for item in fields(kind)]
    return [names, *([_text(getattr(item, name)) for name in names] for item in items)]


def _text(value: object) -> str:
    json_value = plain(value)
    return "" if json_value is None else str(json_value)


def _replace_file(path: Path, rows: Iterable[Sequence[object]]) -> Path:
    buffer = io.StringIO(newline="")
    csv.writer(buffer, lineterminator="\n").writerows(rows)
    temporary = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    try:
        temporary.write_text(buffer.getvalue(), encoding="utf-8", newline="")
        return temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)

"""A report's material as CSV files, one a kind, for spreadsheets and notebooks."""

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
    """Write equity, trades, fills, positions and denials to ``folder``, made when it is not there.

    Each file is replaced whole or not at all. Raises UsageError when the folder cannot be written.
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
        return tuple(_replace(folder / name, rows) for name, rows in files.items())
    except OSError as error:
        raise UsageError(
            f"{folder} cannot be written ({error.strerror or error}). Give --csv a folder that can be."
        ) from error


def _rows(kind: type[Any], items: Iterable[Any]) -> list[Sequence[object]]:
    names = [item.name for item in fields(kind)]
    return [names, *([_text(getattr(item, name)) for name in names] for item in items)]


def _text(value: object) -> str:
    written = plain(value)
    return "" if written is None else str(written)


def _replace(path: Path, rows: Iterable[Sequence[object]]) -> Path:
    paper = io.StringIO(newline="")
    csv.writer(paper, lineterminator="\n").writerows(rows)
    unfinished = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    try:
        unfinished.write_text(paper.getvalue(), encoding="utf-8", newline="")
        return unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)

"""The data of a report as CSV files for spreadsheets and notebooks. Each kind of data has its own file."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from tradebot.core.accounting.bridge import Bridge
from tradebot.core.accounting.months import MonthLine
from tradebot.core.accounting.trading_cost import CostLine, TradingCost
from tradebot.core.model.account import Fill
from tradebot.core.model.holdings import Trade
from tradebot.core.model.ledger_rows import EquityPoint
from tradebot.core.results.period_lines import HaltLine, LimitLine
from tradebot.core.results.position_lines import PositionLine
from tradebot.core.results.report_outcome import ReportOutcome
from tradebot.home.output_files import Kind, output_path, write_output
from tradebot.reports.json_output import plain
from tradebot.settings import Loaded

OPTION = "--csv"


#: The columns of each file, whose rows are items of a dataclass with these fields.
_KINDS: Mapping[str, type[Any]] = {
    "equity.csv": EquityPoint,
    "trades.csv": Trade,
    "fills.csv": Fill,
    "positions.csv": PositionLine,
    "months.csv": MonthLine,
    "limits.csv": LimitLine,
    "halts.csv": HaltLine,
    "costs.csv": CostLine,
}
#: The columns of the other files.
_PLAIN = {"denials.csv": ("code", "count"), "bridge.csv": ("term", "amount")}


def csv_paths(folder: Path, loaded: Loaded, *, force: bool) -> tuple[Path, ...]:
    """The paths that ``write_csv`` writes to. Raises UsageError, as ``output_path`` does, if one may not be written."""
    output_path(folder, OPTION, loaded)
    columns = {**{name: _names(kind) for name, kind in _KINDS.items()}, **_PLAIN}
    return tuple(
        output_path(folder / name, OPTION, loaded, csv_kind(names), force=force) for name, names in columns.items()
    )


def write_csv(outcome: ReportOutcome, paths: Sequence[Path]) -> None:
    """Write equity, trades, fills, positions and the other tables to ``paths``, which ``csv_paths`` gave.

    A missing folder is created. Each file is replaced atomically. Values have the same form as in JSON; a missing value
    is an empty field. Raises UsageError if a file cannot be written.
    """
    denials = [(code, str(count)) for code, count in sorted(outcome.denial_counts.items())]
    items = (
        outcome.equity,
        outcome.trades,
        outcome.period_fills,
        outcome.positions,
        outcome.months,
        outcome.limits_used,
        outcome.halts_in_period,
        _costs(outcome.cost),
    )
    plain_rows = zip(_PLAIN.values(), (denials, _bridge(outcome.bridge)), strict=True)
    tables: list[Sequence[Sequence[object]]] = [
        *(_rows(kind, rows) for kind, rows in zip(_KINDS.values(), items, strict=True)),
        *([names, *rows] for names, rows in plain_rows),
    ]
    for path, rows in zip(paths, tables, strict=True):
        write_rows(path, rows)


def _bridge(bridge: Bridge | None) -> list[tuple[str, str]]:
    """The opening equity, the terms with their signs, and the closing equity, which is the sum of those before it."""
    if bridge is None:
        return []
    ends = {"opening_equity": bridge.opening_equity, **bridge.terms, "closing_equity": bridge.closing_equity}
    return [(name, cell_text(amount)) for name, amount in ends.items()]


def _costs(cost: TradingCost | None) -> tuple[CostLine, ...]:
    """All lines of the cost, each with its group in its name: "all", "strategy trend", "hour 09", "order resting"."""
    if cost is None:
        return ()
    groups = {"strategy": cost.by_strategy, "hour": cost.by_hour, "order": cost.by_order}
    lines = (replace(line, name=f"{group} {line.name}") for group, found in groups.items() for line in found)
    return (cost.total, *lines)


def list_path(path: Path, kind: type[Any], loaded: Loaded, *, force: bool) -> Path:
    """The path that ``write_list`` writes to: a file of items of the dataclass ``kind``. Raises UsageError likewise."""
    return output_path(path, OPTION, loaded, csv_kind(_names(kind)), force=force)


def write_list(path: Path, kind: type[Any], items: Iterable[Any]) -> None:
    """Write items of the dataclass ``kind`` to ``path``, which ``list_path`` gave. Raises UsageError."""
    write_rows(path, _rows(kind, items))


def write_rows(path: Path, rows: Iterable[Sequence[object]]) -> None:
    """Write rows to ``path``, atomically. Raises UsageError."""
    buffer = io.StringIO(newline="")
    csv.writer(buffer, lineterminator="\n").writerows(rows)
    write_output(path, buffer.getvalue(), OPTION)


def csv_kind(columns: Sequence[str]) -> Kind:
    """The files with these columns, or with fewer or more of them, as another version may have written."""

    def is_one(head: bytes) -> bool:
        found = set(head.decode("utf-8", errors="replace").partition("\n")[0].rstrip("\r").split(","))
        return len(found) > 1 and (found <= set(columns) or found >= set(columns))

    return Kind(f"the file of {columns[0]}, {columns[1]}, ...", is_one)


def _names(kind: type[Any]) -> tuple[str, ...]:
    return tuple(item.name for item in fields(kind))


def _rows(kind: type[Any], items: Iterable[Any]) -> list[Sequence[object]]:
    """A row of the field names of the dataclass ``kind``, then a row for each item."""
    names = _names(kind)
    return [names, *([cell_text(getattr(item, name)) for name in names] for item in items)]


def cell_text(value: object) -> str:
    """A value as in JSON; a missing one is empty."""
    json_value = plain(value)
    return "" if json_value is None else str(json_value)

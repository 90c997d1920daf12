"""Writes imported prices in the canonical form, whole or not at all, and over nothing that is not prices."""

from __future__ import annotations

import gzip
import io
from collections.abc import Iterable, Sequence
from pathlib import Path

import pandas as pd

from tradebot.errors import ConfigError, UsageError
from tradebot.home.atomic_files import replace_bytes, replace_text
from tradebot.market.answers import Question, answers_file, answers_text
from tradebot.market.bar_validation import ACTION_COLUMNS, BAR_COLUMNS
from tradebot.market.tables import TableColumns, read_table, refuse_without_pyarrow

_ENDINGS = (".csv", ".csv.gz", ".parquet", ".pq")


def actions_beside(out: Path) -> Path:
    """The file for the corporate actions that belong to the bars ``out``."""
    stem = out.name
    for ending in _ENDINGS[::-1]:
        stem = stem.removesuffix(ending)
    return out.with_name(f"{stem}.actions.csv")


def refuse_out(out: Path, inputs: Sequence[Path], *, force: bool) -> None:
    """Raise UsageError if ``out`` has no name of a price file, is read too, or is there and holds no prices of ours."""
    if not out.name.endswith(_ENDINGS):
        raise UsageError(f"--out {out} is no name of a price file. Let it end in .csv, .csv.gz or .parquet.")
    if out.name.endswith(_ENDINGS[2:]):
        refuse_without_pyarrow(out)
    beside = actions_beside(out)
    for path in inputs:
        if _is_same(out, path) or _is_same(beside, path):
            raise UsageError(f"--out {out} would replace {path}, which is read. Name another file.")
    _refuse_other(out, BAR_COLUMNS, force=force)


def write_bars(out: Path, bars: pd.DataFrame) -> None:
    """Write bars. Raises UsageError if the file cannot be written."""
    _write(out, _content(out, bars))


def write_actions(out: Path, actions: pd.DataFrame, *, force: bool) -> Path:
    """Write the corporate actions of the bars ``out`` beside them. Raises UsageError over another program's file."""
    path = actions_beside(out)
    _refuse_other(path, ACTION_COLUMNS, force=force)
    _write(path, _content(path, actions[list(ACTION_COLUMNS.names)]))
    return path


def write_answers(prices: Path, answers: Iterable[Question]) -> Path:
    """Write what was confirmed of a price file beside it. Raises UsageError if that cannot be written."""
    path = answers_file(prices)
    try:
        replace_text(path, answers_text(answers))
    except OSError as error:
        raise _unwritable(path, error) from error
    return path


def _content(path: Path, frame: pd.DataFrame) -> bytes:
    if path.name.endswith(_ENDINGS[2:]):
        packed = io.BytesIO()
        frame.to_parquet(packed, engine="pyarrow", index=False)
        return packed.getvalue()
    text = frame.to_csv(index=False, date_format="%Y-%m-%d", lineterminator="\n").encode("ascii")
    return gzip.compress(text, mtime=0) if path.name.endswith(".gz") else text


def _write(path: Path, content: bytes) -> None:
    try:
        replace_bytes(path, content)
    except OSError as error:
        raise _unwritable(path, error) from error


def _unwritable(path: Path, error: OSError) -> UsageError:
    return UsageError(f"{path} cannot be written: {error.strerror or error}. Name another file.")


def _is_same(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except OSError:
        return False


def _refuse_other(path: Path, columns: TableColumns, *, force: bool) -> None:
    if force or not path.exists():
        return
    try:
        read_table(path, columns)
    except ConfigError:
        raise UsageError(
            f"{path} is there and is not {', '.join(columns.names)}. Name another file, or add --force."
        ) from None

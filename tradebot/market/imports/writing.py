"""Writes imported prices in the canonical form, whole or not at all, and over nothing but prices."""

from __future__ import annotations

import gzip
from collections.abc import Iterable, Sequence
from pathlib import Path

import pandas as pd

from tradebot.errors import ConfigError, UsageError
from tradebot.home.output_files import Kind, output_path, replacing, write_output
from tradebot.market.answers import Question, answers_file, answers_text
from tradebot.market.bar_validation import ACTION_COLUMNS, BAR_COLUMNS
from tradebot.market.tables import TableColumns, column_names, refuse_without_pyarrow
from tradebot.settings import Loaded
from tradebot.settings.home_files import Use

_OPTION = "--out"
_PARQUET = (".parquet", ".pq")
_ENDINGS = (".csv.gz", ".csv", *_PARQUET)


def actions_beside(out: Path) -> Path:
    """The file for the corporate actions that belong to the bars ``out``."""
    ending = next(ending for ending in _ENDINGS if out.name.endswith(ending))
    return out.with_name(f"{out.name.removesuffix(ending)}.actions.csv")


def bars_path(out: Path, inputs: Sequence[Path], actions: Path | None, loaded: Loaded, *, force: bool) -> Path:
    """The path for bars. Raises UsageError for one that ``output_path`` refuses, and for one that is read too.

    actions: the file of actions that the user gave. It may be the one beside ``out``, which is then not written.
    """
    if not out.name.endswith(_ENDINGS):
        raise UsageError(f"--out {out} is no name of a price file. Let it end in .csv, .csv.gz or .parquet.")
    if out.name.endswith(_PARQUET):
        refuse_without_pyarrow(out)
    beside = () if actions else (actions_beside(out),)
    for path in (*inputs, *((actions,) if actions else ())):
        if any(_is_same(place, path) for place in (out, answers_file(out), *beside)):
            raise UsageError(f"--out {out} would replace {path}, which is read. Name another file.")
    return output_path(out, _OPTION, loaded, _kind("daily bars", out, BAR_COLUMNS), force=force, use=Use.PRICES)


def write_bars(path: Path, bars: pd.DataFrame) -> None:
    """Write bars to ``path``, which ``bars_path`` gave. Raises UsageError; then the old file stays."""
    with replacing(path, _OPTION) as temporary:
        if path.name.endswith(_PARQUET):
            bars.to_parquet(temporary, engine="pyarrow", index=False)
        else:
            text = _text(bars).encode("ascii")
            temporary.write_bytes(gzip.compress(text, mtime=0) if path.name.endswith(".gz") else text)


def write_actions(bars: Path, actions: pd.DataFrame, loaded: Loaded, *, force: bool) -> Path:
    """Write the corporate actions of a file of bars beside it.

    Raises UsageError over a file of another kind, and over one with rows that somebody added.
    """
    beside = actions_beside(bars)
    kind = _kind("corporate actions", beside, ACTION_COLUMNS)
    path = output_path(beside, _OPTION, loaded, kind, force=force, use=Use.PRICES)
    text = _text(actions[list(ACTION_COLUMNS.names)])
    if not force and not _lines(path) <= set(text.splitlines()):
        raise UsageError(
            f"{path} has rows that the files do not tell of. Give it with --actions, so that they count, or --force to "
            "replace it."
        )
    write_output(path, text, _OPTION)
    return path


def write_answers(prices: Path, answers: Iterable[Question]) -> None:
    """Write what was confirmed of a price file beside it. Raises UsageError if that cannot be written."""
    write_output(answers_file(prices), answers_text(answers), "FILE")


def _text(frame: pd.DataFrame) -> str:
    return frame.to_csv(index=False, date_format="%Y-%m-%d", lineterminator="\n")


def _kind(noun: str, path: Path, columns: TableColumns) -> Kind:
    """The kind of a table with these columns; Parquet names them at its end, so that the whole file is looked at."""

    def is_one(_: bytes) -> bool:
        try:
            return set(columns.names) <= set(column_names(path))
        except ConfigError:
            return False

    return Kind(noun, is_one)


def _lines(path: Path) -> set[str]:
    return set(path.read_text(encoding="utf-8", errors="replace").split("\n")) - {""} if path.is_file() else set()


def _is_same(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except OSError:
        return False

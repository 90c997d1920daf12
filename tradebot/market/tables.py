"""Reading and type checking of a user's table, CSV or Parquet."""

from __future__ import annotations

import warnings
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from tradebot.errors import ConfigError, Problem

#: What to do with a file in another form than that of `price_file`.
IMPORT_READS_IT = "`tradebot data import` reads what Yahoo, Stooq, Alpaca and other makers write."
_NOT_A_NUMBER = ("", "nan", "NaN", "NA", "N/A", "null", "NULL", "None")


@dataclass(frozen=True, slots=True)
class TableColumns:
    """The columns that a table must have; others are ignored."""

    text: tuple[str, ...]
    day: str  # the column of dates
    numbers: tuple[str, ...]
    decimals: int  # to which numbers are rounded

    @property
    def names(self) -> tuple[str, ...]:
        """All names, in the order of messages."""
        return (self.text[0], self.day, *self.text[1:], *self.numbers)


@dataclass(frozen=True, slots=True)
class PriceTable:
    """A table as read from a file."""

    file: str
    frame: pd.DataFrame  # str, timezone-naive midnights and float64; None, NaT or NaN for an invalid cell
    raw: pd.DataFrame  # the cells as they were, for messages
    first_row: int  # the number of row 0 in a spreadsheet


def read_table(path: Path, columns: TableColumns) -> PriceTable:
    """Read a .csv, .csv.gz or .parquet file.

    Raises ConfigError if the file is missing, is not a table, is empty or lacks columns, and if pyarrow is not
    installed for Parquet.
    """
    kind, read, first_row = _reader(path)
    wanted = ", ".join(columns.names)
    try:
        raw = read(path, columns)
    except FileNotFoundError:
        raise _refusal(path, "there is no such file", "Check the path.") from None
    except OSError as error:
        raise _refusal(
            path, f"the file cannot be read: {error.strerror or error}", "Check the path and its permissions."
        ) from error
    except pd.errors.EmptyDataError:
        raise _refusal(path, "the file is empty", f"Its columns should be {wanted}.") from None
    except (ValueError, NotImplementedError, EOFError, zlib.error, pd.errors.ParserWarning) as error:
        reason = str(error).strip().partition("\n")[0].rstrip(".")
        raise _refusal(
            path, f"the file is not a readable {kind} table: {reason}", f"Export it again; {IMPORT_READS_IT}"
        ) from error
    missing = [name for name in columns.names if name not in raw.columns]
    if missing:
        existing = ", ".join(str(name) for name in raw.columns)
        raise _refusal(
            path,
            f"no column named {', '.join(missing)}; it has {existing}",
            f"Name the columns {wanted}; {IMPORT_READS_IT}",
        )
    if raw.empty:
        raise _refusal(path, "the file has no rows", "Add at least one, or choose another file.")
    raw = raw[list(columns.names)]
    return PriceTable(file=str(path), frame=_typed(raw, columns), raw=raw, first_row=first_row)


def column_names(path: Path) -> list[str]:
    """The names of the columns of a .csv, .csv.gz or .parquet file. Raises ConfigError if it is no table."""
    try:
        if path.name.endswith((".parquet", ".pq")):
            refuse_without_pyarrow(path)
            from pyarrow import parquet

            return [str(name) for name in parquet.read_schema(path).names]
        return [str(name) for name in pd.read_csv(path, nrows=0, encoding="utf-8-sig").columns]
    except (OSError, ValueError, EOFError, zlib.error) as error:
        raise _refusal(path, f"it is no table: {error}", "Name another file.") from error


def empty_table(columns: TableColumns) -> PriceTable:
    """A table without rows."""
    raw = pd.DataFrame({name: pd.Series(dtype="str") for name in columns.names})
    return PriceTable(file="", frame=_typed(raw, columns), raw=raw, first_row=1)


def _reader(path: Path) -> tuple[str, Callable[[Path, TableColumns], pd.DataFrame], int]:
    """The name of the format, its read function, and the number of its first row in a spreadsheet."""
    name = path.name.lower()
    if name.endswith((".csv", ".csv.gz")):
        return "CSV", _read_csv, 2
    if name.endswith((".parquet", ".pq")):
        return "Parquet", lambda path, _: read_parquet(path), 1
    raise _refusal(
        path, "the file's kind is not known", f"Give a file that ends in .csv, .csv.gz or .parquet; {IMPORT_READS_IT}"
    )


def _read_csv(path: Path, columns: TableColumns) -> pd.DataFrame:
    with warnings.catch_warnings():
        warnings.simplefilter("error", pd.errors.ParserWarning)  # a row has more cells than the header
        return pd.read_csv(
            path,
            dtype=dict.fromkeys((*columns.text, columns.day), str),
            keep_default_na=False,  # NA and NAN could be tickers
            na_values={name: list(_NOT_A_NUMBER) for name in columns.numbers},
            low_memory=False,
            index_col=False,
            encoding="utf-8-sig",
        )


def read_parquet(path: Path) -> pd.DataFrame:
    """Read a Parquet file with its index. Raises what pandas raises, and ConfigError if pyarrow is not installed."""
    refuse_without_pyarrow(path)
    return pd.read_parquet(path, engine="pyarrow")


def refuse_without_pyarrow(path: Path) -> None:
    """Raise ConfigError if pyarrow, with which pandas reads and writes Parquet, is not installed."""
    try:
        import pyarrow  # noqa: F401 - an extra of this package
    except ImportError:
        raise _refusal(
            path,
            "a Parquet file needs the package pyarrow, which is not installed",
            'Run `pip install "tradebot[parquet]"`, or export the file as CSV.',
        ) from None


def _typed(raw: pd.DataFrame, columns: TableColumns) -> pd.DataFrame:
    typed: dict[str, object] = {name: raw[name].astype("str") for name in columns.text}
    typed[columns.day] = _days(raw[columns.day])
    typed |= {name: _numbers(raw[name]).round(columns.decimals) for name in columns.numbers}
    return pd.DataFrame(typed, index=raw.index)


def _days(cells: pd.Series[Any]) -> pd.Series[Any]:
    """Timezone-naive midnights; NaT for a cell that is not a date without time."""
    if pd.api.types.is_datetime64_any_dtype(cells.dtype):
        days = cells.dt.tz_localize(None)
        days = days.where(days == days.dt.normalize())
    else:
        days = pd.to_datetime(cells.astype("str"), format="%Y-%m-%d", errors="coerce")
    microseconds: pd.Series[Any] = days.dt.as_unit("us")
    return microseconds


def _numbers(cells: pd.Series[Any]) -> npt.NDArray[np.float64]:
    """float64; NaN for a cell that is not a number."""
    if not pd.api.types.is_numeric_dtype(cells.dtype) or pd.api.types.is_bool_dtype(cells.dtype):
        cells = pd.to_numeric(cells.astype("str"), errors="coerce")
    return np.asarray(cells.to_numpy(dtype="float64", na_value=np.nan), dtype=np.float64)


def _refusal(path: Path, what: str, fix: str) -> ConfigError:
    return ConfigError([Problem(where=str(path), what=what, fix=fix)])

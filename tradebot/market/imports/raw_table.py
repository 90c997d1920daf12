"""Files as they come: a table of cells with the names of its columns and the lines of its rows."""

from __future__ import annotations

import csv
import gzip
import io
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from tradebot.errors import ConfigError, Problem
from tradebot.market.tables import read_parquet

_DELIMITERS = "\t;|,"
_TEXT_ENDINGS = (".csv", ".txt", ".tsv", ".csv.gz", ".txt.gz", ".tsv.gz")
_PARQUET_ENDINGS = (".parquet", ".pq")


@dataclass(frozen=True, slots=True)
class TextRows:
    """The rows of a text file, blank ones left out. Cells are stripped."""

    file: str
    rows: list[list[str]]
    lines: list[int]  # the line on which each row ends, counted from 1
    delimiter: str


def read_text(path: Path) -> TextRows:
    """Read a file of cells between commas, semicolons, tabs or bars. Raises ConfigError if it cannot be read."""
    text = _decoded(path, _content(path))
    lines = text.splitlines()
    declared = lines[0].strip().casefold() if lines else ""
    if declared.startswith("sep=") and len(declared) == 5:  # Excel's way to name the delimiter
        delimiter, text = declared[4], text.replace(lines[0], "", 1)
    else:
        delimiter = _delimiter(lines)
    rows: list[list[str]] = []
    numbers: list[int] = []
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        for cells in reader:
            stripped = [cell.strip() for cell in cells]
            if any(stripped) and not stripped[0].startswith("#"):
                rows.append(stripped)
                numbers.append(reader.line_num)
    except csv.Error as error:
        raise refusal(
            path, f"line {reader.line_num} is no row of a table: {error}", "Export the file again."
        ) from error
    if not rows:
        raise refusal(path, "the file is empty", "Choose another file.")
    return TextRows(str(path), rows, numbers, delimiter)


def read_frame(path: Path) -> pd.DataFrame:
    """Read a Parquet file, its index included as columns. Raises ConfigError if it cannot be read."""
    try:
        frame = read_parquet(path)
    except OSError as error:
        raise _unreadable(path, error) from error
    except (ValueError, NotImplementedError) as error:
        reason = str(error).strip().partition("\n")[0]
        raise refusal(path, f"the file is not a readable Parquet table: {reason}", "Export it again.") from error
    if isinstance(frame.index, pd.RangeIndex):
        return frame
    if frame.columns.nlevels == 1:
        return frame.reset_index()
    return frame.reset_index(col_level=0)


def is_parquet(path: Path) -> bool:
    """Whether the name says Parquet. Raises ConfigError for a folder, and a name that says neither Parquet nor text."""
    if path.is_dir():
        raise refusal(path, "it is a folder", "Name the files in it.")
    name = path.name.casefold()
    if name.endswith(_PARQUET_ENDINGS):
        return True
    if name.endswith(_TEXT_ENDINGS):
        return False
    endings = ", ".join((*_TEXT_ENDINGS, *_PARQUET_ENDINGS))
    raise refusal(path, "the file's kind is not known", f"Unpack it, or export it as a file that ends in {endings}.")


def refusal(path: Path | str, what: str, *fix: str) -> ConfigError:
    """The error for a file that is refused whole."""
    return ConfigError([Problem(where=str(path), what=what, fix=" ".join(fix))])


def _content(path: Path) -> bytes:
    try:
        content = path.read_bytes()
        return gzip.decompress(content) if path.name.casefold().endswith(".gz") else content
    except OSError as error:
        raise _unreadable(path, error) from error
    except (EOFError, zlib.error) as error:
        raise refusal(path, f"the file cannot be unpacked: {error}", "Download it again.") from error


def _unreadable(path: Path, error: OSError) -> ConfigError:
    if isinstance(error, FileNotFoundError):
        return refusal(path, "there is no such file", "Check the path.")
    what = f"the file cannot be read: {error.strerror or error}"
    return refusal(path, what, "Check the path and its permissions.")


def _decoded(path: Path, content: bytes) -> str:
    """The text in UTF-8, in UTF-16 where it says so or half its bytes are zero, else in Windows' Western encoding."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings: Sequence[str] = ("utf-16",)
    elif content[1:2] == b"\0":
        encodings = ("utf-16-le",)
    elif content[:1] == b"\0":
        encodings = ("utf-16-be",)
    else:
        encodings = ("utf-8-sig", "cp1252")
    for encoding in encodings:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise refusal(path, "the file is not text", "Export it again as CSV.")


def _delimiter(lines: Sequence[str]) -> str:
    """The delimiter that the line with most of them has most; names of columns may hold commas."""
    head = [line for line in lines if line.strip()][:10]
    counts = {mark: max((line.count(mark) for line in head), default=0) for mark in _DELIMITERS}
    return next((mark for mark in _DELIMITERS if counts[mark] >= 4), ",")

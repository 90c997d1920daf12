"""Price files of any layout, laid out alike: a row for each symbol and day, a column for each role."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from tradebot.market.imports import column_names, makers
from tradebot.market.imports.makers import Maker
from tradebot.market.imports.page_events import PageEvents
from tradebot.market.imports.raw_table import TextRows, is_parquet, read_frame, read_text, refusal
from tradebot.market.imports.tally import Tally

_HEADER_WITHIN = 8  # rows; above the names may stand a title
_WANTED = "symbol, date, open, high, low, close and volume"


@dataclass(frozen=True, slots=True)
class PriceRows:
    """The rows of a file. ``frame`` has a column for each role, with the cells as they came; its index are lines."""

    file: str
    frame: pd.DataFrame
    maker: Maker
    delimiter: str | None  # None for Parquet, whose numbers are numbers


def price_rows(path: Path, tally: Tally) -> PriceRows:
    """Read and lay out a file. Raises ConfigError if it is no table of prices."""
    if is_parquet(path):
        return _of_frame(path, read_frame(path), tally)
    text = read_text(path)
    head = _header_row(text)
    names, first = _names(text, head)
    _refuse_decimal_commas(text, len(names), first)
    events = PageEvents()
    rows, lines = _even_rows(text, names, first, events, tally)
    frame = pd.DataFrame(rows, index=pd.Index(lines), columns=range(len(names)), dtype=object)
    laid_out = _laid_out(path, names, frame, text.delimiter, tally)
    return replace(laid_out, frame=events.on_rows(laid_out.frame))


def _of_frame(path: Path, frame: pd.DataFrame, tally: Tally) -> PriceRows:
    names: list[Any] = [column_names.pair(name) or name for name in frame.columns]
    if frame.empty:
        raise refusal(path, "the file has no rows", "Choose another file.")
    frame = frame.set_axis(range(len(names)), axis=1).set_axis(range(1, len(frame) + 1), axis=0)
    return _laid_out(path, names, frame, None, tally)


def _laid_out(path: Path, names: Sequence[Any], frame: pd.DataFrame, delimiter: str | None, tally: Tally) -> PriceRows:
    """``names`` are texts, or pairs of field and symbol where a file has a column for each symbol."""
    wide = any(isinstance(name, tuple) and any(str(part) for part in name[1:]) for name in names)
    if wide:
        fields, long = _stacked(path, names, frame)
    else:
        fields = [name[0] if isinstance(name, tuple) else name for name in names]
        long = _single(path, fields, frame)
    maker = makers.maker_of(fields, path.name, two_levels=wide)
    missing = [role for role in column_names.NEEDED if role not in long.columns]
    if missing:
        existing = ", ".join(str(name) or "(no name)" for name in dict.fromkeys(fields))
        raise refusal(path, f"no column is the {', '.join(missing)}; it has {existing}", f"Needed are {_WANTED}.")
    used = set() if wide else set(column_names.columns_by_role(fields).values())
    unused = [str(name) for place, name in enumerate(fields) if not wide and place not in used and str(name)]
    tally.changed_whole(str(path), f"columns not used: {', '.join(unused)}", len(unused))
    return PriceRows(str(path), long, maker, delimiter)


def _single(path: Path, names: Sequence[Any], frame: pd.DataFrame) -> pd.DataFrame:
    try:
        places = column_names.columns_by_role(names)
    except ValueError as error:
        raise refusal(path, f"two columns are named {error}", "Delete one of them.") from None
    return pd.DataFrame({role: frame[place] for role, place in places.items()}, index=frame.index)


def _stacked(path: Path, names: Sequence[Any], frame: pd.DataFrame) -> tuple[list[Any], pd.DataFrame]:
    """One table below the other for each symbol. The fields may stand in the first level of the names or the second."""
    pairs = [name if isinstance(name, tuple) else (name, "") for name in names]
    by_field = sum(column_names.is_field(first) for first, *_ in pairs)
    by_symbol = sum(column_names.is_field(second) for _, second in pairs)
    if by_symbol > by_field:
        pairs = [(second, first) if column_names.is_field(second) else (first, "") for first, second in pairs]
    common = [place for place, (field, _) in enumerate(pairs) if not column_names.is_field(field)]
    tables = []
    for symbol in dict.fromkeys(symbol for field, symbol in pairs if column_names.is_field(field)):
        own = [place for place, (field, its) in enumerate(pairs) if its == symbol and column_names.is_field(field)]
        table = _single(path, [pairs[place][0] for place in (*common, *own)], _renumbered(frame, (*common, *own)))
        tables.append(table.assign(symbol=str(symbol)))
    return [field for field, _ in pairs], pd.concat(tables)


def _renumbered(frame: pd.DataFrame, places: Sequence[int]) -> pd.DataFrame:
    return frame[list(places)].set_axis(range(len(places)), axis=1)


# --- the rows of a text file -----------------------------------------------------------------


def _header_row(text: TextRows) -> int:
    """The first row with names of prices."""
    for number, cells in enumerate(text.rows[:_HEADER_WITHIN]):
        roles = {plain_role for plain_role in _roles(cells) if plain_role in column_names.PRICES}
        if len(roles) >= 3:
            return number
    what = f"no row of names: the first line is {', '.join(text.rows[0])[:80]}"
    raise refusal(text.file, what, f"Write the names of the columns above them: {_WANTED}.")


def _roles(cells: Sequence[str]) -> list[str]:
    plain = [column_names.plain((column_names.pair(cell) or (cell,))[0]) for cell in cells]
    return [role for role, aliases in column_names.ALIASES.items() if any(name in aliases for name in plain)]


def _names(text: TextRows, head: int) -> tuple[list[Any], int]:
    """The names of the columns, and the number of the first row below them."""
    fields = text.rows[head]
    flat = [column_names.pair(name) for name in fields]
    if any(flat):
        return [two or name for two, name in zip(flat, fields, strict=True)], head + 1
    below = head + 1
    symbols: Sequence[str] | None = None
    if head > 0 and _is_second_level(text.rows[head - 1], fields):
        symbols = text.rows[head - 1]
    elif below < len(text.rows) and _is_second_level(text.rows[below], fields):
        symbols, below = text.rows[below], below + 1
    if symbols is None:
        return list(fields), below
    if below < len(text.rows) and not any(text.rows[below][1:]):  # the name of the index, alone in its row
        below += 1
    names = [("date", ""), *((field, symbol) for field, symbol in zip(fields[1:], symbols[1:], strict=True))]
    return names, below


def _is_second_level(cells: Sequence[str], fields: Sequence[str]) -> bool:
    """Whether a row beside that of the fields holds a symbol for each of them."""
    label = column_names.plain(cells[0])
    rest = cells[1:]
    return (
        label in ("ticker", "price", "symbol", "")
        and len(cells) == len(fields)
        and all(rest)
        and not any(cell[0].isdigit() or cell[0] in "-+" for cell in rest)
    )


def _even_rows(
    text: TextRows, names: Sequence[Any], first: int, events: PageEvents, tally: Tally
) -> tuple[list[list[str]], list[int]]:
    """The rows with as many cells as there are names; repeated headers are dropped, others left out."""
    width = len(names)
    header = [str(name) for name in names]
    rows, lines = [], []
    repeated: list[int] = []
    told: list[int] = []
    uneven: list[int] = []
    for cells, line in zip(text.rows[first:], text.lines[first:], strict=True):
        if len(cells) > width and not any(cells[width:]):
            cells = cells[:width]
        if cells == header:
            repeated.append(line)
        elif events.take(cells):
            told.append(line)
        elif len(cells) != width:
            uneven.append(line)
        else:
            rows.append(cells)
            lines.append(line)
    tally.changed(text.file, "the names of the columns again: dropped", repeated)
    tally.changed(text.file, "rows of a dividend or a split: taken as such", told)
    tally.leave_out(text.file, f"not {width} cells, as the columns have", uneven)
    if not rows:
        raise refusal(text.file, "the file has no rows below the names of its columns", "Choose another file.")
    return rows, lines


def _refuse_decimal_commas(text: TextRows, width: int, first: int) -> None:
    """Raise ConfigError if most rows have more cells than there are names, as with decimal commas between commas."""
    rows = text.rows[first:]
    wider = [place for place, cells in enumerate(rows, first) if len(cells) > width and any(cells[width:])]
    if text.delimiter == "," and len(wider) * 2 > len(rows):
        line = text.lines[wider[0]]
        raise refusal(
            text.file,
            f"line {line} has {len(text.rows[wider[0]])} cells below {width} names: a comma seems to be both decimal "
            "comma and the mark between cells, and cannot be told apart",
            "Export it with semicolons between the cells.",
        )

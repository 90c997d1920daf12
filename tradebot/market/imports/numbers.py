"""Numbers as people and programs write them: decimal commas, thousands separators, currency signs, K and M."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Any

import numpy as np
import pandas as pd

NOTHING = frozenset(
    {"", "-", "--", "\N{EN DASH}", "\N{EM DASH}", ".", "n/a", "na", "nan", "<na>", "null", "none", "nil", "#n/a", "nat"}
)
_DIGITS = re.compile(r"[-+]?[$]?([0-9][0-9.,]*|[.,][0-9]+)(e[-+]?[0-9]+)?([kmb])?", re.IGNORECASE)
_SPACES = re.compile(r"[\s'\N{RIGHT SINGLE QUOTATION MARK}_]+(?=[0-9]{3}(?![0-9]))|^\s+|\s+$")
_UNITS = {"k": 10**3, "m": 10**6, "b": 10**9}


class DecimalMark(StrEnum):
    """The mark before the decimals of a number; the other one separates thousands."""

    COMMA = "comma"
    POINT = "point"

    @property
    def sign(self) -> str:
        """The mark itself."""
        return "," if self is DecimalMark.COMMA else "."


#: Numbers without separators of thousands whose decimals are not three, so that the mark is certain.
_CERTAIN = {
    DecimalMark.COMMA: "-?[0-9]+,([0-9]{1,2}|[0-9]{4,})",
    DecimalMark.POINT: r"-?[0-9]+\.([0-9]{1,2}|[0-9]{4,})",
}


class AmbiguousNumbers(Exception):
    """Numbers that can be read in two ways. ``what`` names both, ``fix`` how to say which."""

    def __init__(self, what: str, fix: str) -> None:
        super().__init__(what)
        self.what, self.fix = what, fix


def is_nothing(cells: pd.Series[Any]) -> pd.Series[bool]:
    """Which cells are empty, or say in words that they are."""
    return cells.isna() | cells.astype(str).str.strip().str.casefold().isin(NOTHING)


def numbers(
    columns: Mapping[str, pd.Series[Any]], delimiter: str | None, mark: DecimalMark | None
) -> dict[str, pd.Series[Any]]:
    """The numbers of all ``columns`` of a file as float64; NaN for a cell that is none.

    One decimal mark counts for the whole file; ``mark`` says which, if the file does not show it. Raises
    AmbiguousNumbers if it could be either, or is both.
    """
    texts = {name: _texts(cells) for name, cells in columns.items() if not _is_numeric(cells)}
    if texts:
        mark = _mark_of(texts, delimiter) or mark or _default(texts, delimiter)
    return {
        name: _read(texts[name], mark or DecimalMark.POINT) if name in texts else _floats(cells)
        for name, cells in columns.items()
    }


def _is_numeric(cells: pd.Series[Any]) -> bool:
    return pd.api.types.is_numeric_dtype(cells.dtype) and not pd.api.types.is_bool_dtype(cells.dtype)


def _floats(cells: pd.Series[Any]) -> pd.Series[Any]:
    return pd.Series(cells.to_numpy(dtype="float64", na_value=np.nan), index=cells.index)


def _texts(cells: pd.Series[Any]) -> pd.Series[Any]:
    return cells.where(cells.notna(), "").astype(str).str.strip()


def _mark_of(texts: Mapping[str, pd.Series[Any]], delimiter: str | None) -> DecimalMark | None:
    """The mark that the cells show; None if they show neither. Raises AmbiguousNumbers if they show both."""
    if delimiter == "," and not any(cells.str.contains(",", regex=False).any() for cells in texts.values()):
        return DecimalMark.POINT  # plain numbers, as programs write them
    shown: dict[DecimalMark, str] = {}
    for cells in texts.values():
        doubtful = cells
        for mark in DecimalMark:
            certain = doubtful.str.fullmatch(_CERTAIN[mark])
            if certain.any():
                shown.setdefault(mark, str(doubtful[certain].iloc[0]))
            doubtful = doubtful[~certain]
        for text in pd.unique(doubtful[~doubtful.str.fullmatch("[0-9]*")]):
            if found := _shown_by(str(text)):
                shown.setdefault(found, str(text))
    if len(shown) == 2:
        raise AmbiguousNumbers(
            f"{shown[DecimalMark.COMMA]} has a decimal comma and {shown[DecimalMark.POINT]} a decimal point",
            "Write all numbers alike.",
        )
    return next(iter(shown), None)


def _shown_by(text: str) -> DecimalMark | None:
    """The decimal mark that a number shows by its form; None if it could be either or has none."""
    found = _DIGITS.fullmatch(_SPACES.sub("", text))
    if not found:
        return None
    digits = found[1]
    commas, points = digits.count(","), digits.count(".")
    if commas and points:
        return DecimalMark.COMMA if digits.rfind(",") > digits.rfind(".") else DecimalMark.POINT
    if not commas and not points:
        return None
    here, other = (DecimalMark.COMMA, DecimalMark.POINT) if commas else (DecimalMark.POINT, DecimalMark.COMMA)
    whole, _, decimals = digits.rpartition(here.sign)
    if commas + points > 1:
        return other
    grouped = len(decimals) == 3 and 1 <= len(whole) <= 3 and not whole.startswith("0")
    return None if grouped else here


def _default(texts: Mapping[str, pd.Series[Any]], delimiter: str | None) -> DecimalMark:
    """The point, where no cell could be read with a comma. Raises AmbiguousNumbers where one could."""
    for cells in texts.values():
        doubtful = (
            cells[cells.str.contains("[.,]", regex=True)]
            if delimiter != ","
            else cells[cells.str.contains(",", regex=False)]
        )
        for text in pd.unique(doubtful):
            if _DIGITS.fullmatch(_SPACES.sub("", str(text))):
                as_comma, as_point = (_number(str(text), mark) for mark in DecimalMark)
                raise AmbiguousNumbers(
                    f"{text} can be {as_comma:g} or {as_point:g}, and no number in the file decides it",
                    "Say which with --decimal comma or --decimal point.",
                )
    return DecimalMark.POINT


def _read(cells: pd.Series[Any], mark: DecimalMark) -> pd.Series[Any]:
    plain = pd.to_numeric(cells if mark is DecimalMark.POINT else _with_points(cells), errors="coerce")
    odd = plain.isna() & ~cells.str.casefold().isin(NOTHING)
    values = plain.to_numpy(dtype="float64", copy=True)
    by_text = {text: _number(str(text), mark) for text in pd.unique(cells[odd])}
    values[odd.to_numpy()] = [by_text[text] for text in cells[odd]]
    return pd.Series(values, index=cells.index)


def _with_points(cells: pd.Series[Any]) -> pd.Series[Any]:
    """Numbers of digits and at most a decimal comma, with a point in its place; every other cell empty."""
    return cells.where(cells.str.fullmatch("-?[0-9]+(,[0-9]+)?"), "").str.replace(",", ".", regex=False)


def _number(text: str, mark: DecimalMark) -> float:
    """The number that a text is with this decimal mark; NaN if it is none."""
    stripped = _SPACES.sub("", text)
    found = _DIGITS.fullmatch(stripped)
    if not found:
        return np.nan
    thousands = "," if mark is DecimalMark.POINT else "."
    whole, _, decimals = found[1].partition(mark.sign)
    groups = whole.split(thousands)
    if (decimals and not decimals.isdigit()) or (len(groups) > 1 and any(len(group) != 3 for group in groups[1:])):
        return np.nan
    sign = -1 if stripped.startswith("-") else 1
    return (
        sign
        * float(f"{''.join(groups) or '0'}.{decimals or '0'}{found[2] or ''}")
        * _UNITS.get((found[3] or "").casefold(), 1)
    )

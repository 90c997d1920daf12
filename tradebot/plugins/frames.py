"""The frames of a strategy as arrays, checked against the history that they were computed from."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.api.types import is_bool_dtype, is_numeric_dtype

from tradebot.plugins.errors import PluginError


def boolean_array(field: str, frame: object, close: pd.DataFrame) -> NDArray[np.bool_]:
    """A boolean frame as an array. Raises PluginError for another shape, for NaN and for other values."""
    _check_shape(field, frame, close)
    assert isinstance(frame, pd.DataFrame)
    if (values := frame.to_numpy()).dtype == np.bool_:
        return values
    missing = frame.isna().to_numpy()
    if missing.any():
        row, column = np.argwhere(missing)[0]
        where = f"on {close.index[row]:%Y-%m-%d} for {close.columns[column]}"
        raise PluginError(f"{field} is NaN {where}; it must be True or False everywhere")
    if kinds := sorted(str(kind) for kind in set(frame.dtypes) if not is_bool_dtype(kind)):
        raise PluginError(
            f"{field} has values of type {', '.join(kinds)}; it must be boolean, such as a comparison gives"
        )
    return frame.to_numpy(dtype=np.bool_)


def number_array(field: str, frame: object, close: pd.DataFrame) -> NDArray[np.float64]:
    """A frame of numbers as an array. Raises PluginError for another shape and for other values."""
    _check_shape(field, frame, close)
    assert isinstance(frame, pd.DataFrame)
    if (values := frame.to_numpy()).dtype == np.float64:
        return values
    if kinds := sorted(str(kind) for kind in set(frame.dtypes) if not is_numeric_dtype(kind)):
        raise PluginError(f"{field} has values of type {', '.join(kinds)}; it must hold numbers")
    return frame.to_numpy(dtype=np.float64, na_value=np.nan)


def _check_shape(field: str, frame: object, close: pd.DataFrame) -> None:
    if not isinstance(frame, pd.DataFrame):
        raise PluginError(f"{field} is a {type(frame).__name__}, not a DataFrame")
    if not frame.index.equals(close.index):
        raise PluginError(f"{field} has {len(frame)} rows whose index is not that of the history's {len(close)} rows")
    if not frame.columns.equals(close.columns):
        raise PluginError(f"{field} has the columns {_some(frame.columns)}, the history has {_some(close.columns)}")


def _some(columns: pd.Index) -> str:
    names = [str(column) for column in columns[:5]]
    return ", ".join(names) + (f" and {len(columns) - 5} more" if len(columns) > 5 else "")

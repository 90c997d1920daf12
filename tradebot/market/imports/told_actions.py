"""Splits and dividends that the rows of a price file tell of, as Tiingo's and yfinance's do."""

from __future__ import annotations

from math import prod

import numpy as np
import pandas as pd

from tradebot.core.model.account import ActionKind
from tradebot.market.imports.makers import Adjusted
from tradebot.market.imports.tally import Tally


def told_actions(bars: pd.DataFrame, maker: dict[str, Adjusted], tally: Tally) -> pd.DataFrame:
    """symbol, ex_date, kind and value (a split's ratio; USD a share on the day), sorted.

    Dividends of a maker that adjusts for splits are of today's shares and are brought back to the day. A maker that
    adjusts prices for dividends has paid them in its prices: they are left out.
    """
    splits = _of(bars, "split", ActionKind.SPLIT, bars["split"] != 1) if "split" in bars else _nothing()
    dividends = _of(bars, "dividend", ActionKind.DIVIDEND, bars["dividend"] > 0) if "dividend" in bars else _nothing()
    adjusted = dividends["file"].map(maker)
    paid = adjusted == Adjusted.SPLITS_AND_DIVIDENDS
    if paid.any():
        tally.note("the prices are adjusted for dividends: the dividends that the file tells of are not written")
    brought_back = [
        value * (prod(_later(splits, symbol, ex_date)) if maker[file] is Adjusted.SPLITS else 1)
        for symbol, ex_date, value, file in zip(
            dividends["symbol"], dividends["ex_date"], dividends["value"], dividends["file"], strict=True
        )
    ]
    dividends = dividends.assign(value=np.round(np.array(brought_back, dtype="float64"), 8))[~paid.to_numpy(dtype=bool)]
    together = pd.concat([splits, dividends]).drop(columns="file")
    return together.sort_values(["symbol", "ex_date", "kind"], ignore_index=True)


def _of(bars: pd.DataFrame, column: str, kind: ActionKind, told: pd.Series[bool]) -> pd.DataFrame:
    rows = bars[told & bars[column].notna() & (bars[column] > 0)]
    return pd.DataFrame(
        {
            "symbol": rows["symbol"].astype("str"),
            "ex_date": rows["date"],
            "kind": pd.Series(str(kind), index=rows.index, dtype="str"),
            "value": rows[column].astype("float64"),
            "file": rows["file"],
        }
    )


def _nothing() -> pd.DataFrame:
    columns = {"symbol": "str", "ex_date": "datetime64[us]", "kind": "str", "value": "float64", "file": "str"}
    return pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in columns.items()})


def _later(splits: pd.DataFrame, symbol: str, day: pd.Timestamp) -> list[float]:
    return [float(value) for value in splits["value"][(splits["symbol"] == symbol) & (splits["ex_date"] > day)]]

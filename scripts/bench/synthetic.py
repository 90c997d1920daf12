"""Seeded synthetic markets for the benchmarks: random walks of N symbols over real session dates."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd

from tradebot.market.calendar import NyseCalendar


def symbols(count: int) -> list[str]:
    """``count`` four-letter names: AAAA, AAAB, ..."""
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    return [
        letters[n // 17576 % 26] + letters[n // 676 % 26] + letters[n // 26 % 26] + letters[n % 26]
        for n in range(count)
    ]


def write_market(path: Path, count: int, sessions: int, seed: int) -> list[date]:
    """Write ``count`` symbols over ``sessions`` session dates from 2010 on as Parquet, and give the dates."""
    calendar = NyseCalendar()
    days = [hours.session for hours in calendar.between(date(2010, 1, 4), date(2019, 12, 31))][:sessions]
    random = np.random.default_rng(seed)
    steps = random.normal(0.0004, 0.018, size=(sessions, count))
    close = np.round(np.clip(60 * np.exp(np.cumsum(steps, axis=0)), 3, 5000), 2)
    open_ = np.round(close * (1 + random.normal(0, 0.004, size=close.shape)), 2)
    high = np.round(np.maximum(open_, close) * (1 + np.abs(random.normal(0, 0.006, size=close.shape))), 2)
    low = np.round(np.minimum(open_, close) * (1 - np.abs(random.normal(0, 0.006, size=close.shape))), 2)
    volume = random.integers(100_000, 9_000_000, size=close.shape)
    names = symbols(count)
    frame = pd.DataFrame(
        {
            "symbol": np.tile(names, sessions),
            "date": np.repeat([day.isoformat() for day in days], count),
            "open": open_.ravel(),
            "high": high.ravel(),
            "low": low.ravel(),
            "close": close.ravel(),
            "volume": volume.ravel(),
        }
    )
    frame.to_parquet(path)
    return days

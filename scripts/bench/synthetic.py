"""A seeded synthetic market: random walks of N symbols over real session dates.

python scripts/bench/synthetic.py FILE.parquet SYMBOLS SESSIONS SEED     prints the symbols, then the dates
"""

from __future__ import annotations

import sys
from datetime import date
from itertools import product
from pathlib import Path
from string import ascii_uppercase

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import numpy as np
import pandas as pd

from tradebot.market.calendar import NyseCalendar


def symbols(count: int) -> list[str]:
    """``count`` four-letter names: AAAA, AAAB, ..."""
    return ["".join(letters) for letters, _ in zip(product(ascii_uppercase, repeat=4), range(count), strict=False)]


def write_market(path: Path, names: list[str], sessions: int, seed: int) -> list[date]:
    """Write the bars of ``names`` over ``sessions`` sessions from 2010 on as Parquet, and return the dates."""
    span = NyseCalendar().between(date(2010, 1, 4), date(2019, 12, 31))
    days = [hours.session for hours in span][:sessions]
    rng = np.random.default_rng(seed)
    shape = (sessions, len(names))
    walk = np.cumsum(rng.normal(0.0004, 0.018, shape), axis=0)
    close = np.round(np.clip(60 * np.exp(walk), 3, 5000), 2)
    open_ = np.round(close * (1 + rng.normal(0, 0.004, shape)), 2)
    high = np.round(np.maximum(open_, close) * (1 + np.abs(rng.normal(0, 0.006, shape))), 2)
    low = np.round(np.minimum(open_, close) * (1 - np.abs(rng.normal(0, 0.006, shape))), 2)
    volume = rng.integers(100_000, 9_000_000, shape)
    dates = [day.isoformat() for day in days]
    pd.DataFrame(
        {
            "symbol": np.tile(names, sessions),
            "date": np.repeat(dates, len(names)),
            "open": open_.ravel(),
            "high": high.ravel(),
            "low": low.ravel(),
            "close": close.ravel(),
            "volume": volume.ravel(),
        }
    ).to_parquet(path)
    return days


def main() -> None:
    """Write the file, and print its symbols and dates."""
    file, count, sessions, seed = sys.argv[1:]
    names = symbols(int(count))
    days = write_market(Path(file), names, int(sessions), int(seed))
    print(",".join(names), *days)


if __name__ == "__main__":
    main()

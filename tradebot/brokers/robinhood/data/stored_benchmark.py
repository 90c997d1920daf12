"""The closes of the S&P 500's fund among the bars that earlier jobs have kept in the home. No request is sent."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

from tradebot.brokers.robinhood.data.market_data import BARS_FILE, BENCHMARK
from tradebot.ports import Calendar


def stored_benchmark(
    folder: Path, host: str, calendar: Calendar, first: date, last: date
) -> Sequence[tuple[date, float]]:
    """The kept sessions from ``first`` to ``last`` with the closes of SPY, USD a share. The file is only read."""
    from tradebot.market.bar_file import BarFile

    bars = BarFile(folder / BARS_FILE, host, calendar).load()
    if bars is None or BENCHMARK not in bars.symbols:
        return ()
    return bars.select([BENCHMARK], first, last).closes(BENCHMARK)

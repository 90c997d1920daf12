"""Buys pullbacks in an uptrend, with a tight stop that starts to trail after a gain."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from functools import partial

import talib

from tradebot.strategy_api import ExitPolicy, History, ParamValue, Signals, by_column

# Ratios and RSI are rounded before comparisons, so that the last bit of a float never decides a tie.
DECIMALS = 6


class Strategy:
    """Enters on a close above both averages with the RSI below its limit; exits on a close below the longer average.

    Entries rank by RSI, lowest first.
    """

    def signals(self, history: History, params: Mapping[str, ParamValue]) -> Signals:
        """Compute the signals from closes alone."""
        fast, slow, lookback = int(params["sma_fast"]), int(params["sma_slow"]), int(params["rsi_sessions"])
        close = history.close
        sma_fast = by_column(close, partial(talib.SMA, timeperiod=fast))
        sma_slow = by_column(close, partial(talib.SMA, timeperiod=slow))
        rsi = by_column(close, partial(talib.RSI, timeperiod=lookback)).round(DECIMALS)
        above_fast = (close / sma_fast).round(DECIMALS) > 1
        from_slow = (close / sma_slow).round(DECIMALS)
        limit = float(params["rsi_below"])
        return Signals(
            entry=above_fast & (from_slow > 1) & (rsi < limit),
            conditions={
                f"close {{close:.2f}} above SMA{fast} {{fast:.2f}}": above_fast,
                f"close {{close:.2f}} above SMA{slow} {{slow:.2f}}": from_slow > 1,
                f"RSI{lookback} {{rsi:.1f}} below {limit:g}": rsi < limit,
            },
            exit=from_slow < 1,
            exits=ExitPolicy(
                stop=Decimal(str(params["stop"])),
                target=Decimal(str(params["target"])),
                trail_trigger=Decimal(str(params["trail_trigger"])),
                trail_offset=Decimal(str(params["trail_offset"])),
            ),
            score=-rsi,
            risk_pct=float(params["risk"]),
            reason=(
                f"close {{close:.2f}} above SMA{fast} {{fast:.2f}} and SMA{slow} {{slow:.2f}}, "
                f"RSI{lookback} {{rsi:.1f}} below {limit:g}"
            ),
            exit_reason=f"close {{close:.2f}} below SMA{slow} {{slow:.2f}}",
            columns_used={"close": close, "fast": sma_fast, "slow": sma_slow, "rsi": rsi},
        )

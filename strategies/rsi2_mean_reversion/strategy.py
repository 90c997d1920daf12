"""Connors' RSI 2: buys a short, sharp fall in a long uptrend and sells the bounce."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from functools import partial

import talib

from tradebot.strategy_api import ExitPolicy, History, ParamValue, Signals, by_column

# Ratios and RSI are rounded before comparisons, so that the last bit of a float never decides a tie.
DECIMALS = 6


class Strategy:
    """Enters on a close above the long average with RSI 2 below its limit; exits on a close above the short average.

    Entries rank by RSI, lowest first.
    """

    def signals(self, history: History, params: Mapping[str, ParamValue]) -> Signals:
        """Compute the signals from closes alone."""
        trend, bounce = int(params["sma_trend"]), int(params["sma_exit"])
        close = history.close
        sma_trend = by_column(close, partial(talib.SMA, timeperiod=trend))
        sma_exit = by_column(close, partial(talib.SMA, timeperiod=bounce))
        rsi = by_column(close, partial(talib.RSI, timeperiod=2)).round(DECIMALS)
        limit = float(params["rsi_below"])
        rising, fallen = (close / sma_trend).round(DECIMALS) > 1, rsi < limit
        return Signals(
            entry=rising & fallen,
            exit=(close / sma_exit).round(DECIMALS) > 1,
            exits=ExitPolicy(stop=Decimal(str(params["stop"])), max_sessions=int(params["max_sessions"])),
            score=-rsi,
            reason=f"RSI2 {{rsi:.1f}} below {limit:g} with close {{close:.2f}} above SMA{trend} {{trend:.2f}}",
            exit_reason=f"close {{close:.2f}} above SMA{bounce} {{bounce:.2f}}",
            conditions={
                f"close {{close:.2f}} above SMA{trend} {{trend:.2f}}": rising,
                f"RSI2 {{rsi:.1f}} below {limit:g}": fallen,
            },
            columns_used={"close": close, "trend": sma_trend, "bounce": sma_exit, "rsi": rsi},
        )

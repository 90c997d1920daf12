"""Breakouts from Donchian's channel, with a stop by the average true range."""

from __future__ import annotations

from collections.abc import Mapping

from tradebot.strategy_api import ExitPolicy, History, ParamValue, Signals, atr

# The close is compared with the channel as a ratio rounded to this many decimals, so that a tie is one at every price
# level.
DECIMALS = 6


class Strategy:
    """Enters on a close above the channel of the sessions before, and exits on one below the shorter channel."""

    def signals(self, history: History, params: Mapping[str, ParamValue]) -> Signals:
        """Signals of every session. Entries rank by how far the close is above the channel."""
        entry_sessions, exit_sessions = int(params["entry_sessions"]), int(params["exit_sessions"])
        close = history.close
        ceiling = history.high.rolling(entry_sessions).max().shift(1)
        floor = history.low.rolling(exit_sessions).min().shift(1)
        above = (close / ceiling).round(DECIMALS)
        below = (close / floor).round(DECIMALS)
        average_range = atr(history, int(params["atr_sessions"]))
        return Signals(
            entry=above > 1,
            exit=below < 1,
            exits=ExitPolicy(),
            score=above,
            stop=float(params["stop_atr"]) * average_range / close,
            reason=f"close {{close:.2f}} above {{ceiling:.2f}}, the highest high of {entry_sessions} sessions; "
            "average true range {ATR:.2f}",
            exit_reason=f"close {{close:.2f}} below {{floor:.2f}}, the lowest low of {exit_sessions} sessions",
            conditions={f"close {{close:.2f}} above {{ceiling:.2f}}, the high of {entry_sessions} sessions": above > 1},
            columns_used={"close": close, "ceiling": ceiling, "floor": floor, "ATR": average_range},
        )

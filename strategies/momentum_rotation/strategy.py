"""Monthly rotation into the strongest symbols by 12-1 month momentum."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

import numpy as np
import pandas as pd

from tradebot.strategy_api import ExitPolicy, History, ParamValue, Signals

# Returns that are equal after rounding are ranked by symbol, not by the last bit of a float.
DECIMALS = 9
# If the bar of the session at which a return begins or ends is missing, one at most this many sessions older is used.
SPARE_SESSIONS = 5


class Strategy:
    """Enters the symbols with the highest momentum after the first session of a month, and exits all others.

    A symbol that was stopped out is not entered again before the next month. Entries rank by momentum, highest first.
    """

    def signals(self, history: History, params: Mapping[str, ParamValue]) -> Signals:
        """Entries on rotation sessions; exits on every session of a month for symbols outside the selection."""
        hold, formation, skip = int(params["hold"]), int(params["formation"]), int(params["skip"])
        close = history.close
        momentum = _momentum(close, formation, skip)
        rank = _rank(momentum)
        among, rising = rank <= hold, momentum > 0
        chosen = (among & rising).to_numpy()
        rotates = _first_of_month(pd.DatetimeIndex(close.index))
        outside = _since_rotation(~chosen, rotates)
        return Signals(
            entry=_like(close, chosen & rotates[:, None]),
            exit=_like(close, outside),
            exits=ExitPolicy(stop=Decimal(str(params["stop"]))),
            score=momentum,
            reason=f"rank {{rank:.0f}} of the {hold} to hold: {{momentum:.1%}} from {formation} to {skip} sessions ago",
            exit_reason=f"not one of the {hold} to hold since the month began; now rank {{rank:.0f}}, {{momentum:.1%}}",
            conditions={
                "first session of the month": _like(close, np.broadcast_to(rotates[:, None], close.shape)),
                f"rank {{rank:.0f}} among the first {hold}": among,
                f"return {{momentum:.1%}} from {formation} to {skip} sessions ago above 0": rising,
            },
            columns_used={"rank": rank, "momentum": momentum},
        )


def _momentum(close: pd.DataFrame, formation: int, skip: int) -> pd.DataFrame:
    """The return from ``formation`` to ``skip`` sessions ago; NaN for a symbol that no longer trades."""
    known = close.ffill(limit=SPARE_SESSIONS)
    momentum = known.shift(skip) / known.shift(formation) - 1
    return momentum.where(known.notna()).round(DECIMALS)


def _rank(momentum: pd.DataFrame) -> pd.DataFrame:
    """The rank in each session, 1 for the highest momentum; ties in alphabetical order of the symbols."""
    alphabetical = momentum[sorted(momentum.columns)]
    return alphabetical.rank(axis=1, ascending=False, method="first")[momentum.columns]


def _first_of_month(sessions: pd.DatetimeIndex) -> np.ndarray:
    """True where a session is the first of its month; false in the first row, whose previous session is unknown.

    The first session is used because the last one of a month is not known as such on that day.
    """
    months = sessions.year.to_numpy() * 12 + sessions.month.to_numpy()
    return np.concatenate([[False], months[1:] != months[:-1]])


def _since_rotation(state: np.ndarray, rotates: np.ndarray) -> np.ndarray:
    """For each row the ``state`` of the last rotation up to it; false before the first one."""
    newest = np.maximum.accumulate(np.where(rotates, np.arange(len(rotates)), -1))
    return state[newest] & (newest >= 0)[:, None]


def _like(frame: pd.DataFrame, values: np.ndarray) -> pd.DataFrame:
    return pd.DataFrame(values, index=frame.index, columns=frame.columns)

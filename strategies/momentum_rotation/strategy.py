"""Monthly rotation into the strongest symbols by 12-1 month momentum."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

import numpy as np
import pandas as pd

from tradebot.strategy_api import ExitPolicy, History, ParamValue, Signals

# Returns this close are equal, and equal returns are ranked by symbol, not by the last bit of a float.
DECIMALS = 9
# A bar missing on the very session that a return begins or ends at is stood in for by one at most this much older.
SPARE_SESSIONS = 5


class Strategy:
    """Enters the best symbols after the first session of a month; those outside leave, until the next rotation.

    A symbol stopped out during the month is not entered again before the next one. Of several entries the highest
    momentum is served first.
    """

    def signals(self, history: History, params: Mapping[str, ParamValue]) -> Signals:
        hold, formation, skip = int(params["hold"]), int(params["formation"]), int(params["skip"])
        close = history.close
        momentum = _momentum(close, formation, skip)
        rank = _rank(momentum)
        chosen = ((rank <= hold) & (momentum > 0)).to_numpy()
        rotates = _first_of_month(pd.DatetimeIndex(close.index))
        outside = _since_rotation(~chosen, rotates)
        return Signals(
            entry=_like(close, chosen & rotates[:, None]),
            exit=_like(close, outside),
            exits=ExitPolicy(stop=Decimal(str(params["stop"]))),
            score=momentum,
            reason=f"rank {{rank:.0f}} of the {hold} to hold: {{momentum:.1%}} from {formation} to {skip} sessions ago",
            exit_reason=f"not one of the {hold} to hold since the month began; now rank {{rank:.0f}}, {{momentum:.1%}}",
            columns_used={"rank": rank, "momentum": momentum},
        )


def _momentum(close: pd.DataFrame, formation: int, skip: int) -> pd.DataFrame:
    """The return from ``formation`` sessions ago to ``skip`` sessions ago, of symbols that still trade."""
    known = close.ffill(limit=SPARE_SESSIONS)
    momentum = known.shift(skip) / known.shift(formation) - 1
    return momentum.where(known.notna()).round(DECIMALS)


def _rank(momentum: pd.DataFrame) -> pd.DataFrame:
    """1 for the highest of a session; equals in alphabetical order, whatever the order of the columns."""
    alphabetical = momentum[sorted(momentum.columns)]
    return alphabetical.rank(axis=1, ascending=False, method="first")[momentum.columns]


def _first_of_month(sessions: pd.DatetimeIndex) -> np.ndarray:
    """Where a session is in another month than the one before it; never the first row, whose predecessor is unknown.

    Looked at from the new month's side, because no session knows that it is its month's last.
    """
    months = sessions.year.to_numpy() * 12 + sessions.month.to_numpy()
    return np.concatenate([[False], months[1:] != months[:-1]])


def _since_rotation(state: np.ndarray, rotates: np.ndarray) -> np.ndarray:
    """``state`` of the newest rotation so far, row by row; false before the first."""
    newest = np.maximum.accumulate(np.where(rotates, np.arange(len(rotates)), -1))
    return state[newest] & (newest >= 0)[:, None]


def _like(frame: pd.DataFrame, values: np.ndarray) -> pd.DataFrame:
    return pd.DataFrame(values, index=frame.index, columns=frame.columns)

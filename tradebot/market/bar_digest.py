"""Digests of bars, by which it is known later whether they were revised."""

from __future__ import annotations

from base64 import b64encode
from hashlib import blake2b
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from tradebot.strategy_api import History

#: A change goes unnoticed once in 2**48 times.
_BYTES = 6


def bar_digests(history: History) -> dict[str, str]:
    """A digest in 8 characters of the bars of each symbol: their sessions, prices and volumes, to the last bit."""
    fields = (history.open, history.high, history.low, history.close, history.volume)
    bars = np.stack([frame.to_numpy(dtype=np.float64).T for frame in fields], axis=1)  # by symbol
    bars[np.isnan(bars)] = np.nan  # one of the many bit patterns
    bars = np.ascontiguousarray(bars + 0.0)  # no negative zero
    sessions = history.close.index.to_numpy().astype("datetime64[D]").astype(np.int64).tobytes()
    of_all = blake2b(sessions, digest_size=_BYTES)
    digests = {}
    for symbol, of_symbol in zip(history.close.columns, bars, strict=True):
        digest = of_all.copy()
        digest.update(of_symbol)
        digests[str(symbol)] = b64encode(digest.digest()).decode()
    return digests

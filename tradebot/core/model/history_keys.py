"""The keys of an account's histories: one for each generation.

The first generation has the account's own key. ``rebuild`` and ``restore`` write a later one, whose key has a number
behind it (``alpaca:live:123#2``), so that both stand side by side. What is hashed or digested holds the account's own
key in every generation: rows can be copied into another history, and their chain still holds.
"""

from __future__ import annotations

import re
from functools import cache

_LATER = re.compile(r"(.+)#([1-9]\d*)", re.DOTALL)


def history_key(account_key: str, generation: int) -> str:
    """The key of a generation of an account, counted from 1."""
    return account_key if generation == 1 else f"{account_key}#{generation}"


@cache
def account_of(history: str) -> str:
    """The account's own key, by that of one of its histories."""
    later = _LATER.fullmatch(history)
    return later[1] if later else history

"""The keys that an account's rows carry: one for each generation of its history.

The first generation carries the account's own key. ``rebuild`` and ``restore`` write a later one, whose rows carry the
key with a number behind it (``alpaca:live:123#2``), so that both stand side by side. What is hashed or digested holds
the account's own key in every generation: rows can be copied under another row key, and their chain still holds.
"""

from __future__ import annotations

import re
from functools import cache

_LATER = re.compile(r"(.+)#([1-9]\d*)", re.DOTALL)


def row_key(account_key: str, generation: int) -> str:
    """The key of the rows of a generation of an account, counted from 1."""
    return account_key if generation == 1 else f"{account_key}#{generation}"


@cache
def account_of(key: str) -> str:
    """The account's own key, by that of its rows."""
    later = _LATER.fullmatch(key)
    return later[1] if later else key

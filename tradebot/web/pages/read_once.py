"""Several reads of one page: a ledger that does not answer is waited for once."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tradebot.web.reads import Read


def until_refused(*reads: Callable[[], Read[Any]]) -> tuple[Read[Any], ...]:
    """What each read finds; after one that is refused the others are refused alike, and not begun."""
    found: list[Read[Any]] = []
    for read in reads:
        found.append(found[-1] if found and found[-1].refusal else read())
    return tuple(found)

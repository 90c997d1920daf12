"""How Robinhood says no."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.fakes.wire.messages import Answer


class Refusal(Exception):
    """A status and the JSON that goes with it: a ``detail``, or lists of what is wrong by field (captured)."""

    def __init__(self, status: int, said: str | Mapping[str, Any]) -> None:
        super().__init__(str(said))
        self.answer = Answer(status, {"detail": said} if isinstance(said, str) else dict(said))


def not_found() -> Refusal:
    """What the framework behind it says of an unknown path or id. A guess."""
    return Refusal(404, "Not found.")

"""How Alpaca says no."""

from __future__ import annotations

from tests.fakes.wire.messages import Answer


class Refusal(Exception):
    """The server says no: a status, and the code and the message of the JSON that goes with it."""

    def __init__(self, status: int, code: int | None, message: str, **more: str) -> None:
        super().__init__(message)
        self.answer = Answer(status, {**({} if code is None else {"code": code}), "message": message, **more})

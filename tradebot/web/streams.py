"""Event streams: at most so many at once, each for as long as what opened it holds, none beyond the server's end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

from starlette.responses import StreamingResponse

from tradebot.web.problem_json import Refused, problem_response

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import Receive, Scope, Send

#: Event streams at the same time.
MOST_STREAMS = 64
#: Seconds after which a stream ends; a browser opens it again by itself.
_MOST_SECONDS = 600.0


class Streams:
    """The places for event streams."""

    def __init__(self, most: int = MOST_STREAMS) -> None:
        self.most = most
        self.open = 0
        self.closing = asyncio.Event()  # set when the server ends

    def enter(self) -> bool:
        """Take a place; False if there is none, or if the server ends."""
        if self.open >= self.most or self.closing.is_set():
            return False
        self.open += 1
        return True

    def leave(self) -> None:
        """Give the place back."""
        self.open -= 1


class EventStream(StreamingResponse):
    """Server-sent events, or 503 where every place is taken.

    events: texts of the form ``event: NAME\\ndata: LINE\\n\\n``.
    holds: whether the session or token is still good; it is asked before each event.
    """

    media_type = "text/event-stream"

    def __init__(self, streams: Streams, events: AsyncIterator[str], holds: Callable[[], bool]) -> None:
        self._streams = streams
        self._events = events
        self._holds = holds
        super().__init__(self._until_over(), headers={"X-Accel-Buffering": "no"})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the events."""
        if not self._streams.enter():
            refused = Refused(503, "Too many event streams are open. Try again later.", headers={"Retry-After": "15"})
            await problem_response(refused)(scope, receive, send)
            return
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._streams.leave()

    async def _until_over(self) -> AsyncIterator[str]:
        closing = asyncio.ensure_future(self._streams.closing.wait())
        deadline = asyncio.get_running_loop().time() + _MOST_SECONDS
        step: asyncio.Future[str] | None = None
        try:
            while (left := deadline - asyncio.get_running_loop().time()) > 0:
                step = asyncio.ensure_future(_next(self._events))
                done, _ = await asyncio.wait((step, closing), timeout=left, return_when=asyncio.FIRST_COMPLETED)
                if step not in done or not self._holds():
                    return
                try:
                    yield step.result()
                except StopAsyncIteration:
                    return
        finally:
            closing.cancel()
            if step is not None:
                step.cancel()


async def _next(events: AsyncIterator[str]) -> str:
    return await anext(events)

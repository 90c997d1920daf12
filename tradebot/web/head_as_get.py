"""HEAD is answered as GET is, without the body."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send


class HeadAsGet:
    """A middleware that gives the status and the header of a route's GET, and ends there: an event stream, too."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self._app(scope, receive, send)
            return
        begun: asyncio.Future[Message] = asyncio.get_running_loop().create_future()

        async def keep_start(message: Message) -> None:
            if not begun.done():
                begun.set_result(message)

        route = asyncio.ensure_future(self._app({**scope, "method": "GET"}, receive, keep_start))
        try:
            await asyncio.wait((route, begun), return_when=asyncio.FIRST_COMPLETED)
            if not begun.done():
                await route  # raises what ended it
                return
            await send(begun.result())
            await send({"type": "http.response.body", "body": b""})
        finally:
            route.cancel()
            with suppress(asyncio.CancelledError):
                await route

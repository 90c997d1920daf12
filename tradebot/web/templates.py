"""Renders the pages that belong to no home: the login, and why a request is not done. Every value is escaped."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from starlette.responses import HTMLResponse

from tradebot.web.pages.rendering import Renderer, style_address

if TYPE_CHECKING:
    from starlette.requests import Request


@cache
def _renderer() -> Renderer:
    return Renderer(str)


def render(request: Request, name: str, status: int = 200, **values: object) -> HTMLResponse:
    """A template as a response. ``nonce`` is what its scripts have to name."""
    text = _renderer().text(name, nonce=request.state.nonce, style=style_address(), **values)
    return HTMLResponse(text, status)

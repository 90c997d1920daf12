"""Renders the pages' templates. Everything that is put into one is escaped."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from starlette.responses import HTMLResponse

if TYPE_CHECKING:
    from jinja2 import Environment
    from starlette.requests import Request


@cache
def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    loader = PackageLoader("tradebot.web", "pages")
    return Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)


def render(request: Request, name: str, status: int = 200, **values: object) -> HTMLResponse:
    """A template as a response. ``nonce`` is what its scripts and styles have to name."""
    text = _environment().get_template(name).render(nonce=request.state.nonce, **values)
    return HTMLResponse(text, status)

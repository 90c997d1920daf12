"""Login and logout of browsers, and the sign that the server runs."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request, Response
from starlette.responses import PlainTextResponse, RedirectResponse

from tradebot.core.results.web_access import Scope
from tradebot.errors import ConfigError, UsageError
from tradebot.web.access.origin import Place
from tradebot.web.access.visitors import Visitor, needs
from tradebot.web.problem_json import Refused
from tradebot.web.site import Site
from tradebot.web.templates import render

_ANY = Annotated[Visitor, Depends(needs(Scope.READ, Scope.STOP))]


def router(site: Site) -> APIRouter:
    """The routes."""
    routes = APIRouter(include_in_schema=False)

    @routes.get("/healthz")
    async def health() -> Response:
        return PlainTextResponse("ok\n")

    if not site.has_page:
        return routes

    @routes.get("/login")
    async def ask(request: Request, next: str = "/") -> Response:
        return render(request, "login.html", wrong="", next=own_path(next))

    @routes.post("/login")
    async def log_in(
        request: Request, token: Annotated[str, Form(max_length=200)], next: Annotated[str, Form(max_length=2000)] = "/"
    ) -> Response:
        place: Place = request.state.place
        if request.headers.get("origin") is None:
            raise Refused(403, "A browser's form needs its Origin. Programs send a token with each request instead.")
        browser = request.headers.get("user-agent", "")
        try:
            cookie = await asyncio.to_thread(site.access.log_in, token.strip(), place.address, browser)
        except ConfigError as error:
            raise Refused(503, str(error), exit_code=error.exit_code) from error
        if cookie is None:
            await request.state.punish(place)
            wrong = "This token or code opens nothing. A code is good once, for five minutes."
            return render(request, "login.html", 401, wrong=wrong, next=own_path(next))
        response = RedirectResponse(own_path(next), 303)
        _set_cookie(response, site, place, cookie, site.settings.web_session_hours * 3600)
        return response

    @routes.post("/logout")
    async def log_out(request: Request, visitor: _ANY) -> Response:
        try:
            if visitor.grant.session_id:
                await asyncio.to_thread(site.access.end_session, visitor.grant.session_id)
        except UsageError:  # ended meanwhile
            pass
        except ConfigError as error:
            raise Refused(503, str(error), exit_code=error.exit_code) from error
        response = RedirectResponse("/login", 303)
        _set_cookie(response, site, request.state.place, "", 0)
        return response

    return routes


def own_path(wanted: str) -> str:
    """A path of this server to go on to; "/" for whatever might lead elsewhere."""
    is_own = wanted.startswith("/") and not wanted.startswith("//") and "\\" not in wanted and wanted.isprintable()
    return wanted if is_own and wanted.isascii() and len(wanted) <= 2000 else "/"


def _set_cookie(response: Response, site: Site, place: Place, value: str, seconds: int) -> None:
    response.set_cookie(
        site.cookie, value, max_age=seconds, path="/", httponly=True, samesite="strict", secure=place.scheme == "https"
    )

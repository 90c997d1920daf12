"""Makes the application: the guard, the routes, and what becomes of errors."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from tradebot import __version__
from tradebot.errors import ExitCode
from tradebot.web.access.guard import Guard, is_for_a_browser
from tradebot.web.head_as_get import HeadAsGet
from tradebot.web.problem_json import Refused, problem_response
from tradebot.web.routes import actions, api_docs, api_reads, login, metrics, pages
from tradebot.web.site import Site
from tradebot.web.templates import render

#: Each makes the routes of one subject.
ROUTERS: tuple[Callable[[Site], APIRouter], ...] = (
    login.router,
    actions.router,
    api_reads.router,
    api_docs.router,
    metrics.router,
    pages.router,
)


def make_app(site: Site) -> FastAPI:
    """The application of a wired server."""
    app = FastAPI(
        title="tradebot", version=__version__, docs_url=None, redoc_url=None, openapi_url=None, redirect_slashes=False
    )
    app.state.site = site
    for make in ROUTERS:
        app.include_router(make(site))
    app.add_exception_handler(Refused, _refused)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(RequestValidationError, _not_valid)
    app.add_middleware(HeadAsGet)
    app.add_middleware(
        Guard,
        access=site.access,
        rules=site.rules,
        wrong_tokens=site.wrong_tokens,
        tell=site.tell,
        cookie=site.cookie,
    )
    return app


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, Refused)
    return _told(request, error)


def _told(request: Request, refused: Refused) -> Response:
    """Why a request is not done: a page for a browser, a problem in JSON for a program."""
    if not is_for_a_browser(request.url.path, request.headers):
        return problem_response(refused)
    page = render(request, "refused.html", refused.status, title=HTTPStatus(refused.status).phrase, detail=str(refused))
    page.headers.update(refused.headers)
    return page


async def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return _told(request, Refused(error.status_code, str(error.detail), headers=error.headers))


async def _not_valid(request: Request, error: Exception) -> Response:
    """What is wrong with a request's arguments. What was sent is not repeated."""
    assert isinstance(error, RequestValidationError)
    places = (f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors())
    return _told(request, Refused(422, "; ".join(places), exit_code=ExitCode.USAGE))

"""Every route of the application, without a server: each says who it is for, and none is open by oversight."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.routing import APIRoute
from starlette.routing import BaseRoute, Mount

from tests.fakes.cli import ROOT
from tradebot.settings import GlobalOptions, Settings
from tradebot.web.access.guard import OPEN_FOLDER, OPEN_PATHS, is_open
from tradebot.web.app import ROUTERS, make_app
from tradebot.web.site import Site, make_site


def site_of(home: Path, **settings: object) -> Site:
    """The site of a home."""
    return make_site(GlobalOptions(home), Settings(tradebot_home=home, **settings))  # type: ignore[arg-type]


def routes_of(site: Site) -> list[BaseRoute]:
    """Every route: those of the routers, and what the application has beside them."""
    own = [route for route in make_app(site).routes if isinstance(route, (APIRoute, Mount))]
    return [*own, *(route for make in ROUTERS for route in make(site).routes)]


@pytest.fixture(scope="module")
def routes(made_home: Path) -> list[BaseRoute]:
    return routes_of(site_of(made_home))


def scopes_of(route: APIRoute) -> Iterator[tuple[str, ...]]:
    """The scopes that a route asks for."""
    for dependency in route.dependant.dependencies:
        if scopes := getattr(dependency.call, "scopes", None):
            yield scopes


def test_every_route_asks_for_a_scope_or_is_open_on_purpose(routes: list[BaseRoute]) -> None:
    unguarded = [
        route
        for route in routes
        if not (
            (isinstance(route, APIRoute) and (is_open(route.path) or len(list(scopes_of(route))) == 1))
            or (isinstance(route, Mount) and f"{route.path}/" == OPEN_FOLDER)
        )
    ]
    assert unguarded == []


def test_a_route_either_looks_or_acts(routes: list[BaseRoute]) -> None:
    for route in routes:
        if isinstance(route, APIRoute) and route.path not in OPEN_PATHS:
            assert route.methods in ({"GET"}, {"POST"}), route.path
            assert route.methods == {"GET"} or next(scopes_of(route)) != ("read",), route.path


def test_without_the_page_there_is_no_login(made_home: Path) -> None:
    paths = {getattr(route, "path", "") for route in routes_of(site_of(made_home, enable_dashboard=False))}
    assert "/healthz" in paths and "/login" not in paths and "/logout" not in paths


def test_the_server_starts_without_what_is_slow_to_import() -> None:
    program = "import sys, tradebot.commands.serve, tradebot.web.server; print(*sys.modules)"
    ended = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    slow = {"pandas", "numpy", "pyarrow", "requests", "robin_stocks", "apprise", "holidays", "talib"}
    assert slow & set(ended.stdout.split()) == set()

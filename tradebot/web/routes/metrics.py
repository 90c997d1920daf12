"""The route that Prometheus scrapes."""

from __future__ import annotations

import asyncio

from fastapi import APIRouter, Request, Response
from starlette.concurrency import run_in_threadpool  # whose threads no action needs

from tradebot.core.results.metrics import Sample, home_metrics
from tradebot.errors import TradebotError
from tradebot.web.access.visitors import Reader
from tradebot.web.homes import ServedHome
from tradebot.web.metrics import ServerMeter, expose
from tradebot.web.site import Site


def router(site: Site) -> APIRouter:
    """The route."""
    routes = APIRouter(include_in_schema=False)
    meter = ServerMeter()

    def samples_of(home: ServedHome) -> tuple[Sample, ...]:
        try:
            return home_metrics(site.reads.of(home.path).metrics(home.name))
        except TradebotError:  # a folder that is none any more; what is not told is missed
            return ()

    @routes.get("/metrics", response_class=Response)
    async def metrics(request: Request, visitor: Reader) -> Response:
        """The metrics for Prometheus: those of the home that is named, else of every home that the token is for."""
        homes = (visitor.home,) if request.query_params.get("home") else visitor.homes
        found = await asyncio.gather(*(run_in_threadpool(samples_of, home) for home in homes))
        every = (*(sample for of_home in found for sample in of_home), *meter.samples())
        told = expose(every, request.headers.get("accept", ""))
        return Response(told.content, media_type=told.media_type)

    return routes

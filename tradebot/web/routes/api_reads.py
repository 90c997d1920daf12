"""The reads of the API: ``GET /api/...`` gives the JSON that the command of the same name prints with ``--json``.

A read is made in a thread. One that has no value is a problem with the exit code that the command would end with.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Annotated, Any, Literal, TypeVar

from fastapi import APIRouter, Depends, Query, Response

from tradebot.core.model.order_ids import STRATEGY_NAME
from tradebot.core.results.listings import Listing, Selection, check_day, read_selection
from tradebot.core.results.report_periods import read_period
from tradebot.errors import ExitCode, UsageError
from tradebot.reports.daily_series import returns_by_month
from tradebot.reports.json_output import command_json, outcome_json
from tradebot.reports.statistics import by_key, statistics
from tradebot.runtime.api_shapes import fields_of, jobs_fields, risk_fields
from tradebot.web.access.visitors import Reader, Visitor
from tradebot.web.openapi import reads
from tradebot.web.problem_json import Refused
from tradebot.web.reads import HomeReads, Read, Refusal
from tradebot.web.site import Site

T = TypeVar("T")

Symbol = Annotated[str | None, Query(max_length=12, description="Only this symbol.", examples=["AAPL"])]
Strategy = Annotated[
    str | None,
    Query(
        max_length=40, pattern=f"^{STRATEGY_NAME.pattern}$", description="Only this strategy; `foreign` for the rest."
    ),
]
First = Annotated[date | None, Query(alias="from", description="First session.", examples=["2007-01-03"])]
Last = Annotated[date | None, Query(alias="to", description="Last session.", examples=["2007-12-31"])]
Limit = Annotated[int, Query(ge=1, le=10_000, description="At most so many, the newest.")]
Open = Annotated[bool, Query(alias="open", description="Only what is still open.")]
Day = Annotated[date | None, Query(alias="date", description="The session; by default the newest.")]


def _refusing(read: Callable[[], T]) -> T:
    """What ``read`` makes of a request's arguments. Raises Refused for what makes no sense."""
    try:
        return read()
    except UsageError as error:
        raise Refused(422, str(error), exit_code=ExitCode.USAGE) from error


# coroutines, so that no thread is taken for them
async def _chosen(
    symbol: Symbol = None, strategy: Strategy = None, first: First = None, last: Last = None, limit: Limit = 100
) -> Selection:
    return _refusing(lambda: read_selection(symbol, strategy, first, last, limit=limit))


Chosen = Annotated[Selection, Depends(_chosen)]


async def _chosen_open(chosen: Chosen, only_open: Open = False) -> Selection:
    return replace(chosen, only_open=only_open)


ChosenOpen = Annotated[Selection, Depends(_chosen_open)]

PeriodName = Literal["day", "week", "month", "quarter", "year", "ytd", "all"]

#: The HTTP status of a read without a value, by its exit code; 503 for the rest: it may be there later.
_STATUS = {ExitCode.USAGE: 422}


def router(site: Site) -> APIRouter:
    """The routes."""
    routes = APIRouter(prefix="/api", tags=["reads"])
    _account(routes, site)
    _listings(routes, site)
    _figures(routes, site)
    return routes


def _account(routes: APIRouter, site: Site) -> None:
    """What the broker told at the newest look."""

    @routes.get("/status", **reads("status", "How the account stands: halts, needs, positions, jobs, limits."))
    def status(visitor: Reader) -> Response:
        home = _of(site, visitor)
        found = home.status()
        outcome, context = found.value, found.context
        if outcome is None or context is None:
            raise _problem(home, found.refusal)
        text = home.text("status", found, lambda: outcome_json(outcome, context))
        return Response(text, media_type="application/json")

    @routes.get("/account", **reads("account", "Balances, halts, the day's result and the fall from the peak."))
    def account(visitor: Reader) -> Response:
        return _result(_of(site, visitor), "account", HomeReads.account, lambda found: fields_of("account", found))

    @routes.get("/risk", **reads("risk", "Each limit with its use, and what the account has at stake."))
    def risk(visitor: Reader) -> Response:
        return _result(_of(site, visitor), "risk", HomeReads.risk, risk_fields)

    @routes.get("/health", **reads("health", "Whether ledger and broker can be asked, and what is overdue."))
    def health(visitor: Reader) -> Response:
        return _result(_of(site, visitor), "health", HomeReads.health, lambda found: fields_of("health", found))

    @routes.get("/jobs", **reads("jobs", "The jobs of the newest session: when each is due, and how it ended."))
    def jobs(visitor: Reader) -> Response:
        return _result(_of(site, visitor), "jobs", HomeReads.jobs, jobs_fields)

    @routes.get("/alerts", **reads("alerts", "The newest alerts, oldest first, each with its delivery."))
    def alerts(
        visitor: Reader, last: Annotated[int, Query(ge=1, le=1000, description="How many, the newest.")] = 20
    ) -> Response:
        return _result(
            _of(site, visitor),
            "alerts list",
            lambda home: home.alerts(last),
            lambda found: {"alerts": found},
            bare=True,
        )


def _listings(routes: APIRouter, site: Site) -> None:
    """Lists, newest first."""

    @routes.get("/positions", **reads("positions", "What is held, with the distance to each stop."))
    def positions(visitor: Reader, chosen: Chosen) -> Response:
        return _list(_of(site, visitor), "positions", lambda home: home.positions(chosen), _KNOWN)

    @routes.get("/orders", **reads("orders", "What was ordered, what became of it, and what rests."))
    def orders(visitor: Reader, chosen: ChosenOpen) -> Response:
        return _list(_of(site, visitor), "orders", lambda home: home.orders(chosen), _KNOWN)

    @routes.get("/trades", **reads("trades", "The round trips, flat to flat."))
    def trades(visitor: Reader, chosen: ChosenOpen) -> Response:
        return _list(_of(site, visitor), "trades", lambda home: home.trades(chosen), ("totals",))

    @routes.get("/fills", **reads("fills", "What was bought and sold, with the planned price and the fee."))
    def fills(visitor: Reader, chosen: ChosenOpen) -> Response:
        return _list(_of(site, visitor), "fills", lambda home: home.fills(chosen), ())


def _figures(routes: APIRouter, site: Site) -> None:
    """Reports and explanations."""

    @routes.get("/report", **reads("report", "The figures of a period, as the ledger knows them. No broker is asked."))
    def report(
        visitor: Reader,
        period: Annotated[PeriodName | None, Query(description="The period that holds the newest session.")] = None,
        previous: Annotated[bool, Query(description="The period before.")] = False,
        first: First = None,
        last: Last = None,
    ) -> Response:
        asked = _refusing(lambda: read_period(period, first, last, previous=previous))
        home = _of(site, visitor)
        found = home.report(asked)
        if found.value is None or found.context is None:
            raise _problem(home, found.refusal)
        figures = statistics(found.value)
        more = {"statistics": by_key(figures), "monthly_returns": returns_by_month(found.value), "review": None}
        return _json(home, outcome_json(found.value, found.context, **more))

    @routes.get("/explain", **reads("explain", "Why something was done with a symbol, and why not."))
    def explain(
        visitor: Reader, symbol: Symbol = None, day: Day = None, first: First = None, last: Last = None
    ) -> Response:
        ticker = _refusing(lambda: _asked_symbol(symbol, day, first, last))
        span = (first, last) if first or last else None
        home = _of(site, visitor)
        return _job(home, home.explain(ticker, day, span))


#: The fields of listings that the broker tells.
_KNOWN = ("known_at", "trouble")


def _of(site: Site, visitor: Visitor) -> HomeReads:
    return site.reads.of(visitor.home.path)


def _asked_symbol(symbol: str | None, day: date | None, first: date | None, last: date | None) -> str | None:
    """The symbol to explain. Raises UsageError for what does not go together."""
    check_day(day, "date")
    ticker = read_selection(symbol, None, first, last).symbol
    if (first or last) and (ticker is None or day):
        raise UsageError("from and to go with a symbol and without a date: they tell of its sessions.")
    return ticker


def _job(home: HomeReads, found: Read[Any]) -> Response:
    """The object of a job."""
    outcome, context = found.value, found.context
    if outcome is None or context is None:
        raise _problem(home, found.refusal)
    return _json(home, outcome_json(outcome, context))


def _result(
    home: HomeReads,
    name: str,
    read: Callable[[HomeReads], Read[T]],
    fields: Callable[[T], dict[str, Any]],
    *,
    bare: bool = False,
) -> Response:
    """The object of a command that is no job. ``bare``: it names no account."""
    found = read(home)
    if found.value is None or found.context is None:
        raise _problem(home, found.refusal)
    return _json(home, command_json(name, found.code, None if bare else found.context, **fields(found.value)))


def _list(home: HomeReads, name: str, read: Callable[[HomeReads], Read[Any]], more: tuple[str, ...]) -> Response:
    def fields(found: Listing[Any]) -> dict[str, Any]:
        return {
            name: found.rows,
            "more": found.more,
            "notes": found.notes,
            **{each: getattr(found, each) for each in more},
        }

    return _result(home, name, read, fields)


def _json(home: HomeReads, text: str) -> Response:
    return Response(home.redact(text), media_type="application/json")


def _problem(home: HomeReads, refusal: Refusal | None) -> Refused:
    """The problem of a read without a value."""
    if refusal is None:
        return Refused(503, "The home cannot be read.", exit_code=ExitCode.LEDGER)
    status = _STATUS.get(refusal.code, 503)
    headers = {"Retry-After": "5"} if status == 503 else {}
    return Refused(status, home.redact(refusal.message), exit_code=refusal.code, headers=headers)

"""The pages that show: status, orders, trades, alerts, explain and the report, and the events that keep them fresh."""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Request, Response
from starlette.responses import HTMLResponse, RedirectResponse

from tradebot.core.results.listings import Selection, read_symbol
from tradebot.core.results.report_periods import AskedPeriod, Period
from tradebot.core.results.web_access import Scope
from tradebot.errors import ExitCode, UsageError
from tradebot.web.access.visitors import Reader, Visitor, Watcher
from tradebot.web.pages import sections
from tradebot.web.pages.accounts import accounts_part
from tradebot.web.pages.frame import in_home, looks_of
from tradebot.web.pages.maker import PageMaker
from tradebot.web.pages.read_once import until_refused
from tradebot.web.pages.rendering import SCRIPT, STYLE, page_script, page_style
from tradebot.web.pages.sections import Part
from tradebot.web.routes import page_actions
from tradebot.web.streams import EventStream

if TYPE_CHECKING:
    from tradebot.web.reads import Read
    from tradebot.web.site import Site

#: Seconds after which a page without a script asks again for what was not known yet.
_SOON = 3
#: Rows of a listing.
_ROWS = 100
#: The periods of the report, for people.
PERIODS = (
    (Period.DAY, "Day"),
    (Period.WEEK, "Week"),
    (Period.MONTH, "Month"),
    (Period.QUARTER, "Quarter"),
    (Period.YEAR, "Year"),
    (Period.ALL, "Everything"),
)
#: What a report of its own, which no script and no other file belongs to, may load.
_REPORT_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'"


def router(site: Site) -> APIRouter:
    """The routes."""
    routes = APIRouter(include_in_schema=False)
    if not site.has_page:
        return routes
    pages = PageMaker(site)

    @routes.get(STYLE)
    def style() -> Response:
        return Response(page_style(), media_type="text/css")

    @routes.get(SCRIPT)
    def script() -> Response:
        return Response(page_script(), media_type="text/javascript")

    @routes.get("/")
    def status(request: Request, visitor: Watcher) -> Response:
        if not visitor.may(Scope.READ):
            return RedirectResponse(f"/stop{PageMaker.bare_name(visitor).query}", 303)
        return _overview(site, pages, request, visitor)

    @routes.get("/events")
    async def events(visitor: Reader) -> Response:
        feed = pages.feed(visitor)
        return EventStream(site.streams, feed.events(), lambda: site.access.still_holds(visitor.grant))

    @routes.get("/orders")
    def orders(request: Request, visitor: Reader) -> Response:
        reads = pages.reads(visitor.home)
        still_open, newest = until_refused(
            lambda: reads.orders(Selection(only_open=True, limit=_ROWS)), lambda: reads.orders(Selection(limit=_ROWS))
        )
        found = (
            sections.of_read(still_open, sections.open_orders, "open-orders", "Open orders"),
            sections.of_read(newest, sections.orders, "orders", "Newest orders"),
        )
        return _sections(pages, request, visitor, "orders", "Orders", newest, found)

    @routes.get("/trades")
    def trades(request: Request, visitor: Reader) -> Response:
        reads = pages.reads(visitor.home)
        over, held, filled = until_refused(
            lambda: reads.trades(Selection(limit=_ROWS)),
            lambda: reads.trades(Selection(only_open=True, limit=_ROWS)),
            lambda: reads.fills(Selection(limit=_ROWS)),
        )
        found = (
            sections.of_read(held, sections.open_trades, "open-trades", "Open round trips"),
            sections.of_read(over, sections.trades, "trades", "Newest round trips"),
            sections.of_read(filled, sections.fills, "fills", "Newest fills"),
        )
        return _sections(pages, request, visitor, "trades", "Trades", over, found)

    @routes.get("/alerts")
    def alerts(request: Request, visitor: Reader) -> Response:
        read = pages.reads(visitor.home).alerts(_ROWS)
        found = (sections.of_read(read, sections.alerts, "alerts", "Alerts"),)
        return _sections(pages, request, visitor, "alerts", "Alerts", read, found)

    @routes.get("/explain")
    def explain(request: Request, visitor: Reader, symbol: str = "", date: str = "") -> Response:
        return _explain(pages, request, visitor, symbol, date)

    @routes.get("/report")
    def report(request: Request, visitor: Reader, period: Period = Period.MONTH) -> Response:
        return _report(pages, request, visitor, period)

    @routes.get("/report/file")
    def report_file(visitor: Reader, period: Period = Period.MONTH) -> Response:
        return _report_file(pages, visitor, period)

    page_actions.add_routes(routes, site, pages)
    return routes


def _overview(site: Site, pages: PageMaker, request: Request, visitor: Visitor) -> Response:
    first_page = pages.first_page(visitor)
    found = first_page.overview
    frame = pages.frame(request, visitor, "", "Status", is_live=True, version=first_page.version)
    if not first_page.is_known:
        frame = frame.reloading(_SOON)
    at_work = site.actions.current(visitor.home.path)
    return pages.html(
        visitor,
        "overview.html",
        frame,
        glance=found.glance,
        looks=found.looks(frame.now),
        resume=in_home("/resume", frame.account) if found.glance.may_resume and frame.may_act else "",
        at_work=in_home(f"/actions/{at_work.action_id}", frame.account) if at_work else "",
        tiles=found.tiles,
        accounts=accounts_part(first_page.accounts, frame.now) if first_page.accounts else None,
        whole=found.whole,
        wide=found.wide,
        narrow=found.narrow,
    )


def _sections(
    pages: PageMaker,
    request: Request,
    visitor: Visitor,
    here: str,
    title: str,
    read: Read[Any],
    found: tuple[Part, ...],
) -> Response:
    pages.learn(visitor.home, read.context)
    frame = pages.frame(request, visitor, here, title)
    looks = looks_of(read.looked_at, read.at, frame.now)
    return pages.html(visitor, "sections.html", frame, found=found, looks=looks)


def _explain(pages: PageMaker, request: Request, visitor: Visitor, symbol: str, session: str) -> Response:
    reads = pages.reads(visitor.home)
    problem, status = "", 200
    found: tuple[Part, ...] = ()
    try:
        day = _day(session)
        read = reads.explain(read_symbol(symbol.strip() or None), day)
    except UsageError as error:
        problem, status = str(error), 422
    else:
        pages.learn(visitor.home, read.context)
        if read.value is None:
            said = read.refusal.message if read.refusal else "nothing was read"
            is_wrong = read.refusal is not None and read.refusal.code is ExitCode.USAGE
            problem, found = (said, ()) if is_wrong else ("", (sections.note("explained", "Not known", said),))
        else:
            found = sections.explained(read.value)
            if not read.value.symbol:
                found = (sections.denials(read.value), *found)
    frame = pages.frame(request, visitor, "explain", "Explain")
    return pages.html(
        visitor,
        "explain.html",
        frame,
        status,
        found=found,
        looks=(),
        problem=problem,
        symbol=symbol[:20],
        session=session[:10],
    )


def _report(pages: PageMaker, request: Request, visitor: Visitor, period: Period) -> Response:
    read = pages.reads(visitor.home).report(AskedPeriod(period))
    pages.learn(visitor.home, read.context)
    frame = pages.frame(request, visitor, "report", "Report")
    choices = tuple(
        (text, in_home("/report", frame.account, period=each.value), each is period) for each, text in PERIODS
    )
    file = in_home("/report/file", frame.account, period=period.value)
    if read.value is None or read.context is None:
        said = read.refusal.message if read.refusal else "nothing was read"
        nothing = (sections.note("report", "Not known", said),)
        return pages.html(
            visitor, "report_page.html", frame, document=None, found=nothing, choices=choices, file="", looks=()
        )
    from tradebot.reports.html_report.report import report_document
    from tradebot.reports.statistics import by_key, statistics

    outcome, hide = read.value, pages.hide(visitor.home)
    document = report_document(outcome, read.context, by_key(statistics(outcome)), hide)
    found = tuple(
        Part(f"part-{number}", section.title, section.blocks) for number, section in enumerate(document.sections)
    )
    looks = looks_of(None, read.at, frame.now)
    return pages.html(
        visitor, "report_page.html", frame, document=document, found=found, choices=choices, file=file, looks=looks
    )


def _report_file(pages: PageMaker, visitor: Visitor, period: Period) -> Response:
    """The report as the file that `report --html` writes."""
    from tradebot.reports.html_report.report import report_html
    from tradebot.reports.statistics import statistics

    read = pages.reads(visitor.home).report(AskedPeriod(period))
    if read.value is None or read.context is None:
        return RedirectResponse(f"/report{PageMaker.bare_name(visitor).query}", 303)
    text = report_html(read.value, read.context, statistics(read.value), pages.hide(visitor.home))
    return HTMLResponse(text, headers={"Content-Security-Policy": _REPORT_POLICY})


def _day(text: str) -> date | None:
    """A date as a form sends it. Raises UsageError."""
    if not text:
        return None
    try:
        if not re.fullmatch(r"\d{4}-\d\d-\d\d", text):
            raise ValueError
        return date.fromisoformat(text)
    except ValueError as error:
        raise UsageError("The session is no date, such as 2026-11-30.") from error

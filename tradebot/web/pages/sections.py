"""The sections of the pages: typed outcomes in, blocks out. They decide nothing and read nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from itertools import chain
from typing import TYPE_CHECKING, Any, TypeVar

from tradebot.core.model.exchange_time import NEW_YORK
from tradebot.core.results.alerts import QueuedAlert
from tradebot.core.results.explain_outcome import ExplainOutcome
from tradebot.core.results.job_lines import JobLine, SessionJobs
from tradebot.core.results.listings import FillLine, ListedOrder, Listing, TradeListing
from tradebot.core.results.risk_outcome import RiskOutcome
from tradebot.core.results.status_outcome import StatusOutcome
from tradebot.reports.formatting import NOTHING, day, percent_text, signed_usd, usd
from tradebot.reports.html_report.document import Figure
from tradebot.reports.html_report.trading_figures import limits_figure
from tradebot.reports.layout import Block, Cell, Heading, Line, Page, Table, Tone, lines, table
from tradebot.reports.pages import common
from tradebot.reports.pages.alerts import alerts_page
from tradebot.reports.pages.explain import answers
from tradebot.reports.pages.listings import fills_page, orders_page, trades_page
from tradebot.reports.pages.risk import risk_page
from tradebot.reports.pages.status import JOB_TONES

if TYPE_CHECKING:
    from tradebot.core.results.report_outcome import ReportOutcome
    from tradebot.web.reads import Read

T = TypeVar("T")
L = TypeVar("L", bound=Listing[Any])

#: The charts of the first page; the report has them all.
_SHOWN_FIGURES = ("Equity", "Drawdown")


@dataclass(frozen=True, slots=True)
class Link:
    """A link beside the title of a section."""

    text: str
    address: str


@dataclass(frozen=True, slots=True)
class Part:
    """A section of a page."""

    key: str  # its id in the page
    title: str
    blocks: tuple[Block | Figure, ...]
    link: Link | None = None


def of_read(read: Read[T], make: Callable[[T], Part], key: str, title: str) -> Part:
    """The section of what was read, or why there is none."""
    if read.value is not None:
        return make(read.value)
    said = read.refusal.message if read.refusal else "nothing was read"
    return Part(key, title, (Line(f"Not known: {said}", Tone.WARN),))


def tiles(status: StatusOutcome) -> tuple[tuple[str, Cell], ...]:
    """The account in a few figures, USD; nothing that is not known."""
    found: list[tuple[str, Cell]] = []
    account, used, lost = status.account, status.used, status.if_all_stops_fill
    if account is not None:
        found.append(("equity", Cell(usd(account.equity))))
    if used is not None:
        found += [
            ("today", signed_usd(used.daily_loss.equity - used.daily_loss.base)),
            ("below its peak", Cell(percent_text(used.drawdown.fraction, 2))),
        ]
    if account is not None:
        found += [("cash", Cell(usd(account.cash))), ("buying power", Cell(usd(account.buying_power)))]
    if status.unprotected is not None:
        covered = Tone.PLAIN if status.trouble else Tone.GOOD  # what was so at an older look may not be so now
        found.append(("without a stop", Cell(usd(status.unprotected), Tone.BAD if status.unprotected else covered)))
    if lost is not None and status.positions:
        found.append(("lost if every stop fills", Cell(usd(lost.total))))
    return tuple(found)


def positions(status: StatusOutcome) -> Part:
    """The positions with stop, distance and the dollars without one."""
    blocks: tuple[Block, ...] = common.positions_table(status.positions)
    if not blocks:
        nothing = "No position is held." if status.account or not status.trouble else "No position is known."
        blocks = (Line(nothing, Tone.QUIET),)
    if status.if_all_stops_fill is not None:
        equity = status.account.equity if status.account else None
        old = status.known_at if status.trouble else None
        blocks += common.lost_at_stops(status.if_all_stops_fill, status.positions, equity, old)
    bare = _without_titles(common.bare(status.bare))
    if bare:
        blocks += (Line(f"{common.BARE} today:", Tone.STRONG), *bare)
    return Part("positions", "Positions", blocks)


def jobs(found: SessionJobs) -> Part:
    """The jobs of the newest session, at New York's times of day."""
    title = f"Jobs of {day(found.session)}" if found.session else "Jobs"
    rows = table("job | status | due | began | ~what it said", map(_job_row, found.lines))
    return Part("jobs", title, rows or (Line("No session has begun since the schedule is tracked.", Tone.QUIET),))


def _job_row(line: JobLine) -> tuple[str | Cell, ...]:
    began = f"{line.began_at.astimezone(NEW_YORK):%H:%M}" if line.began_at else NOTHING
    said = f"code {line.run_code}: {line.run_summary}" if line.run_code else line.run_summary
    status = Cell(str(line.mark), JOB_TONES.get(line.mark, Tone.PLAIN))
    return str(line.job), status, f"{line.due_at.astimezone(NEW_YORK):%H:%M}", began, said


def open_orders(found: Listing[ListedOrder], link: Link | None = None) -> Part:
    """The orders that may still fill."""
    return Part("open-orders", "Open orders", _or_nothing(orders_page(_rows(found)), "No order is open."), link)


def orders(found: Listing[ListedOrder]) -> Part:
    """The newest orders, open or not."""
    return Part("orders", "Newest orders", _or_nothing(orders_page(_rows(found)), "No order was sent yet."))


def trades(found: TradeListing) -> Part:
    """The newest round trips."""
    return Part("trades", "Newest round trips", _or_nothing(trades_page(_rows(found)), "No round trip is over yet."))


def open_trades(found: TradeListing) -> Part:
    """The round trips that are open."""
    return Part("open-trades", "Open round trips", _or_nothing(trades_page(_rows(found)), "None is open."))


def fills(found: Listing[FillLine]) -> Part:
    """The newest fills."""
    return Part("fills", "Newest fills", _or_nothing(fills_page(_rows(found)), "Nothing was filled yet."))


def risk(found: RiskOutcome) -> Part:
    """The use of the limits as bars, and what the account has at stake."""
    blocks = list(_without_titles(risk_page(replace(found, trouble="", known_at=None))))
    if found.limits_used:
        numbers = next((each for each in blocks if isinstance(each, Table)), None)
        bars = limits_figure("Use of each limit", "The mark is the limit.", found.limits_used)
        shown: list[Block | Figure] = [replace(bars, table=numbers), *(each for each in blocks if each is not numbers)]
        return Part("risk", "Risk against the limits", tuple(shown))
    return Part("risk", "Risk against the limits", tuple(blocks))


def equity(report: ReportOutcome | None, link: Link) -> Part:
    """Equity and drawdown as the report draws them; None: they are being drawn."""
    title = "Equity and drawdown of the year"
    if report is None:
        return Part("equity", title, (Line("The charts are being drawn.", Tone.QUIET),), link)
    from tradebot.reports.html_report.figures import figures  # needs packages that take long to import

    shown = tuple(each for each in figures(report) if each.title in _SHOWN_FIGURES)
    nothing = Line("A chart needs two closes, and no more than one is recorded.", Tone.QUIET)
    return Part("equity", title, shown or (nothing,), link)


def denials(found: ExplainOutcome) -> Part:
    """What was not done in a session, with the numbers that a rule compared."""
    denied = table(
        "symbol | ~why | code | strategy",
        ((row.symbol, row.message, row.code, row.strategy) for row in found.decisions if row.outcome == "denied"),
    )
    title = f"Not done on {day(found.session)}, and why" if found.session else "Not done, and why"
    return Part("denials", title, denied or (Line("Nothing was denied.", Tone.QUIET),))


def explained(found: ExplainOutcome) -> tuple[Part, ...]:
    """The answers for a symbol, or a line for each symbol of a session."""
    if found.symbol:
        pages = (parts_of(answers(told), f"answer-{number}") for number, told in enumerate(found.days, 1))
        return tuple(chain.from_iterable(pages))
    rows = table("symbol | ~what happened", ((told.symbol, told.line) for told in found.days))
    nothing = Line("Nothing happened in this session.", Tone.QUIET)
    return (Part("story", f"What happened on {day(found.session)}", rows or (nothing,)),)


def alerts(found: Iterable[QueuedAlert]) -> Part:
    """Alerts, the newest first, and whether they reached somebody."""
    return Part("alerts", "Alerts", alerts_page(tuple(found)[::-1]))


def parts_of(page: Page, key: str) -> tuple[Part, ...]:
    """The sections of a page that a terminal shows, one for each heading."""
    found: list[tuple[str, list[Block]]] = []
    for block in page:
        if isinstance(block, Heading):
            found.append((block.text, []))
        elif found:
            found[-1][1].append(block)
    return tuple(
        Part(f"{key}-{number}", title, tuple(blocks)) for number, (title, blocks) in enumerate(found, 1) if blocks
    )


def note(key: str, title: str, *texts: str) -> Part:
    """A section of sentences."""
    return Part(key, title, lines(texts))


def _rows(found: L) -> L:
    """A listing without its notes, which name options of a command."""
    return replace(found, more=False, notes=())


def _or_nothing(page: Page, otherwise: str) -> tuple[Block, ...]:
    """The blocks of a page of listings; without rows what is wrong, if anything, and ``otherwise``."""
    blocks = _without_titles(page)
    if any(isinstance(block, Table) for block in blocks):
        return blocks
    wrong = (block for block in blocks if isinstance(block, Line) and block.tone in (Tone.BAD, Tone.WARN))
    return (*wrong, Line(otherwise, Tone.QUIET))


def _without_titles(page: Page) -> tuple[Block, ...]:
    return tuple(block for block in page if not isinstance(block, Heading))

"""The pages of values as full, as empty and as odd as their types allow: whatever others wrote comes out as text."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from html.parser import HTMLParser

import pytest

from tests.reports.conftest import NOON
from tests.reports.samples import Samples
from tradebot.core.model.ledger_rows import RunStatus
from tradebot.core.model.schedule import Job
from tradebot.core.results.alerts import QueuedAlert
from tradebot.core.results.explain_outcome import ExplainOutcome
from tradebot.core.results.job_lines import SessionJobs
from tradebot.core.results.listings import FillLine, ListedOrder, Listing, TradeListing
from tradebot.core.results.needs import Need
from tradebot.core.results.outcomes import Outcome
from tradebot.core.results.risk_outcome import RiskOutcome
from tradebot.core.results.status_outcome import StatusOutcome
from tradebot.reports.layout import Cell, Line, Tone
from tradebot.web.pages import sections
from tradebot.web.pages.frame import AccountName, Frame, in_home, looks_of
from tradebot.web.pages.glance import glance, unreadable
from tradebot.web.pages.rendering import Renderer, page_script, page_style
from tradebot.web.pages.sections import Link, Part

HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>"
NAME = AccountName(HOSTILE, HOSTILE)
FRAME = Frame(
    HOSTILE, "", NAME, (NAME, AccountName("other", "")), NOON, "nonce", "csrf", "/static/pages.css", "/static/live.js",
    may_stop=True, may_act=True, events="/events",
)  # fmt: skip


class Reader(HTMLParser):
    """The tags of a page, its ids, and the attributes that could run or load anything."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.ids: list[str] = []
        self.handlers: list[str] = []
        self.labelled: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        for name, value in attrs:
            if name == "id":
                self.ids.append(value or "")
            if name == "aria-labelledby":
                self.labelled += (value or "").split()
            if name.startswith("on") or name == "style" or (value or "").startswith("javascript:"):
                self.handlers.append(name)


def every_part(values: Samples) -> tuple[Part, ...]:
    status = values.of(StatusOutcome)
    return (
        sections.positions(status),
        sections.jobs(values.of(SessionJobs)),
        sections.open_orders(values.of(Listing[ListedOrder]), Link("All", "/orders")),
        sections.orders(values.of(Listing[ListedOrder])),
        sections.trades(values.of(TradeListing)),
        sections.open_trades(values.of(TradeListing)),
        sections.fills(values.of(Listing[FillLine])),
        sections.risk(values.of(RiskOutcome)),
        sections.denials(values.of(ExplainOutcome)),
        *sections.explained(values.of(ExplainOutcome)),
        sections.alerts([values.of(QueuedAlert), values.of(QueuedAlert)]),
    )


@pytest.mark.parametrize("full", [True, False])
def test_whatever_others_wrote_comes_out_as_text(full: bool) -> None:
    values = Samples(full=full)
    status = replace(values.of(StatusOutcome), needs=(Need(HOSTILE, HOSTILE),))
    page = Renderer(str).page(
        "overview.html", FRAME, glance=glance(status), looks=looks_of(NOON, NOON, NOON), resume="/resume", at_work="",
        tiles=sections.tiles(status), accounts=None, whole=every_part(values), wide=(), narrow=(),
    )  # fmt: skip
    reader = Reader(page)
    assert reader.tags.count("script") == 1, "our own"
    assert "img" not in reader.tags
    assert reader.handlers == []
    assert len(reader.ids) == len(set(reader.ids))
    assert set(reader.labelled) <= set(reader.ids)
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page


def test_every_other_page_escapes_too() -> None:
    renderer = Renderer(lambda text: text.replace("K-SECRET", "***"))
    said = unreadable(f"K-SECRET {HOSTILE}")
    asked = {"positions": "close", "reason": HOSTILE, "name": HOSTILE, "what": HOSTILE}
    pages = (
        renderer.page("stop.html", FRAME, asked=asked, problems=(HOSTILE,), at_stake=HOSTILE, at_work=""),
        renderer.page("resume.html", FRAME, asked=asked, problems=(HOSTILE,), glance=said,
                      choices=(("account", "The account"), (f"strategy:{HOSTILE}", HOSTILE))),
        renderer.page("explain.html", FRAME, found=(), looks=(), problem=HOSTILE, symbol=HOSTILE, session=HOSTILE),
    )  # fmt: skip
    for page in pages:
        reader = Reader(page)
        assert (reader.tags.count("script"), reader.handlers, "img" in reader.tags) == (1, [], False)
    assert "K-SECRET" not in pages[1]


def test_a_part_that_cannot_be_read_says_why() -> None:
    from tradebot.errors import ExitCode
    from tradebot.web.reads import Read, Refusal

    read: Read[SessionJobs] = Read(NOON, None, refusal=Refusal(ExitCode.LEDGER, "it is locked"))
    part = sections.of_read(read, sections.jobs, "jobs", "Jobs")
    assert [block.text for block in part.blocks if isinstance(block, Line)] == ["Not known: it is locked"]


def test_addresses_name_the_home_where_there_are_several() -> None:
    assert in_home("/stop", AccountName("desk", "", is_only=True)) == "/stop"
    assert in_home("/report", AccountName("a b&c", ""), period="day") == "/report?home=a+b%26c&period=day"
    assert in_home("/report", AccountName("desk", "", is_only=True), period="day") == "/report?period=day"


def test_style_and_script_load_nothing_from_elsewhere() -> None:
    for text in (page_style(), page_script()):
        assert "http" not in text
        assert "@import" not in text
        assert "url(" not in text
    assert len(page_style() + page_script()) < 40_000


@pytest.mark.parametrize(
    ("unprotected", "trouble", "tone"),
    [("0", "", Tone.GOOD), ("0", "nobody answers", Tone.PLAIN), ("5", "nobody answers", Tone.BAD)],
)
def test_no_dollars_without_a_stop_are_good_only_as_of_now(unprotected: str, trouble: str, tone: Tone) -> None:
    status = StatusOutcome.of(Outcome(Job.STATUS, None, RunStatus.RAN, ""), trouble=trouble)
    told = dict(sections.tiles(replace(status, unprotected=Decimal(unprotected))))["without a stop"]
    assert isinstance(told, Cell)
    assert told.tone is tone

"""The first page: an account at a glance."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from tradebot.core.model.halts import HaltRule, HaltSource
from tradebot.core.results.listings import Selection
from tradebot.core.results.status_outcome import StatusOutcome
from tradebot.errors import ExitCode
from tradebot.reports.layout import Cell
from tradebot.web.pages import sections
from tradebot.web.pages.frame import Look, looks_of
from tradebot.web.pages.glance import Glance, glance, unreadable, waiting
from tradebot.web.pages.sections import Link, Part

if TYPE_CHECKING:
    from tradebot.core.results.report_outcome import ReportOutcome
    from tradebot.runtime.homes import HomeContext
    from tradebot.web.reads import HomeReads, Read

#: The codes of a status of a home that cannot be read.
_UNREADABLE = (ExitCode.LEDGER, ExitCode.CONFIG)


@dataclass(frozen=True, slots=True)
class Overview:
    """What the first page shows of an account."""

    glance: Glance
    tiles: tuple[tuple[str, Cell], ...]
    whole: tuple[Part, ...]
    wide: tuple[Part, ...]
    narrow: tuple[Part, ...]
    asked_at: datetime | None  # when the broker was asked (aware UTC); None: it was not
    read_at: datetime | None  # when the ledger was read (aware UTC); None: it has not been
    context: HomeContext | None = None  # of the account, where the ledger tells it

    @classmethod
    def unknown(cls, read_at: datetime | None) -> Overview:
        """Of an account whose ledger has not answered so far. ``read_at``: when it last did."""
        return cls(waiting(), (), (), (), (), None, read_at)

    @property
    def shown(self) -> object:
        """What differs if anything but an age does."""
        return (self.glance, self.tiles, self.whole, self.wide, self.narrow)

    def looks(self, now: datetime) -> tuple[Look, ...]:
        """When each source was asked, for people."""
        return looks_of(self.asked_at, self.read_at, now) if self.read_at else ()


def overview(reads: HomeReads, report: ReportOutcome | None, orders: Link, whole_report: Link) -> Overview:
    """Read what the first page shows. ``report``: of its charts; None while they are drawn."""
    read = reads.status()
    status = read.value
    state = glance_of(read)
    asked = (read.looked_at, read.at, read.context)
    if status is None or not state.is_readable:
        known = (sections.positions(status),) if status is not None and status.positions else ()
        return Overview(state, sections.tiles(status) if status else (), known, (), (), *asked)
    wide = (
        sections.of_read(
            reads.orders(Selection(only_open=True, limit=100)),
            lambda found: sections.open_orders(found, orders),
            "open-orders",
            "Open orders",
        ),
        sections.equity(report, whole_report),
    )
    narrow = (
        sections.of_read(reads.jobs(), sections.jobs, "jobs", "Jobs"),
        sections.of_read(reads.risk(), sections.risk, "risk", "Risk against the limits"),
    )
    return Overview(state, sections.tiles(status), (sections.positions(status),), wide, narrow, *asked)


def glance_of(read: Read[StatusOutcome]) -> Glance:
    """The state by what was read of it."""
    if read.value is None:
        return unreadable(read.refusal.message if read.refusal else "nothing was read")
    for code in _UNREADABLE:
        if code in read.value.codes:
            of_records = (HaltSource.LEDGER, HaltRule.UNREADABLE)
            halts = (halt for halt in read.value.halts if (halt.source, halt.rule) != of_records)
            return unreadable(read.value.trouble or read.value.headline, halts, code)
    return glance(read.value)

"""Makes the pages of a server: the frame of each, and what takes too long for a request in the background."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING, TypeVar

from starlette.responses import HTMLResponse

from tradebot.core.model.account_numbers import shown_number
from tradebot.core.results.report_periods import AskedPeriod, Period
from tradebot.core.results.web_access import Scope
from tradebot.errors import TradebotError
from tradebot.web.events import Seen, StatusFeed
from tradebot.web.latest import Latest, of_now
from tradebot.web.pages.accounts import AccountLine, account_lines
from tradebot.web.pages.frame import AccountName, Frame, in_home
from tradebot.web.pages.overview import Overview, overview
from tradebot.web.pages.rendering import Renderer, fingerprint, script_address, style_address
from tradebot.web.pages.sections import Link

if TYPE_CHECKING:
    from starlette.requests import Request

    from tradebot.core.results.report_outcome import ReportOutcome
    from tradebot.core.results.status_outcome import StatusOutcome
    from tradebot.runtime.homes import HomeContext
    from tradebot.web.access.visitors import Visitor
    from tradebot.web.homes import ServedHome
    from tradebot.web.reads import HomeReads, Read
    from tradebot.web.site import Site

T = TypeVar("T")
#: Seconds after which the charts are drawn again.
_CHARTS_KEPT = 60.0
#: Seconds for which a page waits for its charts.
_CHARTS_WAIT = 0.25
#: Seconds after which a status is read again for a page.
_AGAIN = 1.0
#: Seconds for which a page waits for a ledger: one that was read just now, and one of which nothing is known yet.
_WAIT, _FIRST_WAIT = 0.3, 1.5
#: Seconds for which a stream waits for a ledger: longer than a ledger that hangs is waited for.
_STREAM_WAIT = 10.0


@dataclass(frozen=True, slots=True)
class FirstPage:
    """The first page: an account at a glance, and a line for each where there are several."""

    overview: Overview
    accounts: tuple[AccountLine, ...]  # empty where there is no other
    is_known: bool  # whether the ledger has answered

    @property
    def version(self) -> str:
        """What differs if anything but an age does."""
        return fingerprint(repr((self.overview.shown, *(line.seen for line in self.accounts))))

    @property
    def seen(self) -> Seen:
        """The same for the event stream."""
        found = self.overview
        looks = {"ledger": found.read_at, "broker": found.asked_at}
        return Seen(self.version, {key: at for key, at in looks.items() if at})


class PageMaker:
    """The pages of a server. It blocks: it is called in threads."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._homes: dict[str, _HomePages] = {}
        self._lock = Lock()

    def reads(self, home: ServedHome) -> HomeReads:
        """The reads of a home."""
        return self._site.reads.of(home.path)

    def frame(
        self, request: Request, visitor: Visitor, here: str, title: str, *, is_live: bool = False, version: str = ""
    ) -> Frame:
        """The frame of a page for whoever asks."""
        names = {each.folder: self._name(each, len(visitor.homes)) for each in visitor.homes}
        account = names[visitor.home.folder]
        return Frame(
            title=title,
            here=here,
            account=account,
            accounts=tuple(names.values()),
            now=self._site.clock.wall(),
            nonce=request.state.nonce,
            csrf=visitor.csrf,
            style=style_address(),
            script=script_address(),
            may_look=visitor.may(Scope.READ),
            may_stop=visitor.may(Scope.STOP),
            may_act=visitor.may(Scope.ACT),
            events=in_home("/events", account) if is_live else "",
            version=version,
            reload_seconds=30 if is_live else 0,
        )

    def html(self, visitor: Visitor, template: str, frame: Frame, status: int = 200, **values: object) -> HTMLResponse:
        """A page as a response, with the secrets of its home masked."""
        return HTMLResponse(self._of(visitor.home).renderer.page(template, frame, **values), status)

    def first_page(self, visitor: Visitor) -> FirstPage:
        """The first page of the visitor's home. A ledger that hangs holds it up for a moment alone."""
        pages = self._of(visitor.home)
        found = pages.at_once(pages.overview)
        if found is not None:
            self.learn(visitor.home, found.context)
        return self._first_page(visitor.home, visitor.homes, found)

    def status(self, home: ServedHome) -> Read[StatusOutcome] | None:
        """The status of a home; None where ledger or broker do not answer at once."""
        found = of_now(self._of(home).latest.get(_WAIT))
        if found is not None:
            self.learn(home, found.context)
        return found

    def feed(self, visitor: Visitor) -> StatusFeed:
        """The status of the visitor's home as events, and of the other homes that the visitor may see."""
        home, homes = visitor.home, visitor.homes
        pages = self._of(home)

        def look() -> Seen:
            return self._first_page(home, homes, of_now(pages.overview.get(_STREAM_WAIT))).seen

        with self._lock:
            return pages.feeds.setdefault(homes, StatusFeed(look))

    def hide(self, home: ServedHome) -> Callable[[str], str]:
        """What masks the secrets of a home."""
        return self._of(home).hide

    def look_again(self, home: ServedHome, action_id: str) -> None:
        """Let the next page ask the broker anew: a command has ended. Once for each."""
        kept = self._of(home)
        if action_id not in kept.ended:
            kept.ended.append(action_id)
            kept.reads.look_again()
            kept.latest.forget()
            kept.overview.forget()

    @staticmethod
    def bare_name(visitor: Visitor) -> AccountName:
        """The account of a visitor, for addresses."""
        return AccountName(visitor.home.name, "", is_only=len(visitor.homes) == 1)

    def learn(self, home: ServedHome, context: HomeContext | None) -> None:
        """Keep how an account is called: it is shown where its home cannot be read."""
        if context is not None and context.broker:
            number = shown_number(context.broker, context.mode, context.account_id)
            known = f"{context.mode} at {context.broker}" if context.mode != context.broker else "embedded exchange"
            self._of(home).label = ", ".join(filter(None, (known, number)))

    def _name(self, home: ServedHome, count: int) -> AccountName:
        return AccountName(home.name, self._of(home).label, is_only=count == 1)

    def _overview(self, home: ServedHome) -> Overview:
        account = AccountName(home.name, "", is_only=len(self._site.homes.all()) == 1)
        return overview(
            self.reads(home),
            self._of(home).charts(),
            Link("All orders", in_home("/orders", account)),
            Link("The whole report", in_home("/report", account)),
        )

    def _first_page(self, home: ServedHome, homes: tuple[ServedHome, ...], found: Overview | None) -> FirstPage:
        """``found``: None where the ledger has not answered so far."""
        before = self._of(home).overview.newest()
        shown = found or Overview.unknown(before.value.read_at if before else None)
        others = homes if len(homes) > 1 else ()
        accounts = tuple((AccountName(each.name, ""), self._of(each).latest) for each in others)
        return FirstPage(shown, account_lines(accounts), found is not None)

    def _of(self, home: ServedHome) -> _HomePages:
        with self._lock:
            if home.folder not in self._homes:
                self._homes[home.folder] = _HomePages(self.reads(home), lambda: self._overview(home))
            return self._homes[home.folder]


class _HomePages:
    """What is kept of a home between two pages."""

    def __init__(self, reads: HomeReads, overview: Callable[[], Overview]) -> None:
        self.label = ""
        self.ended: deque[str] = deque(maxlen=50)  # ids of actions after whose end the broker was asked anew
        self.reads = reads
        self.renderer = Renderer(self.hide)
        self.feeds: dict[tuple[ServedHome, ...], StatusFeed] = {}  # by the homes that a visitor may see
        self.latest = Latest("the status of an account", reads.status, _AGAIN)
        self.overview = Latest("the first page", overview, _AGAIN)
        self._charts = Latest("the charts", lambda: reads.report(AskedPeriod(Period.YEAR)).value, _CHARTS_KEPT)

    def charts(self) -> ReportOutcome | None:
        """The report of the charts; None while they are drawn for the first time."""
        known = self._charts.get(0.0 if self._charts.newest() else _CHARTS_WAIT)
        return known.value if known else None

    def at_once(self, latest: Latest[T]) -> T | None:
        """The newest value; None where the ledger does not answer at once. A look that has to be waited for is."""
        known = latest.newest()
        is_known = known is not None and known.tells_of_now
        return of_now(latest.get(_WAIT if is_known else _FIRST_WAIT + self.reads.wait_left()))

    def hide(self, text: str) -> str:
        """The text with secrets masked; as it is where the settings cannot be read, and no secret is known."""
        try:
            return self.reads.redact(text)
        except TradebotError:
            return text

"""What the server is wired from. The routes take it, and ``make_site`` alone makes it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tradebot.runtime.clocks import SystemClock, seconds_with_sleep
from tradebot.runtime.known_homes import listed_homes, own_home
from tradebot.web.access.access import Access, access_of
from tradebot.web.access.alerting import WrongTokenAlerts
from tradebot.web.access.origin import OriginRules
from tradebot.web.access.wrong_tokens import WrongTokens
from tradebot.web.actions import Actions
from tradebot.web.homes import Homes
from tradebot.web.reads import ReadsOfHomes
from tradebot.web.streams import Streams

if TYPE_CHECKING:
    from tradebot.ports import Clock
    from tradebot.settings import GlobalOptions, Settings
    from tradebot.web.access.guard import Told


@dataclass(frozen=True, slots=True)
class Site:
    """The wired parts of a server."""

    options: GlobalOptions  # of the command that serves
    settings: Settings  # of the server's own home
    homes: Homes
    actions: Actions
    reads: ReadsOfHomes
    access: Access
    clock: Clock
    rules: OriginRules
    tell: Told
    wrong_tokens: WrongTokens = field(default_factory=lambda: WrongTokens(seconds_with_sleep))
    streams: Streams = field(default_factory=Streams)

    @property
    def has_page(self) -> bool:
        """Whether it serves the page, with its login. Without it only tokens open anything."""
        return self.settings.enable_dashboard

    @property
    def cookie(self) -> str:
        """The name of the session's cookie; "" without sessions. A host's cookies are the same on every port."""
        return f"tradebot_{self.settings.web_port}" if self.has_page else ""


def make_site(options: GlobalOptions, settings: Settings) -> Site:
    """Wire a server. Raises ConfigError for a wrong --home."""
    clock = SystemClock()
    return Site(
        options=options,
        settings=settings,
        homes=Homes(str(own_home(options)), lambda: listed_homes(options).places),
        actions=Actions(options),
        reads=ReadsOfHomes(options),
        access=access_of(settings, clock),
        clock=clock,
        rules=OriginRules(frozenset(name.lower() for name in settings.web_allowed_hosts), settings.web_trusted_proxy),
        tell=WrongTokenAlerts(settings, clock),
    )

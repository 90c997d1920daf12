"""What every page has around its content: the accounts, the links, and the addresses of style and script."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from urllib.parse import urlencode

from tradebot.web.pages.glance import age_text

#: The pages with their titles: the first is the root.
PAGES = (
    ("", "Status"),
    ("orders", "Orders"),
    ("trades", "Trades"),
    ("alerts", "Alerts"),
    ("explain", "Explain"),
    ("report", "Report"),
)


@dataclass(frozen=True, slots=True)
class AccountName:
    """An account as the pages name it: by its home, which is typed to confirm a stop."""

    name: str
    label: str  # broker, mode and number, as far as known
    is_only: bool = False  # whether the visitor may see no other

    @property
    def query(self) -> str:
        """What names it in the address of a page; "" where there is no other."""
        return "" if self.is_only else f"?{urlencode({'home': self.name})}"


def in_home(path: str, account: AccountName, **query: str) -> str:
    """The address of a page of an account."""
    more = urlencode({name: value for name, value in query.items() if value})
    joined = f"{'&' if account.query else '?'}{more}" if more else ""
    return f"{path}{account.query}{joined}"


@dataclass(frozen=True, slots=True)
class Look:
    """When something was asked, for people."""

    key: str  # "broker" or "ledger"
    what: str  # "Asked of the broker"
    at: datetime  # aware UTC
    age: str

    @classmethod
    def of(cls, key: str, what: str, at: datetime, now: datetime) -> Look:
        """A look of an instant, as old as it is now."""
        return cls(key, what, at, age_text(max(timedelta(), now - at), at))


def looks_of(asked_at: datetime | None, read_at: datetime, now: datetime) -> tuple[Look, ...]:
    """When the broker was asked, if it was, and when the ledger was read, for people."""
    read = Look.of("ledger", "ledger read" if asked_at else "Ledger read", read_at, now)
    return (Look.of("broker", "Broker asked", asked_at, now), read) if asked_at else (read,)


@dataclass(frozen=True, slots=True)
class Frame:
    """The frame of one page for one visitor."""

    title: str
    here: str  # the key of its page
    account: AccountName
    accounts: tuple[AccountName, ...]
    now: datetime  # aware UTC
    nonce: str
    csrf: str
    style: str  # the address of the style sheet
    script: str  # the address of the script
    may_look: bool = True  # whether the visitor may see more than the stop
    may_stop: bool = False
    may_act: bool = False
    events: str = ""  # the address of the status events; "" for a page that does not change
    version: str = ""  # of what is shown
    reload_seconds: int = 0  # after how long the page is loaded again without a script; 0: never

    @property
    def pages(self) -> tuple[tuple[str, str, str], ...]:
        """Key, title and address of each page that the visitor may see."""
        return tuple((key, title, f"/{key}{self.account.query}") for key, title in PAGES) if self.may_look else ()

    def reloading(self, seconds: int) -> Frame:
        """The same of a page that is loaded again after so many seconds where no script runs."""
        return replace(self, reload_seconds=seconds)

"""What the processes of one world share: the home's files, the broker, and the eyes of those who watch."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from tests.worlds.doors import Door, Opening
from tests.worlds.eyes import Eyes, FileEyes
from tests.worlds.ledgers import LedgerOpening, WorldLedger
from tests.worlds.market import Market, TakenIn
from tests.worlds.moment import Moment
from tests.worlds.real_life import LateRows, kind_of
from tests.worlds.story import Story
from tests.worlds.venue import Venue
from tests.worlds.world import World
from tradebot.brokers.paper import PaperBroker, PaperExchange
from tradebot.core.model.limits import Limits
from tradebot.core.model.order_ids import account_hash
from tradebot.home import paths
from tradebot.market.calendar import NyseCalendar
from tradebot.settings import Settings
from tradebot.settings.ledger_location import LedgerLocation

_ACTIVITIES = (
    "SELECT a.*, o.client_order_id, o.side FROM activities a LEFT JOIN orders o ON o.number = a.order_number"
    " WHERE a.number > CAST(? AS INTEGER) ORDER BY a.number"
)


@dataclass(slots=True)
class Town:
    """A world under way. ``at_work`` are the processes that hold the lock just now, ``accepted`` every order of ours
    that the exchange has taken in, by its client_order_id, in order.
    """

    world: World
    market: Market
    home: Path
    venue: Venue
    door: Door
    book: WorldLedger
    exchange: Eyes
    session: date
    story: Story = field(default_factory=Story)
    at_work: list[str] = field(default_factory=list)
    accepted: list[str] = field(default_factory=list)
    by_hand: int = 0  # orders that a person has sent
    stops: int = 0  # emergency stops so far, each with a journal of its own
    told_up_to: int = 0  # the newest activity of the exchange that the story tells
    volumes: dict[tuple[str, date], int] = field(default_factory=dict)  # of halted symbols, as strategies see them
    is_renamed: bool = False
    moments: list[Moment] = field(default_factory=list)  # each at which a process has read the account
    halts_checked: int = 0  # the newest halt in the ledger whose cause was looked for
    rows_late: int = 0  # processes that ended while a row was not shown
    opened: bool = False  # whether the ledger has its opening
    misread: bool = False  # whether the opening was made of an untrue answer that was given twice
    failures: int = 0  # processes of counted jobs that did not end well

    def tell_activities(self) -> None:
        """Put into the story what has happened at the exchange since it was told last."""
        for row in self.exchange.rows(_ACTIVITIES, str(self.told_up_to)):
            self.told_up_to = row["number"]
            detail = f"{row['side']} {row['quantity']} {row['symbol']} @ {row['price']} for {row['client_order_id']}"
            if row["kind"] == "bust":
                detail = f"of A-{row['reverses']:09d}"
            elif row["kind"] != "fill":
                detail = f"{row['symbol'] or ''} {row['note'] or row['ratio'] or ''} {row['amount'] or ''}"
            self.story.tell(f"      exchange, {row['at'][11:19]}: {row['kind']} {detail}")

    def name_of(self, symbol: str) -> str:
        """The present name of a symbol."""
        renamed = self.world.renamed
        return f"{symbol}X" if self.is_renamed and renamed is not None and renamed[0] == symbol else symbol

    def close_of(self, symbol: str, session: date) -> Decimal:
        """The newest close of a symbol, under any of its names, at the end of a session, USD a share."""
        closes = self.market.closes
        listed = symbol if symbol in self.market.listed else symbol.removesuffix("X")
        while (listed, session) in self.world.halted:
            session = self.market.after(session, -1)
        return closes[listed, session]

    @property
    def limits(self) -> Limits:
        """The limits of the home."""
        settings: dict[str, Any] = dict(self.world.settings)
        return replace(Settings(tradebot_home=self.home), **settings).limits()

    def missing_rows(self) -> frozenset[str]:
        """The kinds of activities whose rows the broker does not show, though they happened since the first run."""
        with self.venue.exchange() as exchange:
            every, rows = PaperBroker(exchange).activities(None), self.venue.rows
        return frozenset(kind_of(activity) for activity in every if rows.hides(activity, self.session))

    @property
    def ours(self) -> str:
        """What the ids of our orders name the account by."""
        return account_hash(self.door.account_key)

    @property
    def ledger(self) -> Eyes:
        return self.book.eyes

    @property
    def database(self) -> LedgerLocation:
        return self.book.location

    @property
    def latch_file(self) -> Path:
        return paths.latch_file(self.home)

    @property
    def state_path(self) -> Path:
        """The user's folder, where the locks of accounts lie."""
        return self.home / "user"


@contextmanager
def found(world: World, market: Market, home: Path, opening: Opening, keeping: LedgerOpening) -> Iterator[Town]:
    """Lay out a home with an exchange at the world's first session and a ledger in which nothing is written.

    Both are watched throughout: a connection that stays open also keeps SQLite from tidying up after each run.
    """
    exchange = paths.exchange_file(home)
    exchange.parent.mkdir(parents=True)
    shutil.copyfile(market.exchange_file, exchange)
    with PaperExchange.reset(
        exchange, TakenIn(), NyseCalendar(), world.rules, durable=False, account_id="PAPER-0002"
    ) as made:
        session = made.session()
    with (
        keeping(market, home) as ledger,
        closing(FileEyes(exchange)) as of_exchange,
        Venue(exchange, world.rules, LateRows(world, market.sessions)) as venue,
        opening(world, venue) as door,
    ):
        yield Town(world, market, home, venue, door, ledger, of_exchange, session)

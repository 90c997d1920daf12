"""The home of a command: whether it is initialised, and its pinned account."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from difflib import SequenceMatcher
from pathlib import Path

from tradebot.core.model.account_numbers import shown_number
from tradebot.core.model.exchange_time import new_york_date
from tradebot.core.model.ledger_rows import PinnedAccount
from tradebot.core.model.values import plural
from tradebot.core.safety.schedule_status import ScheduleClock
from tradebot.errors import Blocked, ConfigError, LedgerError, Problem
from tradebot.home import paths, registry
from tradebot.ledger.database import Database, open_database, open_without_migrating
from tradebot.ports import Broker, Clock
from tradebot.runtime.home_in_ledger import (
    is_in_ledger,
    is_inside,
    ledger_home,
    pinned_account_of,
    place_text,
    refuse_unjoined,
)
from tradebot.runtime.state_folder import leave_origin, lost_state, stamp
from tradebot.settings import (
    BrokerName,
    GlobalOptions,
    Loaded,
    PaperAdvance,
    Settings,
    TradingMode,
    inspect,
    load_for,
    process_environment,
)
from tradebot.settings.ledger_location import LedgerLocation

#: Known homes that are told where a home is none.
_SHOWN_HOMES = 5


@dataclass(frozen=True, slots=True)
class HomeContext:
    """The home, broker and account that every acting command prints first."""

    home: Path
    broker: str
    mode: str
    account_id: str
    database: LedgerLocation
    logs: Path


def configuration(options: GlobalOptions) -> Loaded:
    """The settings of the home that the options name. Raises ConfigError with every problem."""
    return load_for(options, process_environment())


def known_homes(settings: Settings) -> tuple[Path, ...]:
    """The homes that this user has initialised."""
    return registry.existing_homes(settings.state_path)


def is_home(settings: Settings) -> bool:
    """Whether the folder is a home: it has the marker in its state folder, or a ledger, whose state folder is lost.

    Raises ConfigError if it cannot be read.
    """
    return paths.is_initialised(settings.home) or is_in_ledger(settings)


def is_fresh(settings: Settings, *, makes_home: bool) -> bool:
    """Whether the home may have to be made. Raises ConfigError if the command must not make one.

    Nor is one made in the ledger of other homes, which it has to join.
    """
    if paths.is_initialised(settings.home):
        return False
    if makes_home:
        _refuse_to_make_unjoined(settings)
        return True
    _require_home(settings)
    return False


def _refuse_to_make_unjoined(settings: Settings) -> None:
    if is_inside(settings):
        return
    try:
        database = open_without_migrating(settings.ledger)
    except LedgerError:
        return  # what opens it to write says what is wrong with it
    with closing(database):
        refuse_unjoined(settings, database)


def require_home(options: GlobalOptions, *, or_listed: bool = False) -> None:
    """Raise ConfigError unless the folder is a home; with ``or_listed``, one that was once will do.

    Its settings need not be valid.

    What is wrong with them is told too: a wrong DATABASE_URL hides the ledger that would make the folder a home.
    """
    inspected = inspect(options, process_environment())
    settings = inspected.loaded.settings
    if or_listed and registry.is_listed(settings.state_path, settings.home):
        return
    try:
        _require_home(settings)
    except ConfigError as error:
        raise ConfigError([*inspected.problems, *error.problems]) from None


def _require_home(settings: Settings) -> None:
    if is_home(settings):
        return
    homes = _nearest(settings.home, known_homes(settings))
    raise ConfigError(
        [
            Problem(
                "home",
                f"{settings.home} was never initialised",
                "Give the right one with --home or TRADEBOT_HOME, or make one with `tradebot init-db` or "
                f"`tradebot run-daily`. Known homes:{homes or ' none yet'}",
            )
        ]
    )


def _nearest(home: Path, known: Iterable[Path]) -> str:
    """The known homes that are most like one that is none, each in a line, and how many others there are."""
    ranked = sorted(known, key=lambda each: -SequenceMatcher(None, str(each), str(home)).ratio())
    shown = "".join(f"\n  {each}" for each in ranked[:_SHOWN_HOMES])
    others = len(ranked) - _SHOWN_HOMES
    return f"{shown}\n  and {plural(others, 'other')}" if others > 0 else shown


def register_home(settings: Settings, database: Database) -> None:
    """Mark the folder as a home and register it for this user. Its exchange and its ledger exist already."""
    stamp(settings, database)
    registry.add(settings.state_path, settings.home)


def refuse_other_brokers(settings: Settings, command: str) -> None:
    """Raise ConfigError for a command of the embedded exchange in a home of another broker."""
    if settings.broker is not BrokerName.PAPER:
        what = f"`tradebot {command}` works on the embedded exchange, and this home trades at {settings.broker}"
        fix = "Set BROKER=paper for this command (a home may hold accounts of both), or name another home with --home."
        raise ConfigError([Problem("BROKER", what, fix)])


def make_ledger(
    settings: Settings, broker: Broker, clock: Clock, *, new_account: bool = False, joins: Joining | None = None
) -> str:
    """Make the home's ledger if there is none, pin the broker's account, and register the home. Returns the account id.

    A ``new_account`` replaces the pinned one. Raises Blocked, ConfigError for the ledger of other homes without
    ``joins``, and LedgerError.
    """
    account_id = broker.account().account_id
    with closing(open_database(settings.ledger, create=not paths.is_initialised(settings.home))) as database:
        if lost_state(settings, database) is None:
            if joins is None:
                refuse_unjoined(settings, database)
            else:
                leave_origin(settings, database)
            register_home(settings, database)
        if new_account:
            _pin(settings, database, broker, account_id, clock)
        shared = joins is not None and joins.account == account_id
        pin(settings, database, broker, account_id, clock, schedule_clock(settings), shared=shared)
    return account_id


@dataclass(frozen=True, slots=True)
class Joining:
    """A home joins the ledger of other homes. ``account``: the id of an account of theirs that it is to trade too."""

    account: str | None = None


def account_on_this_machine(settings: Settings, key: str) -> str:
    """The name of the user's lock on an account: two homes may share an embedded exchange, or an account name."""
    if settings.broker is BrokerName.PAPER:
        file = paths.exchange_file(settings.home)
    elif settings.trading_mode is TradingMode.PAPER:
        file = paths.live_exchange_file(settings.home, settings.broker)
        if not file.exists():  # the broker has paper accounts of its own
            return key
    else:
        return key
    return f"{key} at {file.resolve()}"


def other_account_text(broker: Broker, pinned: str, account_id: str) -> str:
    """A sentence on a broker that shows another account than the one that is pinned. Secret numbers are masked."""
    ours = shown_number(broker.name, broker.mode, pinned, account_id)
    theirs = shown_number(broker.name, broker.mode, account_id, pinned)
    return (
        f"this home belongs to account {ours} at {broker.name} ({broker.mode}), but the broker shows account {theirs}."
    )


def account_key(broker: Broker, account_id: str) -> str:
    """The key of an account, which each of its rows carries."""
    return f"{broker.name}:{broker.mode}:{account_id}"


def schedule_clock(settings: Settings) -> ScheduleClock:
    """The clock of the schedule: the exchange's where a person begins its sessions, else the real one."""
    by_hand = settings.broker is BrokerName.PAPER and settings.paper_advance is PaperAdvance.MANUAL
    return ScheduleClock.EXCHANGE if by_hand else ScheduleClock.REAL


def pin(
    settings: Settings,
    database: Database,
    broker: Broker,
    account_id: str,
    clock: Clock,
    schedule_clock: ScheduleClock = ScheduleClock.EXCHANGE,
    *,
    shared: bool = False,
) -> None:
    """Pin the account at first use, and begin to track its schedule. Raises Blocked for another account later.

    The account of another home is refused too, unless it is ``shared`` on purpose.
    """
    pinned = pinned_account_of(settings, database)
    if pinned is None:
        if not shared:
            _refuse_others_account(settings, database, broker, account_id)
        _pin(settings, database, broker, account_id, clock)
        since = clock.wall() if schedule_clock is ScheduleClock.REAL else clock.now()
        database.bind(account_key(broker, account_id)).schedule.start_tracking(
            schedule_clock, since, new_york_date(since)
        )
    elif pinned.account_id != account_id:
        raise Blocked(
            f"{other_account_text(broker, pinned.account_id, account_id)} Nothing is sent. Check the keys or the "
            "login, or use another --home for another account."
        )


def _refuse_others_account(settings: Settings, database: Database, broker: Broker, account_id: str) -> None:
    owners = database.pinned_accounts.homes_of(account_key(broker, account_id))
    places = [place_text(home) for home in database.homes.all() if home.home_id in owners]
    if not places:
        return
    fix = "Begin a new one with `tradebot paper reset`."
    if broker.name != BrokerName.PAPER:
        fix = f"Check the keys. To trade it from here too, run `tradebot init-db --join --account {account_id}`."
    raise Blocked(
        f"account {account_id} at {broker.name} ({broker.mode}) is that of another home in this ledger: "
        f"{', '.join(places)}. Nothing is sent. {fix}"
    )


def _pin(settings: Settings, database: Database, broker: Broker, account_id: str, clock: Clock) -> None:
    """Pin an account. One that is new in this ledger begins with the broker's statement."""
    account = PinnedAccount(account_key(broker, account_id), broker.name, broker.mode, account_id, clock.now())
    database.pinned_accounts.pin(ledger_home(settings, database), account, opening_due=True)


def home_context(settings: Settings, broker: Broker, account_id: str) -> HomeContext:
    """The context of a home with its account at the broker."""
    return HomeContext(settings.home, broker.name, broker.mode, account_id, settings.ledger, settings.log_path)

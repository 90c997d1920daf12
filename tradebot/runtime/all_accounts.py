"""Reads every account of the ledgers of all known homes, without a key, a lock or a broker."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from tradebot.core.model.account_numbers import shown_number
from tradebot.core.model.halts import Halt, level_of
from tradebot.core.model.ledger_rows import EquityPoint, PinnedAccount
from tradebot.core.model.values import ZERO
from tradebot.core.results.account_lines import AccountLine, AllAccounts
from tradebot.errors import TradebotError
from tradebot.home import paths
from tradebot.home.latch import AccountLatch, HomeLatch
from tradebot.jobs.positions import known_positions
from tradebot.ledger.database import AccountLedger, Database, may_exist
from tradebot.ledger.homes import KnownHome
from tradebot.ledger.read_only import open_read_only
from tradebot.runtime.home_in_ledger import is_inside, place_text
from tradebot.runtime.known_homes import homes_with_accounts, known_homes, own_home, settings_of
from tradebot.settings import GlobalOptions, Settings


@dataclass(frozen=True, slots=True)
class _Read:
    accounts: tuple[AccountLine, ...] = ()
    missing: tuple[str, ...] = ()


def all_accounts(options: GlobalOptions) -> AllAccounts:
    """Every account of every ledger that the known homes use, and of the one that the settings name.

    Raises ConfigError for a wrong --home.
    """
    known, own = known_homes(options), settings_of(own_home(options), options)
    missing = [*known.unknown]
    ledgers: dict[str, Settings] = {}
    if not is_inside(own) and may_exist(own.ledger):  # a machine that only looks has no home
        ledgers[str(own.ledger)] = own
    for place in known.places:
        if not place.trouble:
            settings = settings_of(Path(place.home), options)
            ledgers.setdefault(str(settings.ledger), settings)
        elif place.host == paths.host_name():  # the accounts of another machine are in the ledger that tells of it
            missing.append(f"the home {place.home}: {place.trouble}")
    read = [_read(settings) for settings in ledgers.values()]
    missing += [reason for each in read for reason in each.missing]
    if not ledgers and not missing:
        missing.append("no home is known on this machine, and the settings name no ledger")
    return AllAccounts(tuple(line for each in read for line in each.accounts), tuple(missing))


def _read(settings: Settings) -> _Read:
    try:
        with open_read_only(settings.ledger) as database, database.engine.snapshot():
            return _Read(tuple(_lines(database, str(settings.ledger))))
    except TradebotError as error:
        return _Read(missing=(f"the ledger {settings.ledger}: {error}",))


def _lines(database: Database, ledger: str) -> Iterator[AccountLine]:
    homes_of: dict[PinnedAccount, list[KnownHome]] = {}
    by_key: dict[str, PinnedAccount] = {}
    for home in homes_with_accounts(database):
        for account in database.pinned_accounts.of_home(home.home_id):
            homes_of.setdefault(by_key.setdefault(account.key, account), []).append(home)
    for account, homes in homes_of.items():
        yield _line(account, homes, database.bind(account.key), ledger)


def _line(account: PinnedAccount, homes: list[KnownHome], rows: AccountLedger, ledger: str) -> AccountLine:
    newest = max(rows.runs.last_of_each_job(), key=lambda run: run.run_id, default=None)
    point = rows.history.newest_equity()
    trades = rows.history.trades(point.session, point.session) if point else ()
    known = known_positions(rows)
    return AccountLine(
        broker=account.broker,
        mode=account.mode,
        account=shown_number(account.broker, account.mode, account.account_id),
        homes=tuple(place_text(home) for home in homes),
        ledger=ledger,
        level=level_of([*rows.halts_and_breaks.halts(), *_latched(account, homes)]),
        last_job=newest.job if newest else None,
        last_run=newest.started_wall if newest else None,
        last_status=newest.status if newest else None,
        session=point.session if point else None,
        known_at=point.at if point else None,
        equity=point.equity if point else None,
        day_result=_day_result(rows, point) if point else None,
        trades=len(trades),
        realised=sum((trade.pnl for trade in trades), ZERO),
        positions=known[1] if known else (),
    )


def _latched(account: PinnedAccount, homes: list[KnownHome]) -> Iterator[Halt]:
    for home in homes:
        if home.host in (paths.host_name(), ""):
            yield from AccountLatch(HomeLatch(Path(home.path)), account.key, tuple).read()


def _day_result(rows: AccountLedger, point: EquityPoint) -> Decimal:
    """The change of the equity in the session of its newest point, without deposits and withdrawals."""
    before = rows.books.previous_close(point.session)
    if before is None:  # the account's first session
        first = rows.books.first_of_session(point.session)
        return point.equity - first.equity if first else ZERO
    return point.equity - before.equity - rows.books.cash_flow(point.session)

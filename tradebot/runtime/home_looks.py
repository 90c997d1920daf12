"""What a home shows to somebody who looks: typed, and without a change to anything.

A read opens the ledger, read-only, for itself alone. What only the broker can tell comes from a look that the caller
keeps: several reads may share one.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Generic, TypeVar

import tradebot
from tradebot.core.model.schedule import Job
from tradebot.core.results.account_now import AccountNow, Health, Reached
from tradebot.core.results.alerts import DeliveryState, QueuedAlert
from tradebot.core.results.explain_outcome import ExplainOutcome
from tradebot.core.results.job_lines import SessionJobs
from tradebot.core.results.listings import FillLine, ListedOrder, Listing, Selection, TradeListing
from tradebot.core.results.position_lines import PositionLine
from tradebot.core.results.report_outcome import ReportOutcome
from tradebot.core.results.report_periods import AskedPeriod
from tradebot.core.results.risk_outcome import RiskOutcome
from tradebot.core.results.status_outcome import StatusOutcome
from tradebot.errors import ConfigError, ExitCode, TradebotError
from tradebot.home import locks
from tradebot.home.latch import HomeLatch
from tradebot.jobs import explain, fills, orders, positions, report, risk, session_jobs, status, trades
from tradebot.jobs.steps.live_account import read_live
from tradebot.runtime.clocks import SystemClock
from tradebot.runtime.home_in_ledger import pinned_keys
from tradebot.runtime.homes import HomeContext
from tradebot.runtime.open_ledger import OpenLedgerDesk, open_ledger, open_ledger_desk
from tradebot.runtime.open_look import looked_at_prices, open_look
from tradebot.settings import GlobalOptions, Redactor, Settings, inspect, load_valid, resolve_home

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Look:
    """One look at the account at its broker."""

    at: datetime  # when it was complete, the machine's time, aware UTC
    seconds: float  # how long it took
    context: HomeContext
    status: StatusOutcome
    risk: RiskOutcome
    open_orders: tuple[ListedOrder, ...]


@dataclass(frozen=True, slots=True)
class Looked:
    """The newest look, and why there is no newer one."""

    look: Look | None = None
    trouble: str = ""  # of the last try; "": it succeeded
    code: ExitCode = ExitCode.OK  # of the last try
    is_shared: bool = False  # others look by it too, so that it may be some seconds old


@dataclass(frozen=True, slots=True)
class Found(Generic[T]):
    """What a read found, and where."""

    value: T
    context: HomeContext


class HomeLooks:
    """The reads of one home. Each raises TradebotError; UsageError for what makes no sense to ask."""

    def __init__(self, options: GlobalOptions, environ: Mapping[str, str]) -> None:
        """``environ``: the environment of the home, which may not be that of this process."""
        self._options = options
        self._environ = environ

    # --- the broker ----------------------------------------------------------------------

    def take_look(self, asks: Callable[[], None] = lambda: None) -> Look:
        """Look at the account at its broker. ``asks`` is called before the broker is asked.

        Raises ConfigError, Blocked, LedgerError and BrokerUnavailable.
        """
        began = time.monotonic()
        with open_look(self._options, self._environ, asks) as opened:
            desk = opened.desk
            live = read_live(desk, Job.STATUS)
            return Look(
                status=status.told(desk, live, opened.lock_holder),
                risk=risk.told(live),
                open_orders=orders.open_lines(desk, live.open_orders),
                context=opened.context,
                seconds=time.monotonic() - began,
                at=SystemClock().wall(),
            )

    # --- with what the broker showed -----------------------------------------------------

    def status(self, looked: Looked) -> Found[StatusOutcome]:
        """The account as it stands. A ledger or settings that cannot be read are a status too: HALTED."""
        try:
            with self._ledger() as opened:
                return Found(_status(opened, looked), opened.context)
        except TradebotError as error:
            return self.unreadable(looked, error)

    def unreadable(self, looked: Looked, error: TradebotError) -> Found[StatusOutcome]:
        """The status where ledger or settings could not be read: HALTED, with what the newest look showed."""
        context, look = self._context(looked), looked.look
        found = status.unreadable(
            HomeLatch(context.home).read(), str(error), error.exit_code, look.status if look else None
        )
        return Found(replace(found, known_at=_known_at(looked, look)), context)

    def account(self, looked: Looked) -> Found[AccountNow]:
        """Balances, halts and the day's result."""
        found = self.status(looked)
        return Found(AccountNow.of(found.value), found.context)

    def positions(self, looked: Looked, chosen: Selection) -> Found[Listing[PositionLine]]:
        """What is held."""
        with self._ledger() as opened:
            look = _newer(looked, opened)
            if look is None:
                found = positions.recall(opened.desk, chosen)
            else:
                found = positions.listing(chosen, look.status.positions)
            return Found(_aged(found, looked, look), opened.context)

    def orders(self, looked: Looked, chosen: Selection) -> Found[Listing[ListedOrder]]:
        """What was ordered, and what rests."""
        with self._ledger() as opened:
            look = _newer(looked, opened)
            if look is None:
                found = orders.recall(opened.desk, chosen)
            else:
                found = orders.listing(opened.desk.ledger, chosen, look.open_orders)
            return Found(_aged(found, looked, look), opened.context)

    def risk(self, looked: Looked) -> Found[RiskOutcome]:
        """Each limit with its use, and what the account has at stake."""
        with self._ledger() as opened:
            look = _newer(looked, opened)
            if look is None:
                return Found(replace(risk.recall(opened.desk), trouble=looked.trouble), opened.context)
            return Found(replace(look.risk, known_at=_known_at(looked, look), trouble=looked.trouble), opened.context)

    # --- from the ledger alone -----------------------------------------------------------

    def trades(self, chosen: Selection) -> Found[TradeListing]:
        """The round trips."""
        return self._by_ledger(lambda opened: trades.run(opened.desk, chosen))

    def fills(self, chosen: Selection) -> Found[Listing[FillLine]]:
        """What was bought and sold."""
        return self._by_ledger(lambda opened: fills.run(opened.desk, chosen))

    def explain(
        self, symbol: str | None, day: date | None = None, span: tuple[date | None, date | None] | None = None
    ) -> Found[ExplainOutcome]:
        """Why something was done with a symbol, or not; without one, a line for each symbol of a session."""

        def read(opened: OpenLedgerDesk) -> ExplainOutcome:
            if symbol is None:
                return explain.story(opened.desk, day)
            return explain.run(opened.desk, symbol, day) if span is None else explain.span(opened.desk, symbol, *span)

        return self._by_ledger(read)

    def report(self, asked: AskedPeriod, *, every_row: bool = False) -> Found[ReportOutcome]:
        """The figures of a period as the ledger knows them: of one that lasts, up to the newest look of a job."""

        def read(opened: OpenLedgerDesk) -> ReportOutcome:
            with looked_at_prices(opened.loaded.settings, opened.desk.calendar) as prices:
                return report.recall(opened.desk, asked, prices, every_row=every_row)

        return self._by_ledger(read)

    def jobs(self) -> Found[SessionJobs]:
        """The jobs of the newest session."""
        return self._by_ledger(lambda opened: session_jobs.run(opened.desk))

    def alerts(self, most: int) -> Found[tuple[QueuedAlert, ...]]:
        """The newest alerts of the home's accounts, oldest first."""
        from tradebot.runtime.alerts import newest_in

        with open_ledger(self._options, self._environ, migrates=False) as opened:
            settings = opened.loaded.settings
            ours = {"", *pinned_keys(settings, opened.database)}
            found = newest_in(settings, opened.database, most)
            return Found(tuple(each for each in found if each.account_key in ours), _without_account(settings))

    def health(self, looked: Looked) -> Found[Health]:
        """Whether ledger and broker can be asked, and what is overdue. Raises nothing."""
        began, at = time.monotonic(), SystemClock().wall()
        found, jobs, waiting = self.status(looked), None, None
        trouble = ""
        try:
            jobs = self.jobs().value
            waiting = sum(each.state is DeliveryState.WAITING for each in self.alerts(_NEWEST_ALERTS).value)
        except TradebotError as error:
            trouble = str(error)
        seconds, look = time.monotonic() - began, looked.look
        asked = look is not None and not looked.trouble
        health = Health(
            level=found.value.level,
            ledger_reached=Reached(not trouble, None if trouble else seconds, at, trouble),
            broker_reached=Reached(asked, look.seconds if look else None, look.at if look else None, looked.trouble),
            overdue=jobs.overdue if jobs else (),
            alerts_waiting=waiting,
            version=tradebot.__version__,
        )
        return Found(health, found.context)

    def redactor(self) -> Redactor:
        """Masks the secrets of the home's settings."""
        return Redactor(load_valid(self._options, self._environ).secrets())

    # --- how -----------------------------------------------------------------------------

    @contextmanager
    def _ledger(self) -> Iterator[OpenLedgerDesk]:
        with open_ledger_desk(self._options, self._environ, migrates=False) as opened:
            yield opened

    def _by_ledger(self, read: Callable[[OpenLedgerDesk], T]) -> Found[T]:
        with self._ledger() as opened:
            return Found(read(opened), opened.context)

    def _context(self, looked: Looked) -> HomeContext:
        """The home where its ledger cannot tell the account."""
        if looked.look is not None:
            return looked.look.context
        try:
            settings = inspect(self._options, self._environ).loaded.settings
        except ConfigError:
            home = resolve_home(self._options.home, self._environ)
            return HomeContext(home, "", "", "", home, home)
        return _without_account(settings)


def _without_account(settings: Settings) -> HomeContext:
    """The context of a home where no account is named."""
    broker, mode = settings.broker, settings.trading_mode
    return HomeContext(settings.home, broker, mode, "", settings.ledger, settings.log_path)


#: Alerts that are looked through for those that wait.
_NEWEST_ALERTS = 200


def _newer(looked: Looked, opened: OpenLedgerDesk) -> Look | None:
    """The look, unless a job has looked at the account since and no newer look could be taken."""
    look = looked.look
    if look is None or not looked.trouble:
        return look
    newest = max(opened.desk.ledger.runs.last_of_each_job(), key=lambda run: run.started_wall, default=None)
    return None if newest and newest.started_wall > look.at else look


def _status(opened: OpenLedgerDesk, looked: Looked) -> StatusOutcome:
    look, desk = _newer(looked, opened), opened.desk
    if look is None:
        return status.recall(desk, looked.trouble, looked.code)
    holder = locks.holder(desk.settings.home, SystemClock().wall())
    found = status.with_ledger(look.status, desk, holder)
    codes = found.codes | {looked.code} if looked.trouble else found.codes
    return replace(found, codes=codes, known_at=_known_at(looked, look), trouble=looked.trouble)


def _known_at(looked: Looked, look: Look | None) -> datetime | None:
    """When a look was taken that others share; None for one that was taken for who asks."""
    return look.at if look and looked.is_shared else None


def _aged(found: Listing[T], looked: Looked, look: Look | None) -> Listing[T]:
    """The listing with its age, where it is of a look that others share."""
    if look is not None and looked.is_shared:
        found = found.as_of(look.at)
    return replace(found, trouble=looked.trouble)

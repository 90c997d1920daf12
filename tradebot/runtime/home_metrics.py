"""The metrics of a home: put together from its reads, again and again, or once for a file."""

from __future__ import annotations

import shutil
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from tradebot.core.accounting.performance import Totals
from tradebot.core.results.account_now import Reached
from tradebot.core.results.alerts import DeliveryState, QueuedAlert
from tradebot.core.results.home_places import home_names
from tradebot.core.results.job_lines import SessionJobs
from tradebot.core.results.metrics import DiskSpace, HomeView
from tradebot.core.results.period_lines import LimitLine
from tradebot.core.results.status_outcome import StatusOutcome
from tradebot.core.safety.schedule_status import ScheduleClock
from tradebot.errors import ExitCode, TradebotError
from tradebot.jobs import session_jobs
from tradebot.runtime.clocks import SystemClock
from tradebot.runtime.home_looks import Found, HomeLooks, Looked
from tradebot.runtime.homes import schedule_clock
from tradebot.runtime.known_homes import listed_homes, own_home
from tradebot.runtime.open_ledger import open_ledger_desk
from tradebot.settings import BrokerName, GlobalOptions, Settings, inspect, process_environment

#: Alerts that are looked through for those that wait.
_NEWEST_ALERTS = 200


@dataclass(frozen=True, slots=True)
class _Stored:
    """What the ledger alone tells."""

    jobs: SessionJobs
    totals: Totals
    waiting: tuple[QueuedAlert, ...]
    seconds: float  # that reading it took, without the totals


class HomeMetrics:
    """The metrics of one home."""

    def __init__(self, looks: HomeLooks, options: GlobalOptions, environ: Mapping[str, str]) -> None:
        """``environ``: the environment of the home, which may not be that of this process."""
        self._looks = looks
        self._options = options
        self._environ = environ
        self._totals: tuple[tuple[str, int, int], Totals] | None = None  # with what was booked at that time

    def view(self, name: str, looked: Looked) -> HomeView:
        """What is known of the home now, under this name. Raises ConfigError for a folder that is none."""
        at, look = SystemClock().wall(), looked.look
        settings = inspect(self._options, self._environ).loaded.settings
        database, stored, found = self._read(looked, at)
        context = found.context
        reached = look is not None and not looked.trouble
        return HomeView(
            home=name,
            at=at,
            database=database,
            broker=Reached(reached, look.seconds if look else None, look.at if look else None, looked.trouble),
            broker_name=context.broker,
            mode=context.mode,
            account=context.account_id,
            status=found.value if stored or look else None,
            known_at=look.at if look else found.value.known_at,
            by_hand=schedule_clock(settings) is ScheduleClock.EXCHANGE,
            jobs=stored.jobs if stored else None,
            limits_used=self._limits(looked) if stored else (),
            totals=stored.totals if stored else None,
            waiting=stored.waiting if stored else None,
            token_ends=_token_ends(settings),
            disk=_disk(settings),
        )

    def _read(self, looked: Looked, at: datetime) -> tuple[Reached, _Stored | None, Found[StatusOutcome]]:
        """What the ledger tells, and the status. A ledger that is not reached is waited for once."""
        try:
            stored = self._stored()
        except TradebotError as error:
            return Reached(False, None, at, str(error)), None, self._looks.unreadable(looked, error)
        return Reached(True, stored.seconds, at), stored, self._looks.status(looked)

    def _stored(self) -> _Stored:
        began = time.monotonic()
        newest = self._looks.alerts(_NEWEST_ALERTS).value
        waiting = tuple(each for each in newest if each.state is DeliveryState.WAITING)
        with open_ledger_desk(self._options, self._environ, migrates=False) as opened:
            jobs = session_jobs.run(opened.desk)
            history = opened.desk.ledger.history
            booked = (opened.context.account_id, *history.newest_numbers())
            seconds = time.monotonic() - began
            if self._totals is None or self._totals[0] != booked:
                self._totals = booked, history.totals()
            return _Stored(jobs, self._totals[1], waiting, seconds)

    def _limits(self, looked: Looked) -> tuple[LimitLine, ...]:
        try:
            return self._looks.risk(looked).value.limits_used
        except TradebotError:
            return ()


def read_once(options: GlobalOptions) -> tuple[HomeView, ExitCode]:
    """The metrics of a command's home, with a look at its broker, and what kept it from one. Raises ConfigError."""
    environ, own = process_environment(), str(own_home(options))
    looks = HomeLooks(options, environ)
    try:
        looked = Looked(looks.take_look())
    except TradebotError as error:
        looked = Looked(trouble=str(error), code=error.exit_code)
    homes = [place.home for place in listed_homes(options).places]
    names = dict(zip(homes, home_names(homes), strict=True))
    view = HomeMetrics(looks, options, environ).view(names.get(own, Path(own).name), looked)
    return view, looked.code if view.database.reached else ExitCode.LEDGER


def _token_ends(settings: Settings) -> datetime | None:
    """When the session with the broker ends; None for brokers without one."""
    if settings.broker is not BrokerName.ROBINHOOD:
        return None
    from tradebot.runtime import robinhood_auth

    with suppress(TradebotError):
        return robinhood_auth.status(settings).expires_at
    return None


def _disk(settings: Settings) -> DiskSpace | None:
    try:
        usage = shutil.disk_usage(settings.home)
    except OSError:
        return None
    return DiskSpace(usage.free, usage.total)

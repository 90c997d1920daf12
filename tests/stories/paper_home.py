"""A home that trades on paper at the live prices of a Robinhood played on this machine, in the test's own process.

The fake tells a day as four prices: the first candle has the open, the second the whole range, the others the close.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.pit import FREE, Pit
from tests.fakes.prices import made, sessions
from tests.fakes.robinhood import FakeRobinhood, Terms
from tests.fakes.wire.times import go_to
from tests.jobs.house import Script
from tradebot.core.model.account import CorporateAction, Position
from tradebot.core.model.exchange_time import NEW_YORK
from tradebot.core.model.orders import BrokerOrder
from tradebot.core.model.schedule import Job
from tradebot.core.results.outcomes import Outcome
from tradebot.core.results.preflight_checks import PreflightOutcome
from tradebot.core.results.stop_outcome import StopOutcome
from tradebot.jobs import check_exits, preflight, reconcile, run_daily
from tradebot.jobs.desk import Desk
from tradebot.jobs.emergency_stop import run as emergency_stop
from tradebot.runtime import clocks, robinhood_auth
from tradebot.runtime.emergency_stop import StopOptions, open_stop_desk
from tradebot.runtime.homes import configuration
from tradebot.runtime.init_home import init_home
from tradebot.runtime.open_desk import open_desk
from tradebot.settings import GlobalOptions

FLAT = "100 101 99 100"
#: Symbols that trade in every session, by which the market data knows that bars are published.
REFERENCES = {"AAPL": [FLAT] * 40, "MSFT": [FLAT] * 40, "SPY": [FLAT] * 40}
FIRST = date(2024, 6, 3)

_JOBS: Mapping[Job, Callable[[Desk], Outcome]] = {
    Job.RUN_DAILY: run_daily.run,
    Job.CHECK_EXITS: check_exits.run,
    Job.RECONCILE: reconcile.run,
}


class PaperHome:
    """A home, its Robinhood, and the hands to pass time. ``days`` are the sessions of its prices."""

    def __init__(
        self,
        folder: Path,
        fake: FakeRobinhood,
        pit: Pit,
        environment: pytest.MonkeyPatch,
        script: Script,
        settings: Mapping[str, str],
    ) -> None:
        self.home, self.fake, self.pit = folder / "home", fake, pit
        self._environment = environment
        self.days = sessions(40, FIRST)
        self.now: datetime
        self.home.mkdir(exist_ok=True)
        script.write(self.home / "strategies", lambda day: self.days[self.days.index(day) - 1], ["ACME"])
        self._settings = {
            "BROKER": "robinhood",
            "STRATEGIES": script.name,
            "PROBATION_SESSIONS": "0",
            "PAPER_SLIPPAGE_PCT": "0%",
            "ROBINHOOD_REQUEST_GAP_MS": "0",
            **settings,
        }
        (self.home / ".env").write_text("".join(f"{name}={value}\n" for name, value in self._settings.items()))
        environment.setenv("ROBINHOOD_BASE_URL", fake.url)
        environment.setenv("TRADEBOT_STATE_DIR", str(folder / "user"))

    @property
    def options(self) -> GlobalOptions:
        return GlobalOptions(home=self.home)

    def log_in(self) -> None:
        """Store a pair of tokens, as `tradebot auth robinhood` does with a pasted one."""
        pair = self.fake.grant()
        robinhood_auth.store_pasted(configuration(self.options).settings, pair.access, pair.refresh, pair.device)

    def know(self, *actions: CorporateAction) -> None:
        """Let the home have a price file of its own, with these actions."""
        (self.home / "bars.csv").write_text(
            f"symbol,date,open,high,low,close,volume\nACME,{self.days[0]},100,101,99,100,1000\n"
        )
        rows = [f"{each.symbol},{each.ex_date},{each.kind},{each.value}" for each in actions]
        (self.home / "actions.csv").write_text("\n".join(["symbol,ex_date,kind,value", *rows, ""]))
        with (self.home / ".env").open("a") as env:
            env.write("PAPER_DATA=bars.csv\nPAPER_ACTIONS=actions.csv\n")

    def at(self, day: int, clock: str) -> None:
        """Pass the time until "09:35" in New York of the session ``days[day]``, here and there."""
        now = datetime.combine(self.days[day], time.fromisoformat(clock), NEW_YORK)
        go_to(self.pit.exchange, now)
        self.now = now
        self._environment.setenv("TRADEBOT_NOW", now.isoformat())
        clocks.begin(self.options)

    def init(self) -> None:
        """What `tradebot init-db` does."""
        init_home(self.options)

    @contextmanager
    def desk(self, job: Job) -> Iterator[Desk]:
        with open_desk(self.options, job) as opened:
            yield opened.desk

    def run(self, job: Job) -> Outcome:
        with self.desk(job) as desk:
            return _JOBS[job](desk)

    def daily(self, day: int, clock: str = "09:35") -> Outcome:
        self.at(day, clock)
        return self.run(Job.RUN_DAILY)

    def check_exits(self, day: int, clock: str = "15:45") -> Outcome:
        self.at(day, clock)
        return self.run(Job.CHECK_EXITS)

    def reconcile(self, day: int, clock: str = "16:15") -> Outcome:
        self.at(day, clock)
        return self.run(Job.RECONCILE)

    def preflight(self) -> PreflightOutcome:
        with self.desk(Job.PREFLIGHT) as desk:
            return preflight.run(desk)

    def emergency_stop(self, *, close: bool) -> StopOutcome:
        with open_stop_desk(self.options, StopOptions("a drill")) as (desk, _, _):
            return emergency_stop.run(desk, close_positions=close)

    def positions(self) -> dict[str, Position]:
        with self.desk(Job.STATUS) as desk:
            return {position.symbol: position for position in desk.broker.positions()}

    def open_orders(self) -> Sequence[BrokerOrder]:
        with self.desk(Job.STATUS) as desk:
            return desk.broker.open_orders()


OpenPaperHome = Callable[..., PaperHome]


@contextmanager
def paper_home(
    folder: Path,
    environment: pytest.MonkeyPatch,
    days: Sequence[str],
    script: Script,
    actions: Sequence[CorporateAction] = (),
    copy_of: Path | None = None,
    **settings: Any,
) -> Iterator[PaperHome]:
    """A home, logged in, on the evening before the first of ``days``. ACME has a flat session before and after them.

    ``copy_of``: the folder of another one, whose account has begun.
    """
    bars = [FLAT, *days, *[FLAT] * (39 - len(days))]
    pit = Pit(folder / "robinhood.db", made({"ACME": bars, **REFERENCES}, actions, FIRST), FREE)
    if copy_of is not None:
        shutil.copytree(copy_of / "home", folder / "home")
    try:
        with FakeRobinhood(pit.again, terms=Terms(spread=Decimal(0))) as fake:
            home = PaperHome(folder, fake, pit, environment, script, settings)
            home.at(0, "20:00")
            home.log_in()
            if copy_of is None:
                home.init()
                home.run(Job.RECONCILE)  # takes the opening, which costs seconds
            yield home
    finally:
        pit.exchange.close()
        clocks._ahead *= 0

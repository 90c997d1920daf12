"""The Python API: typed looks at a home, for notebooks and scripts.

::

    from tradebot.api import open_home

    home = open_home("/home/me/tradebot")
    print(home.status().headline)
    for line in home.positions():
        print(line.symbol, line.quantity, line.stop)
    ended = home.emergency_stop("prices look wrong")
    print(int(ended.exit_code), ended.told)

Looking changes nothing: no run is recorded, and no file of the home is written. What the broker alone can tell is
asked of it anew with each call. What cannot be read is a TradebotError with an ``exit_code``, as the command would end.

``emergency_stop``, ``halt`` and ``resume`` run the command of that name in a process of its own, which goes on if this
one ends, and return how it ended.
"""

from __future__ import annotations

from datetime import date
from os import PathLike
from pathlib import Path

from tradebot.core.results.account_now import AccountNow, Health
from tradebot.core.results.alerts import QueuedAlert
from tradebot.core.results.explain_outcome import ExplainOutcome
from tradebot.core.results.job_lines import JobLine
from tradebot.core.results.listings import FillLine, ListedOrder, TradeLine, read_selection, read_symbol
from tradebot.core.results.position_lines import PositionLine
from tradebot.core.results.report_outcome import ReportOutcome
from tradebot.core.results.report_periods import read_period
from tradebot.core.results.risk_outcome import RiskOutcome
from tradebot.core.results.status_outcome import StatusOutcome
from tradebot.errors import AuthNeeded, BrokerUnavailable
from tradebot.runtime.command_outcome import ActionOutcome, wait_for
from tradebot.runtime.command_process import begin
from tradebot.runtime.command_requests import CommandRequest, HaltRequest, ResumeRequest, StopRequest
from tradebot.runtime.home_looks import HomeLooks, Looked
from tradebot.runtime.homes import require_home
from tradebot.runtime.known_homes import own_home
from tradebot.settings import GlobalOptions, process_environment

__all__ = ["Home", "open_home"]


def open_home(path: str | PathLike[str]) -> Home:
    """The home in a folder. Its settings are those of its `.env` and of this process's environment.

    Raises ConfigError where there is none.
    """
    options = GlobalOptions(Path(path).expanduser())
    require_home(options)
    return Home(options)


class Home:
    """One home. ``open_home`` makes it."""

    def __init__(self, options: GlobalOptions) -> None:
        self._options = options
        self._looks = HomeLooks(options, process_environment())

    @property
    def path(self) -> Path:
        """Its folder."""
        return own_home(self._options)

    # --- with the broker -----------------------------------------------------------------

    def status(self) -> StatusOutcome:
        """Halts, account, positions with their stops, jobs and limits.

        A ledger or settings that cannot be read are a status too: HALTED, with the exit code.
        """
        return self._looks.status(self._look()).value

    def account(self) -> AccountNow:
        """Balances, halts, the day's result and the fall from the peak."""
        return self._looks.account(self._look()).value

    def positions(self, *, symbol: str | None = None, strategy: str | None = None) -> tuple[PositionLine, ...]:
        """What is held, ours and foreign, the newest first."""
        chosen = read_selection(symbol, strategy, None, None)
        return self._looks.positions(self._look(), chosen).value.rows

    def orders(
        self,
        *,
        symbol: str | None = None,
        strategy: str | None = None,
        first: date | None = None,
        last: date | None = None,
        only_open: bool = False,
        limit: int | None = None,
    ) -> tuple[ListedOrder, ...]:
        """What was ordered, what became of it, and what rests, newest first."""
        chosen = read_selection(symbol, strategy, first, last, only_open=only_open, limit=limit)
        return self._looks.orders(self._look(), chosen).value.rows

    def risk(self) -> RiskOutcome:
        """Each limit with its use, and what the account has at stake."""
        return self._looks.risk(self._look()).value

    def health(self) -> Health:
        """Whether ledger and broker can be asked, and what is overdue."""
        return self._looks.health(self._look()).value

    # --- by the ledger alone -------------------------------------------------------------

    def trades(
        self,
        *,
        symbol: str | None = None,
        strategy: str | None = None,
        first: date | None = None,
        last: date | None = None,
        only_open: bool = False,
        limit: int | None = None,
    ) -> tuple[TradeLine, ...]:
        """The round trips that are over, or with ``only_open`` those that are open, newest first."""
        chosen = read_selection(symbol, strategy, first, last, only_open=only_open, limit=limit)
        return self._looks.trades(chosen).value.rows

    def fills(
        self,
        *,
        symbol: str | None = None,
        strategy: str | None = None,
        first: date | None = None,
        last: date | None = None,
        only_open: bool = False,
        limit: int | None = None,
    ) -> tuple[FillLine, ...]:
        """What was bought and sold, newest first."""
        chosen = read_selection(symbol, strategy, first, last, only_open=only_open, limit=limit)
        return self._looks.fills(chosen).value.rows

    def report(
        self,
        period: str | None = None,
        *,
        previous: bool = False,
        first: date | None = None,
        last: date | None = None,
    ) -> ReportOutcome:
        """The figures of a period, as `tradebot report` names them: "day", "month", "all", or two days.

        Of a period that lasts, up to the newest look of a job at the account.
        """
        return self._looks.report(read_period(period, first, last, previous=previous)).value

    def explain(self, symbol: str | None = None, day: date | None = None) -> ExplainOutcome:
        """Why something was done with a symbol in a session, or not; without one, a line for each symbol."""
        return self._looks.explain(read_symbol(symbol), day).value

    def jobs(self) -> tuple[JobLine, ...]:
        """The jobs of the newest session: when each is due, whether it ran, and how it ended."""
        return self._looks.jobs().value.lines

    def alerts(self, most: int = 20) -> tuple[QueuedAlert, ...]:
        """The newest alerts, oldest first."""
        return self._looks.alerts(most).value

    # --- commands ------------------------------------------------------------------------

    def emergency_stop(self, reason: str = "", *, close_positions: bool = False) -> ActionOutcome:
        """Stop: latch a halt, cancel what could open or add, and wait until the broker has said so.

        ``close_positions`` closes what is held; else it keeps its stops. A stop that is at work already is waited for.
        """
        return self._run(StopRequest(reason, close_positions))

    def halt(self, reason: str, *, strategy: str = "", symbol: str = "", reducing: bool = False) -> ActionOutcome:
        """Let nothing more be entered, by the account, one strategy or into one symbol. Nothing is cancelled."""
        return self._run(HaltRequest(reason, reducing, strategy, symbol))

    def resume(self, reason: str, *, strategy: str = "", symbol: str = "") -> ActionOutcome:
        """Clear a latched halt, if the checks pass."""
        return self._run(ResumeRequest(reason, strategy, symbol))

    def _run(self, request: CommandRequest) -> ActionOutcome:
        """Run a command to its end. Raises UsageError for what makes no sense, ConfigError if it cannot be started."""
        return wait_for(begin(self.path, self._options, request).run)

    def _look(self) -> Looked:
        """A look of this call alone; what is wrong where the broker cannot be asked."""
        try:
            return Looked(self._looks.take_look())
        except (AuthNeeded, BrokerUnavailable) as error:
            return Looked(trouble=str(error), code=error.exit_code)

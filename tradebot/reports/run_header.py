"""The home, broker, account and files of a run. A page begins with them; a job's JSON object contains them."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from tradebot.reports.layout import Cell, Facts, Page, Tone
from tradebot.settings.ledger_location import LedgerLocation


class RunHeader(Protocol):
    """Where a run acts and where it writes."""

    @property
    def home(self) -> Path:
        """The folder of the settings, the state and the data."""

    @property
    def broker(self) -> str:
        """The name of the broker, such as ``alpaca``."""

    @property
    def mode(self) -> str:
        """The mode of trading, such as ``paper`` or ``live``."""

    @property
    def account_id(self) -> str:
        """The broker's id of the account; "" where it is not known."""

    @property
    def database(self) -> LedgerLocation:
        """Where the ledger lies."""

    @property
    def logs(self) -> Path:
        """The folder of the logs."""


def home_opening(home: Path, *more: tuple[str, str]) -> Page:
    """The first block of a command that uses no broker: the home and ``more`` pairs of name and value."""
    return (Facts((("home", Cell(str(home), whole=True)), *more)),)


def opening(where: RunHeader) -> Page:
    """The first block of a command that uses a broker, printed before it acts."""
    return (
        Facts(
            (
                ("home", Cell(str(where.home), whole=True)),
                ("broker", f"{where.broker}, {where.mode} mode"),
                ("account", where.account_id or Cell("not known", Tone.WARN)),
            )
        ),
    )

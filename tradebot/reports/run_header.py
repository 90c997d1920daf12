"""Where a command acted: said first to people, and carried by every JSON object."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from tradebot.reports.layout import Facts, Page


class RunHeader(Protocol):
    """The home, the broker, the account there, and the files that a run writes to."""

    @property
    def home(self) -> Path: ...

    @property
    def broker(self) -> str: ...

    @property
    def mode(self) -> str: ...

    @property
    def account_id(self) -> str: ...

    @property
    def database(self) -> Path: ...

    @property
    def logs(self) -> Path: ...


def opening_of(home: Path, *more: tuple[str, str]) -> Page:
    """What a command that asks no broker prints first."""
    return (Facts((("home", str(home)), *more)),)


def opening(where: RunHeader) -> Page:
    """What every acting command prints before it acts."""
    return (
        Facts(
            (
                ("home", str(where.home)),
                ("broker", f"{where.broker}, {where.mode} mode"),
                ("account", where.account_id),
            )
        ),
    )

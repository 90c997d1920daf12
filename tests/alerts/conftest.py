"""A home with a ledger and an account in it, and channels on this machine."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

import tradebot.alerts.apprise
import tradebot.alerts.mail
from tests.fakes.receivers import HttpServer, MailServer, http_server, mail_server
from tests.jobs.conftest import empty_ledger
from tradebot.alerts import heartbeat
from tradebot.core.model.ledger_rows import PinnedAccount
from tradebot.core.results.alerts import AlertLevel, QueuedAlert
from tradebot.ledger.database import open_database
from tradebot.ledger.homes import NO_HOME
from tradebot.ports import Alerts
from tradebot.runtime import alerts as alerting
from tradebot.settings import Settings
from tradebot.settings.secret_fields import SecretText

__all__ = ["empty_ledger"]

ACCOUNT = "paper:paper:PAPER-0001"


@dataclass
class DeskClock:
    """Desk time and wall-clock time, set by hand."""

    at: datetime = datetime(2026, 3, 2, 14, 35, tzinfo=UTC)

    def now(self) -> datetime:
        return self.at

    def wall(self) -> datetime:
        return self.at

    def sleep(self, seconds: float) -> None:
        return None


class Home:
    """A home whose jobs raise alerts and deliver them at their end."""

    def __init__(self, folder: Path, ledger: Path) -> None:
        self.clock = DeskClock()
        self.settings = Settings(tradebot_home=folder)
        folder.mkdir()
        shutil.copy(ledger, self.ledger_file)
        with closing(open_database(self.settings.ledger, create=False)) as database:
            database.pinned_accounts.pin(
                NO_HOME, PinnedAccount(ACCOUNT, "paper", "paper", "PAPER-0001", self.clock.now())
            )

    @property
    def ledger_file(self) -> Path:
        """The ledger."""
        assert self.settings.ledger_file is not None
        return self.settings.ledger_file

    def tells(self, *urls: str, second: tuple[str, ...] = (), **more: Any) -> None:
        """Set the channels."""
        first, others = tuple(map(SecretText, urls)), tuple(map(SecretText, second))
        self.settings = replace(self.settings, alert_urls=first, alert_fallback_urls=others, **more)

    def job(self, *raised: tuple[AlertLevel, str], key: str = "") -> alerting.Delivery:
        """A job that raises alerts, level and title, and delivers what waits."""
        with self.desk() as alerts:
            for level, title in raised:
                alerts.send(level, title, f"{title}: 1,234.50 USD", key=key)
        return alerting.deliver(self.settings)

    def desk(self) -> _Desk:
        return _Desk(self)

    def outside(self) -> Alerts:
        """Alerts of a job that has no ledger."""
        return alerting.spool_alerts(self.settings, ACCOUNT, self.clock)

    def posted(self) -> tuple[QueuedAlert, ...]:
        return alerting.newest(self.settings, 1000)

    @property
    def states(self) -> list[str]:
        return [str(posted.state) for posted in self.posted()]


class _Desk:
    def __init__(self, home: Home) -> None:
        self._home = home

    def __enter__(self) -> Alerts:
        self._database = open_database(self._home.settings.ledger, create=False)
        return alerting.outbox_alerts(self._home.settings, self._database.bind(ACCOUNT), self._home.clock)

    def __exit__(self, *_: object) -> None:
        self._database.close()


@pytest.fixture
def home(tmp_path: Path, empty_ledger: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    """A home without channels; what delivers there reads the clock of the home."""
    made = Home(tmp_path / "home", empty_ledger)
    monkeypatch.setattr(alerting, "SystemClock", lambda: made.clock)
    return made


@pytest.fixture(autouse=True)
def no_hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let nothing run out of time, however loaded the machine is; tests of time-outs set their own."""
    for name in ("CHANNEL_TIMEOUT", "DELIVERY_TIMEOUT"):
        monkeypatch.setattr(alerting, name, 120.0)
    for name in ("CONNECT_TIMEOUT", "READ_TIMEOUT"):
        monkeypatch.setattr(tradebot.alerts.apprise, name, 120)
    for name in ("CONNECT_TIMEOUT", "TIMEOUT"):
        monkeypatch.setattr(tradebot.alerts.mail, name, 120.0)
    for name in ("PING_TIMEOUT", "END_TIMEOUT"):
        monkeypatch.setattr(heartbeat, name, 120.0)


@pytest.fixture
def mail() -> Iterator[MailServer]:
    with mail_server() as server:
        yield server


@pytest.fixture
def http() -> Iterator[HttpServer]:
    with http_server() as server:
        yield server

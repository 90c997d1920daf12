"""A job without a session: code 5, and an alert that lists what was last seen without a stop, in USD."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from tests.fakes.cli import tradebot
from tradebot.core.model.ledger_rows import PinnedAccount
from tradebot.core.safety.bare_time import BarePeriod
from tradebot.home import paths
from tradebot.ledger.database import open_database

KEY, NUMBER = "robinhood:live:5QRCANARY1", "5QRCANARY1"
AT = datetime(2026, 11, 20, 14, 36, tzinfo=UTC)
LIVE = {"BROKER": "robinhood", "TRADING_MODE": "live", "LIVE_TRADING_ENABLED": "true", "ALERT_URLS": ""}


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home that has seen 10 shares bare at Robinhood, and whose session is gone."""
    home = tmp_path / "home"
    home.mkdir()
    with closing(open_database(home / "trading_robot.db", create=True)) as database:
        database.pinned_accounts.pin(PinnedAccount(KEY, "robinhood", "live", NUMBER, AT), opening_due=False)
        ledger = database.bind(KEY)
        period = BarePeriod(date(2026, 11, 20), "mine", "ACME", Decimal(10), Decimal("1234.5"), AT)
        assert ledger.bare_periods.begin(period, AT)
    paths.initialise(home)
    return home


@pytest.mark.parametrize("job", ["check-exits"])
def test_a_job_without_a_session_tells_what_was_bare(home: Path, job: str, tmp_path: Path) -> None:
    ended = tradebot(job, state=tmp_path / "state", cwd=home, environ=LIVE)
    assert ended.code == 5
    assert "Run `tradebot auth robinhood`" in ended.err
    listed = tradebot("alerts", "list", "--json", state=tmp_path / "state", cwd=home, environ=LIVE)
    (alert,) = [each["alert"] for each in listed.json["alerts"] if each["alert"]["title"].endswith("5 (blocked)")]
    assert alert["level"] == "critical"
    for words in (
        "go on resting",
        "1 position, 1,234.50 USD",
        "ACME: 10 shares, 1,234.50 USD, since 2026-11-20 09:36 EST",
    ):
        assert words in alert["message"], alert["message"]
    status = tradebot("status", state=tmp_path / "state", cwd=home, environ=LIVE)
    assert "********" in status.out
    assert NUMBER not in status.out + status.err + listed.out + ended.err + ended.out

"""Commands at a broker that only a person can log in to again."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from tests.commands.conftest import Run
from tests.fakes.orders import Requests
from tradebot.core.model.ledger_rows import PinnedAccount
from tradebot.core.safety.bare_time import BarePeriod
from tradebot.home import paths
from tradebot.home.sent_orders import record_sent_order
from tradebot.ledger.database import open_database

AT = datetime(2007, 1, 4, 14, 35, tzinfo=UTC)
KEY = "robinhood:live:123456789"
BARE = BarePeriod(date(2007, 1, 4), "trend", "ACME", Decimal(50), Decimal(5000), AT)


@pytest.fixture
def at_robinhood(home: Path) -> Path:
    """A home at Robinhood, without a session there. Its ledger saw 50 ACME bare."""
    lines = ("BROKER=robinhood", "TRADING_MODE=live", "LIVE_TRADING_ENABLED=true", "")
    (home / ".env").write_text("\n".join(lines), encoding="utf-8")
    with closing(open_database(home / "trading_robot.db", create=False)) as database:
        database.pinned_accounts.pin(
            database.homes.all()[0].home_id, PinnedAccount(KEY, "robinhood", "live", "123456789", AT)
        )
        database.bind(KEY).bare_periods.begin(BARE, AT)
    return home


def test_a_job_tells_what_the_ledger_saw_bare_and_what_rests_on(at_robinhood: Path, run: Run) -> None:
    ended = run("check-exits", "--home", at_robinhood)
    assert ended.code == 5
    assert "tradebot auth robinhood" in ended.err
    assert "$5,000.00 of ACME (50 shares of trend)" in ended.err
    alerts = run("alerts", "list", "--home", at_robinhood).out
    assert "$5,000.00 of ACME" in alerts


def test_what_was_known_last_is_shown_and_the_number_of_the_account_is_not(at_robinhood: Path, run: Run) -> None:
    for command in ("status", "positions", "orders", "alerts list"):
        ended = run(*command.split(), "--home", at_robinhood, "--json")
        assert ended.code == (0 if command == "alerts list" else 5), command
        assert "123456789" not in ended.out + ended.err
    assert "********" in run("status", "--home", at_robinhood).out


def test_an_emergency_stop_latches_and_tells_what_is_left_to_a_person(at_robinhood: Path, run: Run) -> None:
    ended = run("emergency-stop", "--home", at_robinhood, "--json")
    assert ended.code == 9, ended.err
    assert "only you can go on" in ended.json["headline"]
    assert [(line["symbol"], line["result"]) for line in ended.json["lines"]] == [("ACME", "left to you")]
    assert any("tradebot auth robinhood" in each["message"] for each in ended.json["failures"])
    assert [halt["rule"] for halt in ended.json["halts"]] == ["operator"]


def test_without_a_ledger_it_tells_what_left_last(at_robinhood: Path, run: Run) -> None:
    (at_robinhood / "trading_robot.db").unlink()
    record_sent_order(paths.sent_orders_file(at_robinhood), Requests().buy(50, limit="101", client_id="tb1-x"), AT)
    ended = run("emergency-stop", "--home", at_robinhood, "--json")
    assert ended.code == 9, ended.err
    assert "left last: 2007-01-04 09:35 EST: buy 50 ACME limit 101" in ended.json["notes"]

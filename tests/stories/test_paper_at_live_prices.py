"""Paper trading at the live prices of a broker without a paper account: sessions of a home, and 0 orders there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.prices import dividend, sessions, split
from tests.jobs.house import Script
from tests.stories.paper_home import FIRST, OpenPaperHome, PaperHome, paper_home
from tradebot.core.model.account import CashEvent, CashKind, Fill
from tradebot.core.model.exchange_time import NEW_YORK
from tradebot.core.model.schedule import Job
from tradebot.core.results.outcomes import Outcome
from tradebot.errors import AuthNeeded, ConfigError, ExitCode
from tradebot.runtime.exchange_account import account_status, refuse_next, reset_account

DAYS = sessions(40, FIRST)
#: Enters ACME on the first day, with a stop 10 % below.
ENTERS = Script(enter={"ACME": [DAYS[1]]})


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a home whose account has begun, to be copied."""
    folder = tmp_path_factory.mktemp("begun")
    with pytest.MonkeyPatch.context() as environment, paper_home(folder, environment, [], ENTERS):
        return folder


@pytest.fixture
def paper(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, begun: Path) -> Iterator[OpenPaperHome]:
    """Opens a home at live prices, of the days of ACME; see ``paper_home``. At its end Robinhood has seen no order."""
    with ExitStack() as stack:
        opened: list[PaperHome] = []

        def open_home(*days: str, script: Script = ENTERS, **more: Any) -> PaperHome:
            opened.append(stack.enter_context(paper_home(tmp_path, monkeypatch, days, script, copy_of=begun, **more)))
            return opened[-1]

        yield open_home
        for home in opened:
            assert home.fake.order_posts == 0
            asked = [kind for kind in home.fake.asked if "/accounts" in kind or "/positions" in kind]
            assert asked == []


def activities(home: PaperHome) -> list[Any]:
    """What the exchange did since the account began, all of which the ledger has booked."""
    with home.desk(Job.STATUS) as desk:
        found = list(desk.broker.activities(None)[1:])  # after the deposit that the account begins with
        assert desk.ledger.books.unbooked(found) == ()
    return found


def fills(home: PaperHome) -> list[str]:
    """Side, price and time in New York of each fill."""
    done = [each for each in activities(home) if isinstance(each, Fill)]
    return [f"{each.side} {each.price:f} {each.at.astimezone(NEW_YORK):%m-%d %H:%M}" for each in done]


def assert_quiet(*outcomes: Outcome) -> None:
    """No break, no halt, nothing that failed."""
    for outcome in outcomes:
        assert (outcome.exit_code, outcome.breaks, outcome.halts) == (ExitCode.OK, (), ()), outcome


def test_a_day_on_paper_asks_the_broker_for_prices_alone(paper: OpenPaperHome) -> None:
    home = paper("100 104 99 102", "102 103 101 102")
    home.at(1, "09:00")
    preflight = home.preflight()
    figures = {check.name: check.figure for check in preflight.checks}
    assert re.fullmatch("robinhood:paper:PAPER-[A-Z2-7]{8}", figures["account"])
    assert any("no order reaches robinhood" in note for note in preflight.notes)
    assert_quiet(home.daily(1))
    (stop,) = home.open_orders()
    assert (stop.quantity, stop.stop_price) == (home.positions()["ACME"].quantity, Decimal(90))
    assert stop.parent_id is None  # the broker takes no stop along with an entry
    assert_quiet(home.check_exits(1), home.reconcile(1), home.daily(2), home.reconcile(2))
    assert not any("/orders" in kind for kind in home.fake.asked)


def test_a_stop_fills_between_two_jobs_and_is_booked_by_the_next(paper: OpenPaperHome) -> None:
    home = paper("100 101 85 99", "99 100 98 99")
    assert_quiet(home.daily(1), home.check_exits(1), home.reconcile(1), home.daily(2), home.reconcile(2))
    assert fills(home) == ["buy 100 06-04 09:35", "sell 90 06-04 09:40"]
    assert home.positions() == {}


def test_a_target_is_sold_by_check_exits_at_the_price_of_then(paper: OpenPaperHome) -> None:
    script = Script(enter={"ACME": [DAYS[1]]}, policy='stop=Decimal("0.10"), target=Decimal("0.05")')
    home = paper("100 108 99 107", "107 108 106 107", script=script)
    assert_quiet(home.daily(1))
    assert [order.stop_price for order in home.open_orders()] == [Decimal(90)]  # no target rests beside it
    assert_quiet(home.check_exits(1), home.reconcile(1))
    assert fills(home) == ["buy 100 06-04 09:35", "sell 107 06-04 15:45"]
    assert home.open_orders() == ()


def test_a_gap_through_the_stop_fills_at_the_open(paper: OpenPaperHome) -> None:
    home = paper("100 101 99 100", "80 82 78 81", "81 82 80 81")
    assert_quiet(home.daily(1), home.reconcile(1), home.daily(2, "09:41"), home.reconcile(2))
    assert fills(home) == ["buy 100 06-04 09:35", "sell 80 06-05 09:30"]


def test_a_split_is_followed_by_position_and_stop(paper: OpenPaperHome) -> None:
    home = paper("100 101 99 100", "50 51 49 50", "50 51 49 50", actions=[split("ACME", DAYS[2], "2")])
    assert_quiet(home.daily(1), home.reconcile(1))
    held, worth = home.positions()["ACME"].quantity, equity(home)
    assert_quiet(home.daily(2), home.check_exits(2), home.reconcile(2), home.daily(3))
    (stop,) = home.open_orders()
    assert (stop.quantity, stop.stop_price) == (2 * held, Decimal(45))
    assert (home.positions()["ACME"].quantity, equity(home)) == (2 * held, worth)


def test_a_dividend_that_the_home_knows_of_is_paid(paper: OpenPaperHome) -> None:
    home = paper("100 101 99 100", "99 100 98 99", "99 100 98 99")
    home.know(dividend("ACME", DAYS[2], "1"))
    assert_quiet(home.daily(1), home.reconcile(1))
    held = home.positions()["ACME"].quantity
    assert_quiet(home.daily(2), home.reconcile(2), home.daily(3), home.reconcile(3))
    paid = [each.amount for each in activities(home) if isinstance(each, CashEvent)]
    assert paid == [held]
    assert [each.kind for each in activities(home) if isinstance(each, CashEvent)] == [CashKind.DIVIDEND]


def test_a_week_off_is_resolved_by_daily_bars(paper: OpenPaperHome) -> None:
    home = paper("100 101 99 100", *["100 101 99 100"] * 4, "95 96 88 89", *["89 90 88 89"] * 9)
    assert_quiet(home.daily(1), home.reconcile(1))
    home.at(12, "09:35")
    missed = home.run(Job.RUN_DAILY)
    assert missed.breaks == ()
    assert fills(home) == ["buy 100 06-04 09:35", "sell 90 06-11 16:00"]
    assert_quiet(home.reconcile(12))


def test_a_token_that_is_refused_ends_jobs_with_5_and_loses_nothing(paper: OpenPaperHome) -> None:
    home = paper("100 101 85 99", "99 100 98 99")
    assert_quiet(home.daily(1))
    home.fake.logins.revoke()
    for job in (home.check_exits, home.reconcile):
        with pytest.raises(AuthNeeded) as refused:
            job(1)
        assert refused.value.exit_code is ExitCode.BLOCKED
    home.log_in()
    assert_quiet(home.reconcile(1, "16:30"))
    assert fills(home) == ["buy 100 06-04 09:35", "sell 90 06-04 09:40"]


def test_an_emergency_stop_closes_the_paper_position(paper: OpenPaperHome) -> None:
    home = paper("100 101 99 100")
    home.daily(1)
    home.at(1, "11:00")
    stopped = home.emergency_stop(close=True)
    assert stopped.exit_code in (ExitCode.OK, ExitCode.HALTED), stopped
    assert (home.positions(), home.open_orders()) == ({}, ())


def test_an_emergency_stop_without_a_session_sends_nobody_to_the_app_for_what_is_on_paper(paper: OpenPaperHome) -> None:
    home = paper("100 101 99 100")
    home.daily(1)
    home.at(1, "11:00")
    home.fake.logins.revoke()
    stopped = home.emergency_stop(close=True)
    assert stopped.exit_code is ExitCode.INCOMPLETE
    told = [stopped.headline, *stopped.notes, *(line.detail for line in stopped.lines)]
    assert not any("app" in text for text in told)
    assert any(text.endswith("ACME on paper, once you have logged in") for text in told)
    home.log_in()
    assert home.emergency_stop(close=True).exit_code is ExitCode.OK
    assert (home.positions(), home.open_orders()) == ({}, ())


def test_a_symbol_without_a_quote_is_named_and_not_traded(
    paper: OpenPaperHome, caplog: pytest.LogCaptureFixture
) -> None:
    home = paper("100 101 99 100")
    home.fake.house.terms.quotes_missing = ("ACME",)
    outcome = home.daily(1)
    assert (home.positions(), home.open_orders()) == ({}, ())
    assert [denial.symbol for denial in outcome.denials] == ["ACME"]
    assert "ACME" in caplog.text


def test_the_account_is_one_of_its_own_which_can_be_shown_and_reset(paper: OpenPaperHome) -> None:
    home = paper("100 101 99 100", "100 101 99 100")
    home.daily(1)
    status, _ = account_status(home.options)
    assert [position.symbol for position in status.positions] == ["ACME"]
    assert not (home.home / "state" / "paper_exchange.db").exists()
    with pytest.raises(ConfigError, match="sessions begin and end by themselves"):
        refuse_next(home.options)
    assert reset_account(home.options).account_id != status.account_id
    assert home.positions() == {}


def equity(home: PaperHome) -> Decimal:
    with home.desk(Job.STATUS) as desk:
        return desk.broker.account().equity

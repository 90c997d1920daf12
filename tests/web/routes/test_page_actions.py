"""The emergency stop and the resumption in a real Chromium, at the embedded exchange and at a played Alpaca."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.fakes.alpaca.process import running
from tests.stories.processes.played import KEYS, Played, new_york
from tests.web.conftest import Served, serving
from tests.web.looking import PATIENCE, is_wider, logged_in, violations
from tradebot.home import locks

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

#: A session on which the shipped strategies buy three symbols.
DAY = date(2006, 11, 2)
WALL = datetime(2006, 11, 2, 15, 30, tzinfo=UTC)
REASON = "<b>it buys</b> what it sold"


@pytest.fixture
def served(traded_home: Path, tmp_path: Path) -> Iterator[Served]:
    """A server of a home with three positions on the embedded exchange."""
    home = shutil.copytree(traded_home, tmp_path / "home")
    with serving(home) as (served, _):
        yield served


@pytest.fixture
def at_alpaca(tmp_path: Path) -> Iterator[Served]:
    """A server of a home with three positions at a played Alpaca."""
    morning, later = new_york(DAY, 9, 35), new_york(DAY, 10, 5)
    with running(tmp_path / "alpaca", "--start", DAY.isoformat()) as alpaca:
        alpaca.terms(keys=KEYS)
        machine = Played(tmp_path)
        machine.url = alpaca.url
        machine.settle_in("STRATEGIES=rsi2_mean_reversion,momentum_rotation")
        alpaca.go_to(morning)
        ended = machine.at(morning, "run-daily")
        assert ended.code == 0, ended.err
        alpaca.go_to(later)
        with serving(machine.home, machine.environment(TRADEBOT_NOW=later.isoformat())) as (served, _):
            yield served


def stop(page: Page, positions: str, name: str = "home") -> None:
    """Stop on the page, from the link to the end of the story."""
    page.click("text=Emergency stop")
    page.check(f"input[value={positions}]")
    page.fill("#reason", REASON)
    page.fill("#name", name)
    page.click("button:has-text('Stop now')")
    page.wait_for_url("**/actions/*")


def resume(page: Page) -> None:
    """Resume on the page, from the link to the end of the story."""
    page.click("a:has-text('Resume…')")
    page.fill("#reason", "looked at it")
    page.check("input[name=sure]")
    page.click("button:has-text('Resume')")
    page.wait_for_selector("text=It has ended")


def test_stop_with_closing_see_flat_and_resume(browser: Browser, served: Served) -> None:
    with logged_in(browser, served, viewport={"width": 390, "height": 844}, color_scheme="dark") as page:
        page.click("text=Emergency stop")
        page.fill("#name", "hom")
        page.evaluate("document.querySelectorAll('[required]').forEach(each => each.required = false)")
        page.click("button:has-text('Stop now')")
        said = page.inner_text("#problems")
        assert "Choose whether" in said
        assert "Type home" in said
        assert page.evaluate("document.activeElement.id") == "problems"
        assert page.input_value("#name") == "hom"
        page.goto(f"{served.origin}/")
        with locks.home_lock(served.home, command="run-daily", wall=WALL):
            stop(page, "close", "Home ")
            page.wait_for_selector(".story li:has-text('Waiting until another job')")
            assert "The halt is latched" in page.inner_text(".story")
            assert violations(page) == []
        page.wait_for_selector("text=It has ended", timeout=PATIENCE)
        told = page.inner_text(".story")
        assert "close sent" in told
        assert "2 of 2 times" in told
        assert "Code 0" in page.inner_text("#end")
        assert page.locator("#results tbody tr").count() == 6
        assert page.inner_text(".word") == "STOPPED"
        assert REASON in page.inner_text("#state")
        assert not is_wider(page)
        assert violations(page) == []
        page.click("#end >> text=Status")
        page.wait_for_selector("text=No position is held.")
        assert page.inner_text(".word") == "STOPPED"
        resume(page)
        assert "running again" in page.inner_text("#end")
        assert page.inner_text(".word") == "RUNNING"


def test_at_alpaca_without_a_script(browser: Browser, at_alpaca: Served) -> None:
    with logged_in(browser, at_alpaca, viewport={"width": 1400, "height": 900}, java_script_enabled=False) as page:
        assert "AAPL" in page.inner_text("#positions")
        stop(page, "close")
        page.wait_for_selector("text=It has ended")
        assert "Code 0" in page.inner_text("#end")
        page.click("#end >> text=Status")
        assert "No position is held." in page.inner_text("#positions")
        resume(page)
        page.click("#end >> text=Status")
        assert page.inner_text(".word") == "RUNNING"


def test_with_a_ledger_that_is_no_database_it_says_so_and_stops(browser: Browser, served: Served) -> None:
    for each in served.home.glob("trading_robot.db*"):
        each.unlink()
    (served.home / "trading_robot.db").write_bytes(b"no database" * 500)
    with logged_in(browser, served) as page:
        assert page.inner_text(".word") == "HALTED (unreadable)"
        assert violations(page) == []
        stop(page, "keep")
        page.wait_for_selector("text=It has ended")
        assert "2 of 2 times" in page.inner_text(".story")
        assert page.locator("#results tbody tr").count() >= 3
        page.click("#end >> text=Status")
        assert page.inner_text(".word") == "HALTED (unreadable)"
        assert REASON in page.inner_text("#state"), "the stop is told beside the ledger"
        got = page.goto(f"{served.origin}/explain")
        assert got is not None
        assert got.status == 200
        assert "Not known" in page.inner_text("main")

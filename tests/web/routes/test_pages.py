"""The pages that show, in a real Chromium: phone and wide screen, light and dark, with a script and without."""

from __future__ import annotations

import re
import shutil
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import pytest

from tests.fakes.cli import tradebot
from tests.web.conftest import Served, serving
from tests.web.looking import is_wider, logged_in, violations
from tradebot.home import registry

if TYPE_CHECKING:
    from playwright.sync_api import Browser

PAGES = ("", "orders", "trades", "alerts", "explain", "explain?symbol=AAPL", "report", "stop", "resume")


@pytest.fixture(scope="module")
def served(traded_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server of a home with three positions."""
    home = shutil.copytree(traded_home, tmp_path_factory.mktemp("pages") / "home")
    with serving(home) as (served, _):
        yield served


def test_every_page_reads_well_at_any_width_by_day_and_night(browser: Browser, served: Served) -> None:
    sizes: tuple[tuple[int, Literal["light", "dark"]], ...] = ((390, "light"), (1400, "dark"))
    with logged_in(browser, served) as page:
        for path in PAGES:
            for width, scheme in sizes:
                page.set_viewport_size({"width": width, "height": 844})
                page.emulate_media(color_scheme=scheme)
                if width == sizes[0][0]:
                    got = page.goto(f"{served.origin}/{path}")
                    assert got is not None
                    assert got.status == 200, path
                where = f"/{path} at {width} pixels, {scheme}"
                assert not is_wider(page), where
                assert violations(page) == [], where
        page.set_viewport_size({"width": 1600, "height": 900})
        page.goto(f"{served.origin}/")
        assert not is_wider(page)


def test_the_account_at_a_glance_and_what_is_asked_stays_fresh(browser: Browser, served: Served) -> None:
    with logged_in(browser, served, viewport={"width": 390, "height": 844}) as page:
        assert page.inner_text(".word") == "RUNNING"
        rows = page.locator("#positions tbody tr")
        assert [row.split("\t")[0] for row in rows.all_inner_texts()] == ["AAPL", "GOOG", "MSFT"]
        assert page.locator("#positions caption, #positions th[scope=col]").count() > 5
        assert "without a stop" in page.inner_text("#tiles")
        assert page.locator("#open-orders tbody tr").count() == 3
        assert "run-daily" in page.inner_text("#jobs")
        assert "MAX_POSITIONS" in page.inner_text("#risk")
        assert re.search(r"Broker asked \d+ s ago", page.inner_text(".seen"))
        page.wait_for_selector("[data-look=broker]:text-matches('[2-9] s ago')")
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
        page.click("nav >> text=Explain")
        page.fill("#symbol", "AAPL")
        page.click("button:has-text('Explain')")
        assert "Why bought" in page.inner_text("main")
        page.goto(f"{served.origin}/explain?symbol=--home")
        assert "--home" in page.inner_text("[role=alert]")


def test_a_change_is_shown_without_a_reload(browser: Browser, served: Served) -> None:
    with logged_in(browser, served) as page:
        loaded = page.evaluate("performance.timeOrigin")
        ended = tradebot("halt", "--symbol", "AAPL", "--reason", "<b>looking</b>", "--home", served.home,
                         state=served.home.parent / "state", cwd=served.home)  # fmt: skip
        assert ended.code == 0, ended.err
        page.wait_for_selector("#state:has-text('<b>looking</b>')")
        assert page.evaluate("performance.timeOrigin") == loaded
        assert page.inner_text(".word") == "RUNNING"


def test_without_a_script_everything_is_there(browser: Browser, served: Served) -> None:
    with logged_in(browser, served, java_script_enabled=False) as page:
        assert "AAPL" in page.inner_text("#positions")
        assert page.locator("noscript meta[http-equiv=refresh]").count() == 1
        page.click("nav >> text=Report")
        page.click("text=As one file")
        assert "Trading report" in page.title()


def test_a_token_that_may_only_stop_sees_the_stop_alone(browser: Browser, served: Served) -> None:
    with logged_in(browser, served, scope="stop") as page:
        assert page.url == f"{served.origin}/stop"
        assert page.locator("nav a").count() == 0
        got = page.goto(f"{served.origin}/orders")
        assert got is not None
        assert got.status == 403
        assert "needs the scope read" in page.inner_text("[role=alert]")
        assert violations(page) == []
        page.goto(f"{served.origin}/stop")
        page.context.clear_cookies()  # as where the session is over
        page.check("input[value=close]")
        page.fill("#name", "home")
        page.click("button:has-text('Stop now')")
        assert page.url == f"{served.origin}/login?next=/stop"
        assert violations(page) == []


def test_a_home_whose_ledger_does_not_answer_delays_no_other(made_home: Path, tmp_path: Path) -> None:
    home = shutil.copytree(made_home, tmp_path / "home")
    other = shutil.copytree(made_home, tmp_path / "other")
    registry.add(tmp_path / "state", other)
    with socket.create_server(("127.0.0.1", 0)) as silent, serving(home) as (served, _):
        token = served.token("act", "--all")
        assert served.get("/api/status", token).status == 200
        port = silent.getsockname()[1]
        (other / ".env").write_text(f"DATABASE_URL=postgresql://me@127.0.0.1:{port}/ledger\n", encoding="utf-8")
        began = time.monotonic()
        page = served.get("/", token).body
        assert time.monotonic() - began < 3, "it waits four seconds for the server of a ledger"
        assert '<a href="/?home=other">other</a>' in page
        assert "not known yet" in page
        deadline = time.monotonic() + 60
        while "not known yet" in page and time.monotonic() < deadline:
            time.sleep(0.5)
            page = served.get("/", token).body
        accounts = page.partition('id="accounts"')[2].partition("</section>")[0]
        assert "HALTED (unreadable)" in accounts and "RUNNING" in accounts
        shutil.copyfile(other / ".env", home / ".env")
        time.sleep(1)  # for which a read is shared
        for path in ("/", "/stop"):
            began = time.monotonic()
            assert served.get(path, token).status == 200
            assert time.monotonic() - began < 3, path
        deadline = time.monotonic() + 60
        while '<p class="word">HALTED' not in page and time.monotonic() < deadline:
            assert '<p class="word">RUNNING' in page or '<p class="word">NOT KNOWN YET' in page
            time.sleep(0.5)
            page = served.get("/", token).body
        assert '<p class="word">HALTED (unreadable)' in page

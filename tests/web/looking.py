"""What the tests of pages in a real Chromium share: a browser that has logged in, and what is wrong with a page."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from axe_playwright_python.sync_playwright import Axe

from tests.web.conftest import Served

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

#: Milliseconds for what a command does.
PATIENCE = 120_000
_WEIGHTY = {"serious", "critical"}


@contextmanager
def logged_in(browser: Browser, served: Served, scope: str = "act", **options: Any) -> Iterator[Page]:
    """A page of a browser that has logged in; an error of its script fails the test."""
    context = browser.new_context(**options)
    errors: list[str] = []
    try:
        page = context.new_page()
        page.set_default_timeout(PATIENCE)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(f"{served.origin}/")
        page.fill("#token", served.token(scope))
        page.click("button")
        page.wait_for_url(f"{served.origin}/*")
        yield page
        assert errors == []
    finally:
        context.close()


def violations(page: Page) -> list[str]:
    """What axe finds that is serious, in a line each."""
    found = Axe().run(page).response["violations"]
    return [
        f"{each['id']}: {node['html'][:200]}" for each in found if each["impact"] in _WEIGHTY for node in each["nodes"]
    ]


def is_wider(page: Page) -> bool:
    """Whether a page scrolls sideways."""
    return bool(page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"))

"""A real Chromium that looks at pages.

A pytest plugin, named in tests/conftest.py.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium: the program that CHROMIUM names, or one of the usual names on the path.

    Without one the test is skipped; with CHROMIUM_REQUIRED set, as in CI, it fails.
    """
    program = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, _NAMES)), None)
    if program is None:
        say = pytest.fail if os.environ.get("CHROMIUM_REQUIRED") else pytest.skip
        say("no Chromium: install it (Debian: chromium, fonts-dejavu-core), or name the program in CHROMIUM")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        # The pages are our own files; a sandbox of namespaces and large shared memory are missing in many containers.
        chromium = playwright.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-dev-shm-usage"])
        yield chromium
        chromium.close()

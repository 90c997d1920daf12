"""Pages that mail carries along with an alert: files of the home, the newest of which are kept until they have left."""

from __future__ import annotations

import logging
import re
from pathlib import Path

from tradebot.home import paths
from tradebot.home.atomic_files import replace_text
from tradebot.home.regular_files import read_text

#: How many are kept: more than there are sessions in the days for which a delivery is tried.
_KEPT = 7
_NAME = re.compile(r"[\w-]{1,64}\.html")
_LOG = logging.getLogger(__name__)


def keep_attachment(home: Path, name: str, html: str) -> str:
    """Keep a page under a name that sorts by age; the oldest go. Returns the name, "" if it cannot be written."""
    folder = paths.attachments_folder(home)
    try:
        replace_text(folder / name, html)
        for old in sorted(folder.glob("*.html"))[:-_KEPT]:
            old.unlink()
    except OSError as error:
        _LOG.warning("the page %s could not be kept for mail: %s", name, error)
        return ""
    return name


def attachment(home: Path, name: str) -> str | None:
    """The page that was kept under a name; None where there is none."""
    if not _NAME.fullmatch(name):
        return None
    try:
        return read_text(paths.attachments_folder(home) / name)
    except (OSError, ValueError):
        return None

"""The templates of the pages, their style sheet and their script."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from hashlib import sha256
from importlib import resources

from tradebot.reports.html_report.rendering import environment, style_sheet
from tradebot.web.pages.frame import Frame

_PACKAGE = "tradebot.web.pages"
#: The paths of the style sheet and of the script.
STYLE, SCRIPT = "/static/pages.css", "/static/live.js"


class Renderer:
    """Makes pages of templates. Every value is escaped."""

    def __init__(self, hide: Callable[[str], str]) -> None:
        """``hide`` masks secrets in every text that is shown."""
        self._environment = environment(hide, _PACKAGE)

    def page(self, template: str, frame: Frame, **values: object) -> str:
        """A page as HTML."""
        return self.text(template, frame=frame, **values)

    def text(self, template: str, **values: object) -> str:
        """A template as HTML, which may have no frame."""
        return self._environment.get_template(template).render(**values)


@cache
def page_style() -> str:
    """The CSS of the pages, of the blocks and of the charts."""
    return style_sheet() + _text("pages.css")


@cache
def page_script() -> str:
    """The script of the pages."""
    return _text("live.js")


def style_address() -> str:
    """The address of the style sheet: another one for another content."""
    return f"{STYLE}?{fingerprint(page_style())}"


def script_address() -> str:
    """The address of the script."""
    return f"{SCRIPT}?{fingerprint(page_script())}"


def fingerprint(text: str) -> str:
    """A short name of a text's content, for its address: a changed file is loaded anew."""
    return sha256(text.encode()).hexdigest()[:12]


def _text(name: str) -> str:
    return resources.files(_PACKAGE).joinpath(name).read_text(encoding="utf-8")

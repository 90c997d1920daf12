"""The style sheet of charts."""

from __future__ import annotations

from importlib import resources


def style_sheet() -> str:
    """The CSS of all charts. The page defines the colours ``--ink``, ``--quiet``, ``--paper`` and ``--rule``."""
    return resources.files("tradebot.reports.charts").joinpath("charts.css").read_text(encoding="utf-8")

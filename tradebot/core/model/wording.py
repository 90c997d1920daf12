"""Words that jobs and pages share."""

from __future__ import annotations


def plural(count: int, noun: str) -> str:
    """``1 order``, ``2 orders``."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"

"""The page of the stored session with a broker."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Protocol

from tradebot.reports.formatting import instant
from tradebot.reports.layout import Cell, Facts, Page, Tone

#: Days that are left below which a session is warned of.
FEW_DAYS = 3


class StoredSession(Protocol):
    """The stored session."""

    @property
    def file(self) -> Path:
        """Where it is stored."""

    @property
    def trouble(self) -> str:
        """Why it cannot be used; "" if it can."""

    @property
    def account(self) -> str:
        """The end of the account's number."""

    @property
    def expires_at(self) -> datetime | None:
        """When it ends unless it is renewed, aware UTC."""

    @property
    def days_left(self) -> float | None:
        """The days until then."""

    @property
    def pasted(self) -> bool:
        """Whether a browser shares it."""

    @property
    def renewal(self) -> str:
        """What is wrong with its renewal; "" for nothing."""


def status_page(session: StoredSession) -> Page:
    """The stored session, and what is wrong with it."""
    facts: list[tuple[str, Cell | str]] = [("stored in", Cell(str(session.file), whole=True))]
    if session.account:
        facts.append(("account", session.account))
    if session.expires_at is not None and session.days_left is not None:
        tone = Tone.WARN if session.days_left < FEW_DAYS else Tone.PLAIN
        facts.append(("ends", Cell(f"{instant(session.expires_at)}, in {session.days_left:.1f} days", tone)))
    if session.renewal:
        facts.append(("renewal", Cell(f"{session.renewal}: log in again before it ends", Tone.WARN)))
    elif session.expires_at is not None:
        facts.append(("renewal", "by the first job below half of its life, or below 3 days"))
    if session.pasted:
        facts.append(("shared", "with the browser that it was taken from"))
    usable = Cell(session.trouble, Tone.BAD) if session.trouble else Cell("yes", Tone.GOOD)
    facts.append(("usable", usable))
    return (Facts(tuple(facts)),)

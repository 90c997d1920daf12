"""Who may use the web server: tokens and sessions as they are listed, without what opens them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Scope(StrEnum):
    """What a token or session may do."""

    READ = "read"  # look
    STOP = "stop"  # halt and make an emergency stop, and nothing else: for a telephone's shortcut
    ACT = "act"  # everything

    def covers(self, wanted: Scope) -> bool:
        """Whether it allows what ``wanted`` allows."""
        return self in (wanted, Scope.ACT)


@dataclass(frozen=True, slots=True)
class TokenLine:
    """A token."""

    name: str
    scope: Scope
    homes: tuple[str, ...] | None  # paths of their folders; None for every home of the user
    created_at: datetime


@dataclass(frozen=True, slots=True)
class SessionLine:
    """A browser that has logged in."""

    session_id: str  # names it in a list; it opens nothing
    scope: Scope
    homes: tuple[str, ...] | None  # as of the token
    token: str  # the name of the token that it was begun with; "" for a login link
    created_at: datetime
    expires_at: datetime
    address: str  # where the browser was
    browser: str  # what it called itself

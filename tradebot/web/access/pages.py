"""The lists of tokens and sessions as pages of the terminal."""

from __future__ import annotations

from collections.abc import Sequence

from tradebot.core.results.web_access import SessionLine, TokenLine
from tradebot.reports.layout import Line, Page, Table, columns


def tokens_page(tokens: Sequence[TokenLine]) -> Page:
    """The tokens."""
    if not tokens:
        return (Line("There is no token. `tradebot serve --new-token NAME --scope read|stop|act` makes one."),)
    rows = tuple((line.name, line.scope, _homes(line.homes), f"{line.created_at:%Y-%m-%d %H:%M}Z") for line in tokens)
    return (Table(columns("token|scope|~homes|created"), rows),)


def sessions_page(sessions: Sequence[SessionLine]) -> Page:
    """The sessions."""
    if not sessions:
        return (Line("No browser is logged in."),)
    rows = tuple(
        (
            line.session_id,
            line.scope,
            line.token or "login link",
            line.address,
            f"{line.expires_at:%Y-%m-%d %H:%M}Z",
            _homes(line.homes),
            line.browser,
        )
        for line in sessions
    )
    return (Table(columns("session|scope|by|address|until|~homes|~browser"), rows),)


def _homes(homes: tuple[str, ...] | None) -> str:
    return "every home" if homes is None else ", ".join(homes)

"""What the file of tokens and sessions holds, and its form as JSON. No secret is in it: only digests of secrets."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from tradebot.core.results.web_access import Scope, SessionLine, TokenLine

FORMAT = 1


@dataclass(frozen=True, slots=True)
class Token:
    """A token and the digest of its secret."""

    line: TokenLine
    digest: str


@dataclass(frozen=True, slots=True)
class Session:
    """A session and the digest of its cookie."""

    line: SessionLine
    digest: str


@dataclass(frozen=True, slots=True)
class LoginCode:
    """The digest of a code that begins one session."""

    digest: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class AccessRecords:
    """Everything that opens the server."""

    tokens: tuple[Token, ...] = ()
    sessions: tuple[Session, ...] = ()
    codes: tuple[LoginCode, ...] = ()

    def token(self, digest: str) -> Token | None:
        """The token with this digest."""
        return next((token for token in self.tokens if token.digest == digest), None)

    def session(self, digest: str, now: datetime) -> Session | None:
        """The session with this digest, unless it is over."""
        found = next((session for session in self.sessions if session.digest == digest), None)
        return found if found and now < found.line.expires_at else None

    def code(self, digest: str, now: datetime) -> LoginCode | None:
        """The login code with this digest, unless it is over."""
        found = next((code for code in self.codes if code.digest == digest), None)
        return found if found and now < found.expires_at else None

    def without_token(self, name: str) -> AccessRecords:
        """Without a token, and without the sessions that were begun with it."""
        return replace(
            self,
            tokens=tuple(token for token in self.tokens if token.line.name != name),
            sessions=tuple(session for session in self.sessions if session.line.token != name),
        )

    def without_session(self, session_id: str) -> AccessRecords:
        """Without a session."""
        return replace(self, sessions=tuple(s for s in self.sessions if s.line.session_id != session_id))

    def without_code(self, digest: str) -> AccessRecords:
        """Without a login code."""
        return replace(self, codes=tuple(code for code in self.codes if code.digest != digest))

    def without_expired(self, now: datetime) -> AccessRecords:
        """Without the sessions and codes that are over."""
        return replace(
            self,
            sessions=tuple(session for session in self.sessions if now < session.line.expires_at),
            codes=tuple(code for code in self.codes if now < code.expires_at),
        )


def to_json(records: AccessRecords) -> str:
    """The records as JSON."""
    content = {
        "format": FORMAT,
        "tokens": [{**_token_fields(token.line), "digest": token.digest} for token in records.tokens],
        "sessions": [{**_session_fields(session.line), "digest": session.digest} for session in records.sessions],
        "codes": [{"digest": code.digest, "expires_at": code.expires_at.isoformat()} for code in records.codes],
    }
    return json.dumps(content, indent=1) + "\n"


def from_json(text: str) -> AccessRecords:
    """The records in a text of ``to_json``. Raises ValueError, KeyError, TypeError or AttributeError for any other."""
    content = json.loads(text)
    if content["format"] != FORMAT:
        raise ValueError(f"its format is {content['format']!r}")
    return AccessRecords(
        _all(content["tokens"], lambda row: Token(_token_line(row), _text(row["digest"]))),
        _all(content["sessions"], lambda row: Session(_session_line(row), _text(row["digest"]))),
        _all(content["codes"], lambda row: LoginCode(_text(row["digest"]), _instant(row["expires_at"]))),
    )


def _token_fields(line: TokenLine) -> dict[str, object]:
    homes = None if line.homes is None else list(line.homes)
    return {"name": line.name, "scope": line.scope, "homes": homes, "created_at": line.created_at.isoformat()}


def _session_fields(line: SessionLine) -> dict[str, object]:
    return {
        "session_id": line.session_id,
        "scope": line.scope,
        "homes": None if line.homes is None else list(line.homes),
        "token": line.token,
        "created_at": line.created_at.isoformat(),
        "expires_at": line.expires_at.isoformat(),
        "address": line.address,
        "browser": line.browser,
    }


def _token_line(row: dict[str, Any]) -> TokenLine:
    return TokenLine(_text(row["name"]), Scope(row["scope"]), _homes(row["homes"]), _instant(row["created_at"]))


def _session_line(row: dict[str, Any]) -> SessionLine:
    return SessionLine(
        session_id=_text(row["session_id"]),
        scope=Scope(row["scope"]),
        homes=_homes(row["homes"]),
        token=_text(row["token"]),
        created_at=_instant(row["created_at"]),
        expires_at=_instant(row["expires_at"]),
        address=_text(row["address"]),
        browser=_text(row["browser"]),
    )


def _all(rows: list[dict[str, Any]], read: Callable[[dict[str, Any]], Any]) -> tuple[Any, ...]:
    return tuple(read(row) for row in rows)


def _homes(homes: list[str] | None) -> tuple[str, ...] | None:
    return None if homes is None else tuple(_text(home) for home in homes)


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is no text")
    return value


def _instant(text: str) -> datetime:
    instant = datetime.fromisoformat(text)
    if instant.tzinfo is None:
        raise ValueError(f"{text} has no offset")
    return instant

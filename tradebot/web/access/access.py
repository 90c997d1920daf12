"""Tokens, sessions and login codes: what opens the server, for which homes, and to do what."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import timedelta
from secrets import token_hex, token_urlsafe

from tradebot.core.results.web_access import Scope, SessionLine, TokenLine
from tradebot.errors import UsageError
from tradebot.home import paths
from tradebot.ports import Clock
from tradebot.settings import Settings
from tradebot.web.access.access_file import AccessFile
from tradebot.web.access.records import AccessRecords, LoginCode, Session, Token

#: How long a login code is good for.
CODE_LIFE = timedelta(minutes=5)
#: Beginnings of what opens the server, by which people and scanners of secrets know it.
TOKEN_PREFIX, CODE_PREFIX, SESSION_PREFIX = "tbt_", "tbl_", "tbs_"
#: Sessions that are kept; the oldest ends when another one begins.
_MOST_SESSIONS = 200
_MOST_BROWSER_LETTERS = 120


@dataclass(frozen=True, slots=True)
class Grant:
    """What a request may do, by the token or the session that it brought."""

    name: str  # of the token; "" for a session of a login link
    scope: Scope
    homes: tuple[str, ...] | None  # paths of the homes; None for every home of the user
    digest: str  # of the token or of the session's cookie
    session_id: str = ""  # "" for a token
    csrf: str = ""  # what a form of this session must bring along; "" for a token

    def opens(self, home: str) -> bool:
        """Whether it is for this home."""
        return self.homes is None or home in self.homes


class Access:
    """What opens the server."""

    def __init__(self, file: AccessFile, clock: Clock, session_life: timedelta) -> None:
        self._file = file
        self._clock = clock
        self._session_life = session_life

    # --- requests ---

    def of_token(self, secret: str) -> Grant | None:
        """What a token allows; None for a wrong one."""
        found = self._file.records().token(digest_of(secret)) if secret.startswith(TOKEN_PREFIX) else None
        return Grant(found.line.name, found.line.scope, found.line.homes, found.digest) if found else None

    def of_session(self, secret: str) -> Grant | None:
        """What a session's cookie allows; None for one that is wrong, over or revoked."""
        found = self._file.records().session(digest_of(secret), self._clock.wall())
        return _session_grant(found, secret) if found else None

    def still_holds(self, grant: Grant) -> bool:
        """Whether a grant was neither revoked nor ended since."""
        records = self._file.records()
        if grant.session_id:
            return records.session(grant.digest, self._clock.wall()) is not None
        return records.token(grant.digest) is not None

    def log_in(self, secret: str, address: str, browser: str) -> str | None:
        """Begin a session with a token or a login code, which is spent. Returns its cookie; None for a wrong secret.

        Raises ConfigError where the session cannot be kept.
        """
        digest, now, cookie = digest_of(secret), self._clock.wall(), f"{SESSION_PREFIX}{token_urlsafe(32)}"
        if not self._opens(digest, self._file.records()):
            return None
        begun: list[Session] = []

        def begin(records: AccessRecords) -> AccessRecords:
            if not self._opens(digest, records):  # another request has spent the code
                return records
            token = records.token(digest)
            scope, homes, name = (
                (token.line.scope, token.line.homes, token.line.name) if token else (Scope.ACT, None, "")
            )
            line = SessionLine(
                session_id=token_hex(4),
                scope=scope,
                homes=homes,
                token=name,
                created_at=now,
                expires_at=now + self._session_life,
                address=address,
                browser=browser[:_MOST_BROWSER_LETTERS],
            )
            begun.append(Session(line, digest_of(cookie)))
            kept = records.without_code(digest).without_expired(now)
            return replace(kept, sessions=(*kept.sessions, *begun)[-_MOST_SESSIONS:])

        self._file.change(begin)
        return cookie if begun else None

    def _opens(self, digest: str, records: AccessRecords) -> bool:
        return bool(records.token(digest) or records.code(digest, self._clock.wall()))

    # --- keeping ---

    def new_token(self, name: str, scope: Scope, homes: Iterable[str] | None) -> str:
        """Make a token and return it: it is kept nowhere. Raises UsageError for a name that is taken, ConfigError."""
        secret = f"{TOKEN_PREFIX}{token_urlsafe(32)}"
        line = TokenLine(name, scope, None if homes is None else tuple(homes), self._clock.wall())

        def add(records: AccessRecords) -> AccessRecords:
            if any(token.line.name == name for token in records.tokens):
                raise UsageError(f"there is a token {name} already. Take another name, or --revoke-token {name} first.")
            return replace(records, tokens=(*records.tokens, Token(line, digest_of(secret))))

        self._file.change(add)
        return secret

    def new_code(self) -> str:
        """Make a code that begins one session, within five minutes. Raises ConfigError."""
        code, now = f"{CODE_PREFIX}{token_urlsafe(24)}", self._clock.wall()

        def add(records: AccessRecords) -> AccessRecords:
            kept = records.without_expired(now)
            return replace(kept, codes=(*kept.codes, LoginCode(digest_of(code), now + CODE_LIFE)))

        self._file.change(add)
        return code

    def tokens(self) -> tuple[TokenLine, ...]:
        """The tokens, oldest first. Raises ConfigError where the file cannot be understood."""
        return tuple(token.line for token in self._file.readable_records().tokens)

    def sessions(self) -> tuple[SessionLine, ...]:
        """The sessions that are not over, oldest first. Raises ConfigError where the file cannot be understood."""
        records = self._file.readable_records().without_expired(self._clock.wall())
        return tuple(session.line for session in records.sessions)

    def revoke_token(self, name: str) -> None:
        """Take a token back, and end the sessions that were begun with it. Raises UsageError if there is none."""
        if name not in (token.name for token in self.tokens()):
            raise UsageError(f"there is no token {name}. `tradebot serve --tokens` lists them.")
        self._file.change(lambda records: records.without_token(name))

    def end_session(self, session_id: str) -> None:
        """End a session. Raises UsageError if there is none."""
        if session_id not in (session.session_id for session in self.sessions()):
            raise UsageError(f"there is no session {session_id}. `tradebot serve --sessions` lists them.")
        self._file.change(lambda records: records.without_session(session_id))


def access_of(settings: Settings, clock: Clock) -> Access:
    """The tokens and sessions of a home."""
    file = AccessFile(paths.web_access_file(settings.home))
    return Access(file, clock, timedelta(hours=settings.web_session_hours))


def digest_of(secret: str) -> str:
    """The digest by which a secret is known. A slow one has no use: secrets are 24 or 32 random bytes."""
    return hashlib.sha256(secret.encode(errors="surrogateescape")).hexdigest()


def _session_grant(session: Session, cookie: str) -> Grant:
    csrf = hmac.new(cookie.encode(errors="surrogateescape"), b"forms of this session", hashlib.sha256).hexdigest()
    line = session.line
    return Grant(line.token, line.scope, line.homes, session.digest, line.session_id, csrf)

"""Who is let in: passwords, pairs of tokens, and how long they serve."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from itertools import count
from typing import Any

from tests.fakes.robinhood.approvals import Approvals
from tests.fakes.robinhood.house import Terms
from tests.fakes.wire.messages import Answer, Arrival

USERNAME = "trader.canary@example.com"
PASSWORD = "fakePassword-canary-7C1F"
#: The public id of the clients that robin_stocks and pyhood send (by their source).
CLIENT_ID = "c82SH0WZOsabOXGP2sxqcj34FxkvfnWRZBKlBjFS"
_FAILED_LOGINS = 3  # then a lock: said of pyhood


@dataclass
class Pair:
    """An access token, and the refresh token that goes with it."""

    access: str
    refresh: str
    expires_at: datetime
    device: str
    revoked: bool = False


class Logins:
    """The sessions of the account's owner. Time is the exchange's."""

    def __init__(self, terms: Terms, approvals: Approvals) -> None:
        self._terms = terms
        self._approvals = approvals
        self._numbers = count(1)
        self._failed = 0
        self.pairs: list[Pair] = []
        self.refreshes = 0

    # --- for tests -----------------------------------------------------------------------------------

    def grant(self, now: datetime, device: str = "device-canary-0001") -> Pair:
        """A pair as a browser would have it, without a login."""
        self._approvals.known.add(device)
        return self._made(now, device)

    def revoke(self) -> None:
        """End every session, as the owner can in the app; no refresh brings one back."""
        for pair in self.pairs:
            pair.revoked = True

    # --- requests ------------------------------------------------------------------------------------

    def refused(self, headers: Mapping[str, str], now: datetime) -> Answer | None:
        """The answer to a request without a token that serves; None for one with it. Its words are a guess."""
        given = {name.lower(): value for name, value in headers.items()}.get("authorization", "")
        token = given.removeprefix("Bearer ")
        pair = next((pair for pair in self.pairs if pair.access == token), None)
        if pair is None or pair.revoked:
            return Answer(401, {"detail": "Incorrect authentication credentials."})
        return Answer(401, {"detail": "Token has expired."}) if pair.expires_at <= now else None

    def token(self, arrival: Arrival, now: datetime) -> Answer:
        """The token endpoint (by the source of robin_stocks and pyhood)."""
        body = arrival.body or {}
        if body.get("client_id") != CLIENT_ID:
            return Answer(401, {"error": "invalid_client"})
        if body.get("grant_type") == "refresh_token":
            return self._refresh(body, now)
        if body.get("grant_type") == "password":
            return self._password(body, now)
        return Answer(400, {"error": "unsupported_grant_type"})

    def revoke_token(self, arrival: Arrival) -> Answer:
        """Log out: the pair that has this token ends (by the source of pyhood)."""
        for pair in self.pairs:
            if (arrival.body or {}).get("token") in (pair.access, pair.refresh):
                pair.revoked = True
        return Answer(200, {})

    def _password(self, body: Mapping[str, Any], now: datetime) -> Answer:
        if self._failed >= _FAILED_LOGINS:
            return Answer(429, {"detail": "Request was throttled. Expected available in 300 seconds."})
        if not self._terms.password_login or (body.get("username"), body.get("password")) != (USERNAME, PASSWORD):
            self._failed += 1
            return Answer(400, {"detail": "Unable to log in with provided credentials."})
        if self._terms.mfa and "mfa_code" not in body:
            return Answer(200, {"mfa_required": True, "mfa_type": "app"})
        if self._terms.mfa and body["mfa_code"] != self._terms.mfa:
            self._failed += 1
            return Answer(400, {"detail": "Please enter a valid code."})
        device = str(body.get("device_token", ""))
        if self._terms.approves and device not in self._approvals.known:
            return self._approvals.demanded(device)
        self._failed = 0
        return self._told(self._made(now, device))

    def _refresh(self, body: Mapping[str, Any], now: datetime) -> Answer:
        """A new pair for the refresh token of an old one. The words for one that is not known are a guess."""
        pair = next((pair for pair in self.pairs if pair.refresh == body.get("refresh_token")), None)
        if pair is None or pair.revoked:
            return Answer(401, {"error": "invalid_grant", "error_description": "Invalid refresh token."})
        self.refreshes += 1
        made = self._made(now, pair.device)
        if self._terms.rotates:
            pair.revoked = True
        return self._told(made)

    def _made(self, now: datetime, device: str) -> Pair:
        number = next(self._numbers)
        expires_at = now + timedelta(seconds=self._terms.lives)
        pair = Pair(_jwt(number, expires_at), _secret(f"refresh {number}"), expires_at, device)
        self.pairs.append(pair)
        return pair

    def _told(self, pair: Pair) -> Answer:
        body = {
            "access_token": pair.access,
            "expires_in": int(self._terms.lives),
            "token_type": "Bearer",
            "scope": "internal",
            "refresh_token": pair.refresh,
            "mfa_code": None,
            "backup_code": None,
        }
        return Answer(200, body)


def _jwt(number: int, expires_at: datetime) -> str:
    """A JWT whose ``exp`` says when it ends (captured), with a signature that nobody could check."""
    parts = ({"alg": "ES256", "typ": "JWT"}, {"exp": int(expires_at.timestamp()), "token": _secret(f"access {number}")})
    return ".".join([*(_encoded(json.dumps(part).encode()) for part in parts), _secret(f"signature {number}")])


def _encoded(raw: bytes) -> str:
    return urlsafe_b64encode(raw).decode().rstrip("=")


def _secret(of: str) -> str:
    return sha256(f"canary {of}".encode()).hexdigest()

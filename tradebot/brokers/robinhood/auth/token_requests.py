"""Requests for tokens: renewal, and login by password. Each is sent once, and none repeats itself.

Form, fields and the public id of the client are by the source of robin-stocks 3.4.0 and pyhood.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from robin_stocks.robinhood import urls

from tradebot.brokers.http.api import Api
from tradebot.brokers.http.client import Client
from tradebot.brokers.http.rate_limit import Pacing
from tradebot.brokers.http.response_meaning import ParsedResponse, ResponseClass
from tradebot.brokers.http.responses import HttpResponse, Json, NotJson, decode_json
from tradebot.brokers.http.timeouts import Pause, Timeouts
from tradebot.brokers.robinhood.auth.tokens import Renewal, Tokens, expiry_of
from tradebot.brokers.robinhood.hosts import ACCOUNT_URL, HEADERS
from tradebot.brokers.robinhood.response_meaning import parse_response
from tradebot.errors import Blocked, OrderRefused, OutcomeUnknown
from tradebot.settings.endpoints import Endpoint

CLIENT_ID: Final = "c82SH0WZOsabOXGP2sxqcj34FxkvfnWRZBKlBjFS"
_TOKEN_PATH: Final = urls.login_url().removeprefix(ACCOUNT_URL)
#: Seconds that are asked for; said to be ignored (pyhood).
_ASKED_LIFE = "86400"


class TokensRefused(Exception):
    """Robinhood gave no tokens. The message says why, in its words."""


class WithoutToken:
    """The headers of a request for tokens; implements Authorisation."""

    @property
    def noun(self) -> str:
        """What is refused where a request for tokens is."""
        return "this login"

    def headers(self) -> Mapping[str, str]:
        """The headers of robin-stocks, without a token."""
        return HEADERS

    def renew(self, refused: Mapping[str, str]) -> bool:
        """False: there is nothing to renew."""
        return False

    def refusal(self, message: str) -> Blocked:
        """The error for a password or a refresh token that Robinhood does not accept."""
        return Blocked(message)


@dataclass(frozen=True, slots=True)
class PasswordAnswer:
    """What a login by password came to: tokens, or what Robinhood wants first."""

    tokens: Tokens | None = None
    wants_code: bool = False
    workflow: str = ""  # the id under which the device is to be approved; "" for none


class TokenRequests:
    """Asks Robinhood for tokens."""

    def __init__(self, endpoint: Endpoint, pacing: Pacing, pause: Pause, timeouts: Timeouts) -> None:
        self.api = Api(Client(endpoint, timeouts), WithoutToken(), _read_login, pacing, pause, timeouts)

    def renew(self, tokens: Tokens, now: datetime) -> Tokens:
        """Newer tokens, in whose place the old ones may not be accepted any more.

        Raises TokensRefused, BrokerUnavailable when the request certainly had no effect, and OutcomeUnknown.
        """
        body = {
            "grant_type": "refresh_token",
            "refresh_token": tokens.refresh,
            "scope": "internal",
            "client_id": CLIENT_ID,
            "expires_in": _ASKED_LIFE,
        }
        content = self._post({**body, "device_token": tokens.device} if tokens.device else body)
        newer = _tokens(content, now, tokens.device)
        return replace(newer, account_number=tokens.account_number, pasted=tokens.pasted)

    def log_in(self, username: str, password: str, code: str, device: str, now: datetime) -> PasswordAnswer:
        """Log in by password. ``code``: of the two-factor login, "" for none. Errors are those of ``renew``."""
        body = {
            "grant_type": "password",
            "username": username,
            "password": password,
            "scope": "internal",
            "client_id": CLIENT_ID,
            "expires_in": _ASKED_LIFE,
            "device_token": device,
            "try_passkeys": "false",
            "token_request_path": "/login",
            "create_read_only_secondary_token": "true",
        }
        content = self._post({**body, "mfa_code": code} if code else body)
        if isinstance(content, dict) and "verification_workflow" in content:
            workflow = content["verification_workflow"]
            return PasswordAnswer(workflow=str(workflow["id"]))
        if isinstance(content, dict) and content.get("mfa_required"):
            return PasswordAnswer(wants_code=True)
        return PasswordAnswer(_tokens(content, now, device))

    def _post(self, body: Mapping[str, Any]) -> Json:
        try:
            return self.api.write("POST", _TOKEN_PATH, body, form=True)
        except (OrderRefused, Blocked) as refused:
            raise TokensRefused(str(refused)) from None  # without the request that led here


def _tokens(content: Json, now: datetime, device: str) -> Tokens:
    """The pair in an answer. Raises OutcomeUnknown for an answer without one: it may have replaced the old pair."""
    try:
        access, refresh = content["access_token"], content["refresh_token"]
        life = content.get("expires_in")
        expires_at = expiry_of(access) or now + timedelta(seconds=int(life))
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError):
        raise OutcomeUnknown("Robinhood answered a request for tokens with something else.") from None
    if not isinstance(refresh, str) or not access or not refresh:
        raise OutcomeUnknown("Robinhood answered a request for tokens without both of them.")
    return Tokens(
        access=access,
        refresh=refresh,
        device=device,
        obtained_at=now,
        expires_at=expires_at,
        renewal=Renewal.NONE,
    )


def _read_login(response: HttpResponse, endpoint: Endpoint) -> ParsedResponse:
    """As every response, save that a device to be approved is told with an error's status."""
    if response.status in (400, 401, 403):
        try:
            content = decode_json(response.body)
        except NotJson:
            content = None
        workflow = content.get("verification_workflow") if isinstance(content, dict) else None
        if isinstance(workflow, dict) and isinstance(workflow.get("id"), str):
            return ParsedResponse(ResponseClass.SUCCESS, content=content)
    return parse_response(response, endpoint)

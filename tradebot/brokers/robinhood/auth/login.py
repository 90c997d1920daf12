"""Logging in by password: two-factor code, approval of a device, and an end to every wait.

The steps of the approval are by the source of robin-stocks 3.4.0 and pyhood; nobody here has seen them answered.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Protocol
from uuid import uuid4

from tradebot.brokers.http.responses import Json
from tradebot.brokers.http.timeouts import Pause
from tradebot.brokers.robinhood.auth.token_requests import PasswordAnswer, TokenRequests, TokensRefused
from tradebot.brokers.robinhood.auth.tokens import Tokens
from tradebot.brokers.robinhood.auth.totp import totp
from tradebot.brokers.robinhood.json_fields import Fields
from tradebot.errors import Blocked, OrderRefused, OutcomeUnknown

#: Seconds for which an approval in the app is waited for, and between two looks.
APPROVAL_SECONDS: Final = 180.0
LOOK_SECONDS: Final = 5.0
#: How many codes of a message may be typed.
CODES: Final = 3
_CONTINUE: Final[Mapping[str, Any]] = {"sequence": 0, "user_input": {"status": "continue"}}
_NOT_RETRIED = (
    "It is not tried again by itself, because some failed logins lock the account for minutes. Check the login in the "
    "app first. Robinhood refuses right passwords of some programs too: then paste the tokens of a browser instead."
)


class Person(Protocol):
    """Who logs in, at a terminal."""

    def tell(self, text: str) -> None:
        """Show a line."""
        ...

    def code(self, question: str) -> str:
        """Ask for a code."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """What a person logs in with. ``repr`` shows none of it."""

    username: str
    password: str
    mfa_secret: str = ""  # "": the person is asked for a code where one is wanted
    device: str = ""  # of the login before, which may be approved already; "" for a new one

    def __repr__(self) -> str:
        return "Credentials(********)"


class PasswordLogin:
    """One login by password. Each request is sent once; a person is asked for what is missing."""

    def __init__(self, requests: TokenRequests, pause: Pause, now: Callable[[], datetime], person: Person) -> None:
        self._requests = requests
        self._pause = pause
        self._now = now
        self._person = person

    def tokens(self, credentials: Credentials) -> Tokens:
        """Log in. Raises Blocked, UsageError, BrokerUnavailable and OutcomeUnknown."""
        device = credentials.device or str(uuid4())
        code = self._code(credentials.mfa_secret)
        answer = self._sent(credentials, code, device)
        if answer.wants_code:
            code = self._person.code("The code of the two-factor login (six digits):")
            answer = self._sent(credentials, code, device)
        if answer.workflow:
            self._approve(answer.workflow, device)
            # a code of the clock may have passed while the owner approved
            answer = self._sent(credentials, self._code(credentials.mfa_secret) or code, device)
        if answer.tokens is None:
            raise Blocked(f"Robinhood asks for something else after the login. {_NOT_RETRIED}")
        return answer.tokens

    def _code(self, secret: str) -> str:
        if not secret:
            return ""
        try:
            return totp(secret, self._now())
        except ValueError:
            fix = "Write the letters that Robinhood shows with the QR code, or leave it blank and type the code."
            raise Blocked(f"ROBINHOOD_MFA_SECRET is no base32 text. {fix}") from None

    def _sent(self, credentials: Credentials, code: str, device: str) -> PasswordAnswer:
        try:
            return self._requests.log_in(credentials.username, credentials.password, code, device, self._now())
        except TokensRefused as error:
            raise Blocked(f"Robinhood did not take the login: {error} {_NOT_RETRIED}") from None
        except OutcomeUnknown as error:
            raise OutcomeUnknown(f"the login got no usable answer, and nothing is stored: {error}") from None

    def _approve(self, workflow: str, device: str) -> None:
        """Let the owner approve this device. Raises Blocked where that does not happen in time."""
        api, until = self._requests.api, self._pause.monotonic() + APPROVAL_SECONDS
        asked = {"device_id": device, "flow": "suv", "input": {"workflow_id": workflow}}
        machine = Fields(self._post("/pathfinder/user_machine/", asked), "the approval").text("id")
        view = f"/pathfinder/inquiries/{machine}/user_view/"
        challenge = self._challenge(api.read(view))
        while challenge is None:
            self._wait(until)
            challenge = self._challenge(api.read(view))
        kind, identifier, status = challenge
        if status != "validated" and kind in ("sms", "email"):
            self._type_code(kind, identifier)
        elif status != "validated":
            self._person.tell(
                f"Approve this device in the Robinhood app on your phone, within {APPROVAL_SECONDS:.0f} seconds."
            )
            prompts = f"/push/{identifier}/get_prompts_status/"
            while Fields(api.read(prompts), "the approval").maybe_text("challenge_status") != "validated":
                self._wait(until)
        while not _is_approved(self._post(view, _CONTINUE)):
            self._wait(until)

    def _type_code(self, kind: str, identifier: str) -> None:
        for attempt in range(CODES):
            code = self._person.code(f"The code that Robinhood has sent you by {kind}:")
            try:
                self._requests.api.write("POST", f"/challenge/{identifier}/respond/", {"response": code}, form=True)
                return
            except OrderRefused:
                if attempt + 1 < CODES:
                    self._person.tell("Robinhood does not take this code.")
        raise Blocked(f"Robinhood took none of {CODES} codes. Run `tradebot auth robinhood` again in some minutes.")

    def _post(self, path: str, body: Mapping[str, Any]) -> Json:
        try:
            return self._requests.api.write("POST", path, body)
        except OrderRefused as refused:
            raise Blocked(f"Robinhood refused the approval of this device: {refused}") from None

    @staticmethod
    def _challenge(content: Json) -> tuple[str, str, str] | None:
        """Type, id and status of what the owner is to do; None while that is not known yet."""
        context = Fields(content, "the approval").maybe_object("context")
        challenge = context.maybe_object("sheriff_challenge") if context else None
        if challenge is None:
            return None
        return challenge.text("type"), challenge.text("id"), challenge.maybe_text("status") or ""

    def _wait(self, until: float) -> None:
        if self._pause.monotonic() + LOOK_SECONDS > until:
            raise Blocked(
                f"the device was not approved within {APPROVAL_SECONDS:.0f} seconds, and nothing is stored. Run "
                "`tradebot auth robinhood` again, with the Robinhood app at hand."
            )
        self._pause.sleep(LOOK_SECONDS)


def _is_approved(content: Json) -> bool:
    """Whether an answer to "continue" says that the device is approved."""
    if not isinstance(content, dict):
        return False
    results = (content.get("type_context"), content.get("verification_workflow"))
    words = {each.get(name) for each in results if isinstance(each, dict) for name in ("result", "workflow_status")}
    return "workflow_status_approved" in words

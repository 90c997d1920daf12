"""The session with Robinhood of a command: the tokens of the file, renewed in time, and never by the password."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime

from tradebot.brokers.robinhood.auth.token_file import LOG_IN, TokenFile
from tradebot.brokers.robinhood.auth.token_requests import TokenRequests, TokensRefused
from tradebot.brokers.robinhood.auth.tokens import Renewal, Tokens
from tradebot.brokers.robinhood.hosts import HEADERS
from tradebot.errors import AuthNeeded, Blocked, BrokerUnavailable, ConfigError, Locked, OutcomeUnknown

#: Seconds for which a command waits for another one that renews the tokens: longer than any request takes.
LOCK_SECONDS = 60.0
#: The same for an emergency stop, which goes on with the tokens that it has.
URGENT_LOCK_SECONDS = 2.0

_LOG = logging.getLogger(__name__)


class StoredSession:
    """The tokens of a login's file; implements Authorisation.

    They are renewed when they are due, and when they are refused. A renewal whose answer was lost is not repeated while
    the tokens before it serve. Newer tokens are stored before they are used; those that another command has stored are
    taken.
    """

    def __init__(
        self,
        file: TokenFile,
        requests: TokenRequests,
        now: Callable[[], datetime],
        lock_seconds: float = LOCK_SECONDS,
        *,
        renews: bool = True,
    ) -> None:
        """``renews``: whether this command may renew the tokens, which ends those of before."""
        self._file = file
        self._renews = renews
        self._requests = requests
        self._now = now
        self._lock_seconds = lock_seconds
        self._tokens: Tokens | None = None
        self._has_tried = False  # to renew tokens that still serve; once in each command

    @property
    def account_number(self) -> str:
        """The account that was chosen at login, "" for none. Raises AuthNeeded without tokens."""
        return self._current().account_number

    @property
    def noun(self) -> str:
        """What lets the requests in."""
        return "the session"

    def headers(self) -> Mapping[str, str]:
        """The headers of robin-stocks with the access token. Raises AuthNeeded without tokens."""
        tokens = self._current()
        may_try = self._renews and not self._has_tried
        if may_try and tokens.renewal is Renewal.NONE and tokens.is_renewal_due(self._now()):
            self._has_tried = True
            tokens = self._tokens = self._renewed_in_time(tokens)
        return {**HEADERS, "Authorization": f"Bearer {tokens.access}"}

    def renew(self, refused: Mapping[str, str]) -> bool:
        """Whether newer tokens are there, after an access token was refused.

        Raises AuthNeeded where there can be none, and BrokerUnavailable where the next command may find some.
        """
        tokens = self._file.required()
        if refused.get("Authorization") != f"Bearer {tokens.access}":
            self._tokens = tokens
            return True
        if not self._renews:
            raise BrokerUnavailable("Robinhood does not accept the session. The next job renews it.")
        try:
            self._tokens = self._exchanged(tokens, is_refused=True)
        except TokensRefused as error:
            raise AuthNeeded(f"the session with Robinhood is over: {error} {LOG_IN}") from None
        except OutcomeUnknown as error:
            raise BrokerUnavailable(
                f"Robinhood does not accept the session any more, and its renewal got no answer: {error} The next "
                "command tries once more; if that is refused, log in with `tradebot auth robinhood`."
            ) from None
        except Locked as error:
            raise BrokerUnavailable(f"Robinhood does not accept the session, and {error}.") from None
        return True

    def refusal(self, message: str) -> Blocked:
        """The error for an access token that is refused although it is new."""
        return AuthNeeded(f"{message} {LOG_IN}")

    def _current(self) -> Tokens:
        if self._tokens is None:
            self._tokens = self._file.required()
        return self._tokens

    def _renewed_in_time(self, tokens: Tokens) -> Tokens:
        """Newer tokens; those that serve now where none can be had. They serve until they are refused."""
        try:
            return self._exchanged(tokens, is_refused=False)
        except Locked as error:
            _LOG.warning("%s: going on with the tokens of before", error)
        except (TokensRefused, OutcomeUnknown, BrokerUnavailable, ConfigError) as error:
            days = tokens.left(self._now()).total_seconds() / 86400
            _LOG.warning("the session with Robinhood could not be renewed, and ends in %.1f days: %s", days, error)
        return tokens

    def _exchanged(self, tokens: Tokens, *, is_refused: bool) -> Tokens:
        """Newer tokens: those that another command has stored meanwhile, else those of a renewal, which are stored.

        Raises Locked, TokensRefused, OutcomeUnknown, BrokerUnavailable, ConfigError and AuthNeeded.
        """
        with self._file.lock(self._lock_seconds):
            current = self._file.required()
            if current.access != tokens.access:
                return current
            if current.renewal is Renewal.REFUSED and is_refused:
                raise TokensRefused("Robinhood refused to renew it, and does not accept it any more.")
            if current.renewal is not Renewal.NONE and not is_refused:
                return current
            # written first: a command that dies here leaves a renewal that nobody saw the answer of
            self._file.write(replace(current, renewal=Renewal.UNANSWERED))
            try:
                newer = self._requests.renew(current, self._now())
            except BrokerUnavailable:
                self._file.write(current)  # nothing was sent, or nothing was done
                raise
            except TokensRefused:
                self._file.write(replace(current, renewal=Renewal.REFUSED))
                raise
            self._store(newer)
            return newer

    def _store(self, newer: Tokens) -> None:
        """Write newer tokens. Where that fails they serve this command: the old ones are gone in any case."""
        try:
            self._file.write(newer)
        except ConfigError as error:
            _LOG.error("the renewed session with Robinhood is lost with this command, log in again: %s", error)

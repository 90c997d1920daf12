"""Begins, shows and ends the session with Robinhood, for a person at a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from tradebot.brokers.http.timeouts import RealPause, Timeouts
from tradebot.brokers.robinhood import addresses
from tradebot.brokers.robinhood.auth.login import Credentials, PasswordLogin, Person
from tradebot.brokers.robinhood.auth.token_requests import TokenRequests
from tradebot.brokers.robinhood.auth.tokens import Renewal, Tokens, expiry_of
from tradebot.brokers.robinhood.hosts import account_host
from tradebot.brokers.robinhood.json_fields import Fields
from tradebot.brokers.robinhood.pacing import RequestGap, TokenPace
from tradebot.brokers.robinhood.pages import read_rows
from tradebot.core.model.account_numbers import masked
from tradebot.errors import AuthNeeded, Blocked
from tradebot.runtime.clocks import SystemClock
from tradebot.runtime.robinhood import open_apis, token_file
from tradebot.settings import Settings, TradingMode
from tradebot.settings.redaction import learn_secrets


@dataclass(frozen=True, slots=True)
class LoginAccount:
    """An account of a login. ``repr`` shows no number."""

    number: str = field(repr=False)
    shown: str  # for people: the end of its number, and its kind


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionStatus:
    """The stored session. ``trouble``: why it cannot be used, "" if it can. Times are aware UTC."""

    file: Path
    trouble: str
    account: str = ""  # the end of its number; "" for none
    expires_at: datetime | None = None
    days_left: float | None = None
    pasted: bool = False
    renewal: str = ""  # what is wrong with the renewal; "" for nothing


def log_in(settings: Settings, person: Person, username: str, password: str) -> None:
    """Log in by password and store the tokens. Raises Blocked, UsageError, BrokerUnavailable and OutcomeUnknown."""
    learn_secrets(username, password)
    pacing, pause, clock = RequestGap(settings.robinhood_request_gap_ms / 1000), RealPause(), SystemClock()
    endpoint = account_host(settings.robinhood_base_url)
    requests = TokenRequests(endpoint, TokenPace(pacing), pause, Timeouts())
    secret = settings.robinhood_mfa_secret
    before = _stored(settings)
    credentials = Credentials(
        username=username,
        password=password,
        mfa_secret=secret.reveal() if secret else "",
        device=before.device if before and not before.pasted else "",
    )
    tokens = PasswordLogin(requests, pause, clock.wall, person).tokens(credentials)
    _store(settings, tokens, before)


def store_pasted(settings: Settings, access: str, refresh: str, device: str) -> None:
    """Store a pair that a browser has. Raises Blocked for texts that are no tokens."""
    learn_secrets(access, refresh, device)
    access = access.removeprefix("Bearer ").strip()
    expires_at, now = expiry_of(access), SystemClock().wall()
    if expires_at is None:
        raise Blocked("the access token is none: it does not say when it expires. Copy it whole, nothing is stored.")
    if not refresh or refresh == access:
        raise Blocked("the refresh token is missing, or is the access token again. Copy both, nothing is stored.")
    tokens = Tokens(access=access, refresh=refresh, device=device, obtained_at=now, expires_at=expires_at, pasted=True)
    _store(settings, tokens, _stored(settings))


def accounts(settings: Settings) -> Sequence[LoginAccount]:
    """The accounts of the stored session, in Robinhood's order. Raises AuthNeeded and BrokerUnavailable."""
    api = open_apis(settings, SystemClock(), Timeouts()).account
    rows = read_rows(api, addresses.ACCOUNTS, {"default_to_all_accounts": "true"}, "accounts")
    found = []
    for row in rows:
        fields = Fields(row, "an account")
        if fields.maybe_flag("deactivated"):
            continue
        number = fields.text("account_number")
        learn_secrets(number)
        kinds = (fields.maybe_text("brokerage_account_type"), fields.maybe_text("type"))
        found.append((number, " ".join(filter(None, kinds)) or "unknown kind"))
    numbers = [number for number, _ in found]
    return [LoginAccount(number, f"{masked(number, numbers)} ({kind})") for number, kind in found]


def choose(settings: Settings, account: LoginAccount) -> None:
    """Store the account to trade. Raises AuthNeeded and ConfigError."""
    file = token_file(settings)
    file.write(replace(file.required(), account_number=account.number))


def status(settings: Settings) -> SessionStatus:
    """The stored session, without a request."""
    file, now = token_file(settings), SystemClock().wall()
    try:
        tokens = file.required()
    except AuthNeeded as error:
        return SessionStatus(file=file.path, trouble=str(error))
    number = settings.robinhood_account.reveal() if settings.robinhood_account else tokens.account_number
    return SessionStatus(
        file=file.path,
        trouble=_trouble(tokens, settings.trading_mode is TradingMode.LIVE and not number, now),
        account=masked(number) if number else "",
        expires_at=tokens.expires_at,
        days_left=round(tokens.left(now).total_seconds() / 86400, 1),
        pasted=tokens.pasted,
        renewal={
            Renewal.NONE: "",
            Renewal.UNANSWERED: "the answer to the last one was lost",
            Renewal.REFUSED: "Robinhood refuses it",
        }[tokens.renewal],
    )


def forget(settings: Settings) -> bool:
    """Remove the stored session; whether there was one. Raises ConfigError."""
    return token_file(settings).remove()


def _trouble(tokens: Tokens, lacks_account: bool, now: datetime) -> str:
    if lacks_account:
        return "no account is chosen. Run `tradebot auth robinhood`, or set ROBINHOOD_ACCOUNT."
    if tokens.left(now).total_seconds() <= 0 and tokens.renewal is Renewal.REFUSED:
        return "the session is over. Run `tradebot auth robinhood` in a terminal."
    return ""


def _stored(settings: Settings) -> Tokens | None:
    """The tokens of before, as far as they can be read."""
    try:
        return token_file(settings).read()
    except AuthNeeded:
        return None


def _store(settings: Settings, tokens: Tokens, before: Tokens | None) -> None:
    """Store new tokens, with the account that was chosen before: another login asks again."""
    number = before.account_number if before else ""
    token_file(settings).write(replace(tokens, account_number=number))

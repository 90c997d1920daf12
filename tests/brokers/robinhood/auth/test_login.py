"""Logins by password at the fake: codes, approvals, and each wait with an end."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from tests.brokers.robinhood.auth.conftest import QUICK, Login
from tests.fakes.robinhood import PASSWORD, USERNAME, Kind
from tests.fakes.robinhood.approvals import CODE
from tradebot.brokers.http.timeouts import Timeouts
from tradebot.brokers.robinhood.auth.login import APPROVAL_SECONDS, Credentials, PasswordLogin
from tradebot.brokers.robinhood.auth.tokens import Tokens
from tradebot.brokers.robinhood.auth.totp import totp
from tradebot.errors import Blocked, BrokerUnavailable, OutcomeUnknown, TradebotError

SECRET = "JBSWY3DPEHPK3PXP"


@dataclass
class Answers:
    """A person who types these codes."""

    codes: list[str] = field(default_factory=list)
    told: list[str] = field(default_factory=list)

    def tell(self, text: str) -> None:
        self.told.append(text)

    def code(self, question: str) -> str:
        self.told.append(question)
        return self.codes.pop(0)


def log_in(
    login: Login, *codes: str, password: str = PASSWORD, secret: str = "", device: str = "", timeouts: Timeouts = QUICK
) -> tuple[Tokens, list[str]]:
    person = Answers([*codes])
    way = PasswordLogin(login.requests(timeouts), login.pause, login.now, person)
    credentials = Credentials(username=USERNAME, password=password, mfa_secret=secret, device=device)
    assert PASSWORD not in repr(credentials)
    return way.tokens(credentials), person.told


def test_a_password_gives_tokens_that_say_when_they_end(login: Login) -> None:
    tokens, told = log_in(login)
    assert tokens.expires_at == login.fake.logins.pairs[0].expires_at
    assert tokens.device and not told


def test_the_device_of_before_is_used_again(login: Login) -> None:
    assert log_in(login, device="device-canary-7")[0].device == "device-canary-7"


def test_the_code_of_the_secret_is_sent_at_once(login: Login) -> None:
    login.fake.house.terms.mfa = totp(SECRET, login.now())
    _, told = log_in(login, secret=SECRET)
    assert login.asked() == 1 and not told


def test_a_person_is_asked_for_a_code_only_where_one_is_wanted(login: Login) -> None:
    login.fake.house.terms.mfa = "123456"
    _, told = log_in(login, "123456")
    assert told == ["The code of the two-factor login (six digits):"]
    with pytest.raises(Blocked, match="valid code"):
        log_in(login, "654321")


def test_a_wrong_secret_asks_for_nothing(login: Login) -> None:
    with pytest.raises(Blocked, match="ROBINHOOD_MFA_SECRET is no base32"):
        log_in(login, secret="not a secret!")
    assert login.asked() == 0


@pytest.mark.parametrize("way", ["sms", "email"])
def test_a_new_device_is_approved_by_a_code(login: Login, way: str) -> None:
    login.fake.house.terms.approves = way
    tokens, told = log_in(login, "000000", CODE)
    assert tokens.device in login.fake.approvals.known
    assert [way in line for line in told] == [True, False, True]
    with pytest.raises(Blocked, match="none of 3 codes"):
        log_in(login, "1", "2", "3")


def test_a_new_device_is_approved_in_the_app(login: Login) -> None:
    login.fake.house.terms.approves, login.fake.approvals.patience = "prompt", 3
    tokens, told = log_in(login)
    assert tokens.device in login.fake.approvals.known
    assert "Approve this device in the Robinhood app" in told[0]
    assert log_in(login, device=tokens.device)[1] == []


def test_an_approval_that_never_comes_ends(login: Login) -> None:
    login.fake.house.terms.approves, login.fake.approvals.patience = "prompt", None
    with pytest.raises(Blocked, match="not approved within 180 seconds"):
        log_in(login)
    assert APPROVAL_SECONDS - 10 < sum(login.pause.slept) <= APPROVAL_SECONDS
    assert login.asked() == 1


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        (Kind.GATEWAY_TIMEOUT, OutcomeUnknown),
        (Kind.SILENT_AFTER, OutcomeUnknown),
        (Kind.TRUNCATED, OutcomeUnknown),
        (Kind.HTML, OutcomeUnknown),
        (Kind.TOO_MANY, BrokerUnavailable),
        (Kind.FORBIDDEN, Blocked),
    ],
)
def test_a_login_is_never_retried_by_itself(login: Login, kind: Kind, error: type[TradebotError]) -> None:
    login.fake.strike(kind, path="/oauth2/token/")
    with pytest.raises(error) as caught:
        log_in(login)
    assert login.asked() == 1
    assert PASSWORD not in str(caught.value) and USERNAME not in str(caught.value)


def test_a_wrong_password_is_told_in_robinhood_s_words(login: Login) -> None:
    with pytest.raises(Blocked, match=r"Unable to log in with provided credentials.*not tried again by itself"):
        log_in(login, password="wrong")
    assert login.asked() == 1

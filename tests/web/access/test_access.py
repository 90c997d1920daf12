"""Tokens, sessions and login codes: what opens the server, and what no longer does."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tradebot.core.results.web_access import Scope
from tradebot.errors import ConfigError, UsageError
from tradebot.web.access.access import Access
from tradebot.web.access.access_file import AccessFile

NOON = datetime(2026, 11, 30, 12, tzinfo=UTC)


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.at = NOON

    def now(self) -> datetime:
        return self.at

    def wall(self) -> datetime:
        return self.at

    def sleep(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "web_access.json"


@pytest.fixture
def access(path: Path, clock: Clock) -> Access:
    return Access(AccessFile(path), clock, timedelta(hours=1))


def test_a_token_opens_its_homes_for_its_scope(access: Access) -> None:
    token = access.new_token("phone", Scope.STOP, ["/a"])
    grant = access.of_token(token)
    assert grant is not None
    assert (grant.name, grant.scope, grant.opens("/a"), grant.opens("/b")) == ("phone", Scope.STOP, True, False)
    every = access.of_token(access.new_token("all", Scope.READ, None))
    assert every is not None and every.opens("/b")


@pytest.mark.parametrize("wrong", ["", "tbt_", "tbt_wrong", "phone", "\udcff"])
def test_nothing_else_does(access: Access, wrong: str) -> None:
    token = access.new_token("phone", Scope.STOP, None)
    for secret in (wrong, token[:-1], token + "x", token.upper(), access.new_code()):
        assert access.of_token(secret) is None
        assert access.of_session(secret) is None
        assert secret.startswith("tbl_") or access.log_in(secret, "", "") is None


def test_the_file_holds_no_secret_and_is_for_its_owner_alone(access: Access, path: Path) -> None:
    secrets = [access.new_token("a", Scope.ACT, None), access.new_code()]
    cookie = access.log_in(secrets[0], "127.0.0.1", "Firefox")
    assert cookie is not None
    text = path.read_text()
    assert [secret for secret in (*secrets, cookie) if secret in text or secret[4:] in text] == []
    if os.name != "nt":
        assert path.stat().st_mode & 0o777 == 0o600


def test_a_code_begins_one_session_within_five_minutes(access: Access, clock: Clock) -> None:
    code, late = access.new_code(), access.new_code()
    cookie = access.log_in(code, "203.0.113.9", "Firefox")
    assert cookie is not None and access.log_in(code, "", "") is None, "it is spent"
    grant = access.of_session(cookie)
    assert grant is not None and (grant.scope, grant.homes, bool(grant.csrf)) == (Scope.ACT, None, True)
    clock.sleep(300)
    assert access.log_in(late, "", "") is None


def test_a_session_ends_by_time_by_hand_and_with_its_token(access: Access, clock: Clock) -> None:
    token = access.new_token("phone", Scope.READ, ["/a"])
    by_hand, by_token = (access.log_in(token, "203.0.113.9", "x" * 500) or "" for _ in range(2))
    first, _ = access.sessions()
    assert (first.token, first.scope, first.homes, len(first.browser)) == ("phone", Scope.READ, ("/a",), 120)
    grant = access.of_session(by_hand)
    assert grant is not None and access.still_holds(grant)
    access.end_session(first.session_id)
    assert access.of_session(by_hand) is None and not access.still_holds(grant)
    assert access.of_session(by_token) is not None
    access.revoke_token("phone")
    assert access.of_session(by_token) is None and access.of_token(token) is None
    by_time = access.log_in(access.new_code(), "", "") or ""
    clock.sleep(3599)
    assert access.of_session(by_time) is not None
    clock.sleep(1)
    assert access.of_session(by_time) is None and access.sessions() == ()


def test_a_session_outlives_the_server_and_a_revoked_token_counts_at_once(path: Path, access: Access) -> None:
    token = access.new_token("phone", Scope.READ, None)
    cookie = access.log_in(token, "", "") or ""
    other = Access(AccessFile(path), Clock(), timedelta(hours=1))
    assert other.of_session(cookie) is not None and other.of_token(token) is not None
    access.revoke_token("phone")
    assert other.of_session(cookie) is None and other.of_token(token) is None


def test_the_forms_of_two_sessions_are_not_interchangeable(access: Access) -> None:
    token = access.new_token("phone", Scope.ACT, None)
    grants = [access.of_session(access.log_in(token, "", "") or "") for _ in range(2)]
    assert len({grant.csrf for grant in grants if grant}) == 2


def test_what_is_not_there_cannot_be_revoked_and_a_name_is_taken_once(access: Access) -> None:
    access.new_token("phone", Scope.READ, None)
    for refused in (
        lambda: access.new_token("phone", Scope.ACT, None),
        lambda: access.revoke_token("other"),
        lambda: access.end_session("other"),
    ):
        with pytest.raises(UsageError):
            refused()


def test_the_oldest_session_ends_where_there_are_too_many(access: Access, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tradebot.web.access.access._MOST_SESSIONS", 2)
    token = access.new_token("phone", Scope.READ, None)
    first, *later = (access.log_in(token, "", "") or "" for _ in range(3))
    assert access.of_session(first) is None and None not in map(access.of_session, later)


TOKEN = '{"name": "a", "scope": "root", "homes": null, "created_at": "2026-11-30T00:00:00Z", "digest": "d"}'
TEXTS = ["", "{", "[]", "null", '{"format": 2}', *(
    f'{{"format": 1, "tokens": [{token}], "sessions": [], "codes": []}}'
    for token in ("{}", TOKEN, TOKEN.replace("root", "act").replace("Z", ""), TOKEN.replace('"d"', "4"))
)]  # fmt: skip


@pytest.mark.parametrize("text", TEXTS)
def test_a_file_that_cannot_be_understood_lets_nobody_in_and_is_not_written_over(
    access: Access, path: Path, text: str
) -> None:
    token = access.new_token("phone", Scope.ACT, None)
    path.write_text(text)
    assert access.of_token(token) is None and access.log_in(token, "", "") is None
    for refused in (access.tokens, access.sessions, access.new_code):
        with pytest.raises(ConfigError, match="Remove it, then make new tokens"):
            refused()
    assert path.read_text() == text

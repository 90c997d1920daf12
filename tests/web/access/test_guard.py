"""The guard alone, before an application that says what it was let in with."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest
from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import Message, Receive, Send
from starlette.types import Scope as HttpScope

from tests.fakes.loops import in_a_loop
from tests.web.access.test_access import Clock
from tradebot.core.results.web_access import Scope
from tradebot.web.access import guard
from tradebot.web.access.access import Access
from tradebot.web.access.access_file import AccessFile
from tradebot.web.access.guard import Guard
from tradebot.web.access.origin import OriginRules
from tradebot.web.access.wrong_tokens import WrongTokens

Fields = Iterable[tuple[str, str]]


async def inner(scope: HttpScope, receive: Receive, send: Send) -> None:
    """Say who was let in, and with what."""
    if scope["path"] == "/broken":
        raise RuntimeError("tbs_secret")
    grant = scope["state"]["grant"]
    body = (await receive()).get("body", b"").decode()
    await PlainTextResponse(f"{grant.scope if grant else 'nobody'} {body}")(scope, receive, send)


@dataclass
class Door:
    """A guard with its tokens."""

    access: Access
    cookie: str = "tradebot_8000"
    waits: list[float] = field(default_factory=list)
    told: list[tuple[str, int]] = field(default_factory=list)

    def __post_init__(self) -> None:
        async def sleep(seconds: float) -> None:
            self.waits.append(seconds)

        self.guard = Guard(
            inner,
            access=self.access,
            rules=OriginRules(),
            wrong_tokens=WrongTokens(lambda: 0.0),
            tell=lambda source, wrong: self.told.append((source, wrong)),
            cookie=self.cookie,
            sleep=sleep,
        )

    def __call__(
        self, fields: Fields = (), *, method: str = "GET", path: str = "/api/x", body: Iterable[bytes] = (b"",)
    ) -> tuple[int, Headers, str]:
        """Status, headers and text of the answer to a request."""
        return in_a_loop(self.answer(fields, method, path, [*body]))

    async def answer(self, fields: Fields, method: str, path: str, parts: list[bytes]) -> tuple[int, Headers, str]:
        sent: list[Message] = []

        async def receive() -> Message:
            if not parts:
                await asyncio.sleep(3600)
            return {"type": "http.request", "body": parts.pop(0), "more_body": bool(parts)}

        async def send(message: Message) -> None:
            sent.append(message)

        headers = [(name.lower().encode(), value.encode("latin-1")) for name, value in (("Host", "localhost"), *fields)]
        scope = {
            "type": "http", "http_version": "1.1", "method": method, "scheme": "http", "path": path,
            "query_string": b"", "headers": headers, "client": ("127.0.0.1", 5), "server": ("127.0.0.1", 8000),
        }  # fmt: skip
        await self.guard(scope, receive, send)
        text = b"".join(message.get("body", b"") for message in sent).decode()
        return sent[0]["status"], Headers(raw=sent[0]["headers"]), text


@pytest.fixture
def access(tmp_path: Path) -> Access:
    return Access(AccessFile(tmp_path / "web_access.json"), Clock(), timedelta(hours=1))


@pytest.fixture
def door(access: Access) -> Door:
    return Door(access)


def test_a_right_token_is_let_in_and_anything_like_it_is_not(door: Door, access: Access) -> None:
    token = access.new_token("a", Scope.READ, None)
    for right in (f"Bearer {token}", f"bearer  {token}"):
        assert door([("Authorization", right)])[2] == "read "
    for wrong in (
        f"Basic {token}",
        token,
        "Bearer",
        "",
        f"Bearer {token} {token}",
        f"Bearer {token[:-1]}",
        "Bearer \xff",
    ):
        status, headers, text = door([("Authorization", wrong)])
        assert status == 401 and "--new-token" in text and headers["www-authenticate"].startswith("Bearer"), wrong
    assert door([("Authorization", f"Bearer {token}"), ("Authorization", f"Bearer {token}")])[0] == 401


def test_wrong_tokens_wait_longer_each_time_and_are_told_while_a_right_one_never_waits(
    door: Door, access: Access
) -> None:
    token = access.new_token("a", Scope.READ, None)
    for number in range(6):
        assert door([("Authorization", f"Bearer tbt_{number}")])[0] == 401
        assert door([("Authorization", f"Bearer {token}")])[0] == 200
    assert door.waits == [0.25, 0.5, 1, 2, 4, 8]
    assert door.told == [("127.0.0.1", 5)]


def test_a_token_makes_the_cookie_not_count(door: Door, access: Access) -> None:
    session = ("Cookie", f"tradebot_8000={access.log_in(access.new_code(), '', '')}")
    token = access.new_token("a", Scope.READ, None)
    assert door([session])[2] == "act "
    assert door([session, ("Authorization", f"Bearer {token}")])[2] == "read "
    assert door([session, ("Authorization", "Bearer tbt_wrong")])[0] == 401
    assert door([session, ("Authorization", "Bearer tbt_wrong")], path="/login")[2] == "nobody "


def test_a_cookie_of_another_name_or_server_opens_nothing(door: Door, access: Access) -> None:
    secret = access.log_in(access.new_code(), "", "")
    for cookie in (f"tradebot_8001={secret}", f"a={secret}", "tradebot_8000=", "tradebot_8000=tbs_x", "\xff", "=;=;"):
        assert door([("Cookie", cookie)])[0] == 401, cookie
    planted = [("Cookie", "tradebot_8000=tbs_x"), ("Cookie", f"tradebot_8000={secret}")]
    assert door(planted)[0] == 200, "a cookie that another page planted locks nobody out"


def test_without_the_page_a_session_opens_nothing(access: Access) -> None:
    secret = access.log_in(access.new_code(), "", "")
    assert Door(access, cookie="")([("Cookie", f"tradebot_8000={secret}"), ("Cookie", f"={secret}")])[0] == 401


def test_a_session_acts_with_an_origin_alone(door: Door, access: Access) -> None:
    session = ("Cookie", f"tradebot_8000={access.log_in(access.new_code(), '', '')}")
    assert door([session], method="POST")[0] == 403
    assert door([session, ("Origin", "http://localhost:1")], method="POST")[0] == 403
    assert door([session, ("Origin", "http://localhost")], method="POST", body=[b"a", b"b"])[2] == "act ab"


def test_what_is_large_or_slow_is_refused_before_anything_sees_it(
    door: Door, access: Access, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = ("Authorization", f"Bearer {access.new_token('a', Scope.READ, None)}")
    half = b"x" * (guard.MOST_BYTES // 2)
    assert door([token], method="POST", body=[half, half])[0] == 200
    status, headers, _ = door([token], method="POST", body=[half, half, b"x"])
    assert (status, headers["connection"]) == (413, "close")
    for length in ("65537", "x", "-1e9"):
        assert door([token, ("Content-Length", length)], body=[])[0] == 413
    monkeypatch.setattr(guard, "BODY_SECONDS", 0.05)
    assert door([token], method="POST", body=[])[0] == 408


def test_strangers_take_only_some_places_and_none_of_those_who_are_in(
    door: Door, access: Access, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guard, "BODY_SECONDS", 0.2)
    token = [("Authorization", f"Bearer {access.new_token('a', Scope.READ, None)}")]

    async def crowd() -> list[int]:
        strangers = [asyncio.ensure_future(door.answer((), "POST", "/login", [])) for _ in range(guard.MOST_LOGINS + 2)]
        await asyncio.sleep(0)
        inside = await door.answer(token, "POST", "/api/x", [b""])
        return [inside[0], *(status for status, _, _ in await asyncio.gather(*strangers))]

    assert in_a_loop(crowd()) == [200, *[408] * guard.MOST_LOGINS, 503, 503]
    assert door(method="POST", path="/login")[0] == 200, "the places are given back"


def test_a_bug_shows_nothing_of_itself(door: Door, caplog: pytest.LogCaptureFixture) -> None:
    token = [("Authorization", f"Bearer {door.access.new_token('a', Scope.READ, None)}")]
    status, headers, text = door(token, path="/broken")
    assert status == 500 and "secret" not in text and headers["x-content-type-options"] == "nosniff"
    assert "RuntimeError" in caplog.text


def test_a_websocket_is_closed(door: Door) -> None:
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return {"type": "websocket.connect"}

    in_a_loop(door.guard({"type": "websocket", "path": "/", "headers": []}, receive, send))
    assert sent == [{"type": "websocket.close", "code": 1008}]

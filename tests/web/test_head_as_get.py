"""HEAD where GET is: status and header without a body, and no route that goes on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from starlette.responses import Response, StreamingResponse
from starlette.types import Message, Receive, Scope, Send

from tests.fakes.loops import in_a_loop
from tests.web.conftest import Served
from tradebot.web.head_as_get import HeadAsGet

#: What is not answered with 200.
STATUS = {"/api/fills?limit=0": 422, "/nothing": 404}


def test_every_route_that_looks_answers_head_without_a_body(server: Served) -> None:
    token = server.token("read")
    for path in ("/healthz", "/", "/api/status", "/api/fills?limit=0", "/metrics", "/events", "/nothing"):
        asked = "" if path == "/healthz" else token
        got = server.send("HEAD", path, token=asked)
        assert (got.status, got.body) == (STATUS.get(path, 200), ""), path
        if path != "/events":
            assert got.headers["content-type"] == server.get(path, asked).headers["content-type"], path
    assert server.send("HEAD", "/api/stop_trading", token=server.token("act")).status == 405


def test_a_stream_ends_with_its_header_and_a_bug_is_raised() -> None:
    ended = []

    async def endless() -> AsyncIterator[str]:
        try:
            while True:
                yield "more"
                await asyncio.sleep(0)
        finally:
            ended.append("stream")

    async def inner(scope: Scope, receive: Receive, send: Send) -> None:
        assert scope["method"] == "GET"
        if scope["path"] == "/broken":
            raise RuntimeError("a bug")
        response: Response = StreamingResponse(endless(), 202)
        await response(scope, receive, send)

    async def ask(path: str) -> list[Message]:
        sent: list[Message] = []

        async def receive() -> Message:
            await asyncio.sleep(3600)
            raise AssertionError

        async def send(message: Message) -> None:
            sent.append(message)

        scope = {"type": "http", "method": "HEAD", "path": path, "asgi": {"spec_version": "2.4"}}
        await asyncio.wait_for(HeadAsGet(inner)(scope, receive, send), 10)
        return sent

    begin, end = in_a_loop(ask("/"))
    assert (begin["status"], end["body"], ended) == (202, b"", ["stream"])
    with pytest.raises(RuntimeError, match="a bug"):
        in_a_loop(ask("/broken"))

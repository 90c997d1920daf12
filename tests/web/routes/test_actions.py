"""The API's actions: who may what, what is answered, and how a command is followed."""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Generator, Mapping
from datetime import UTC, datetime
from typing import Any

from tests.fakes import json_schemas
from tests.web.conftest import Got, Served, server, tokens
from tradebot.home import locks, paths

__all__ = ["server", "tokens"]

NOW = datetime(2026, 11, 2, 14, 30, tzinfo=UTC)


def post(server: Served, path: str, token: str, body: Any = None, **fields: str) -> Got:
    text = json.dumps(body) if body is not None else None
    return server.send("POST", f"/api/{path}", text, token=token, fields=fields)


def test_each_scope_may_what_it_is_for(server: Served, tokens: Mapping[str, str]) -> None:
    for path, scopes in (
        ("stop_trading", {"stop", "act"}), ("halt", {"stop", "act"}), ("resume", {"act"}), ("preflight", {"act"}),
    ):  # fmt: skip
        for scope in ("", "read", "stop", "act"):
            if scope not in scopes:
                got = post(server, path, tokens.get(scope, ""), {"reason": "x"})
                assert got.status == (403 if scope else 401), (path, scope, got.body)
                assert got.headers["content-type"] == "application/problem+json"
    assert "tradebot serve --new-token" in post(server, "stop_trading", "").json["detail"]
    assert not paths.commands_folder(server.home).exists()
    described = server.get("/api/openapi.json", tokens["read"]).json["paths"]
    for path in ("stop_trading", "halt", "resume", "preflight"):
        json_schemas.check(
            described[f"/api/{path}"]["post"]["responses"]["200"]["content"]["application/json"]["example"]
        )


def test_the_stop_of_the_runbook_and_what_it_says(server: Served, tokens: Mapping[str, str]) -> None:
    """`curl -X POST`, without a body; then halt, resume and preflight as commands end."""
    stopped = post(server, "stop_trading?wait=60", tokens["stop"])
    assert stopped.status == 200, stopped.body
    json_schemas.check(stopped.json)
    assert (stopped.json["job"], stopped.json["exit_code"]) == ("emergency-stop", 0)
    kept = server.get(stopped.headers["content-location"], tokens["stop"]).json
    assert (kept["state"], kept["exit_code"], kept["closes_positions"]) == ("ended", 0, False)
    assert kept["outcome"] == stopped.json
    assert kept["lines"][0].startswith("The halt is latched")
    blocked = post(server, "preflight?wait=60", tokens["act"])
    assert (blocked.status, blocked.json["exit_code"]) == (409, 5)
    assert blocked.json["outcome"]["job"] == "preflight"
    assert blocked.headers["content-type"] == "application/problem+json"
    assert server.get(blocked.json["follow"], tokens["stop"]).status == 404, "a token that may only stop follows stops"
    assert server.get(blocked.json["follow"], tokens["read"]).status == 200
    resumed = post(server, "resume?wait=60", tokens["act"], {"reason": "a drill"})
    assert (resumed.status, resumed.json["exit_code"]) == (200, 0), resumed.body
    halted = server.send("POST", "/api/halt?wait=60", "reason=--all&symbol=aapl", token=tokens["stop"])
    assert halted.status == 200, halted.body
    assert (halted.json["halt"]["reason"], halted.json["headline"]) == ("--all", "symbol AAPL is halted")
    resumed = post(server, "resume?wait=60", tokens["act"], {"reason": "x", "symbol": "AAPL"})
    assert resumed.status == 200, resumed.body
    listed = server.get("/api/actions", tokens["read"]).json
    assert [each["command"] for each in listed] == ["resume", "halt", "resume", "preflight", "emergency-stop"]


def test_what_makes_no_sense_starts_nothing(server: Served, tokens: Mapping[str, str]) -> None:
    before = server.get("/api/actions", tokens["read"]).json
    for path, body in (
        ("halt", None), ("halt", '{"reason": " \\u0000"}'), ("halt", '{"reason": "x", "symbol": "--all"}'),
        ("halt", '{"reason": "x", "strategy": "-x"}'), ("resume", "{}"), ("resume", '{"reason": 7}'),
        ("stop_trading", '{"close_position": true}'), ("stop_trading", '{"home": "elsewhere"}'),
        ("stop_trading", '["--all"]'), ("stop_trading", "nonsense"), ("stop_trading", "[" * 100_000),
        ("stop_trading", "close_positions=true&close_positions=false"),
        ("stop_trading", '{"close_positions": true, "close_positions": false}'), ("preflight", '{"full": true}'),
        ("halt?wait=-1", '{"reason": "x"}'), ("halt?wait=nan", '{"reason": "x"}'),
    ):  # fmt: skip
        got = server.send("POST", f"/api/{path}", body, token=tokens["act"])
        assert got.status in (413, 422), (path, body, got.body)
        assert "Traceback" not in got.body
    for path in ("stop_trading?home=..", "stop_trading?home=%2Fetc", "halt?home=-x"):
        assert post(server, path, tokens["act"], {"reason": "x"}).status == 404
    for name in ("..", "..%2f..%2f.env", "x", "%00", f"{before[0]['action']}%0a" if before else "y"):
        assert server.get(f"/api/actions/{name}", tokens["act"]).status == 404
    assert server.get("/api/actions", tokens["read"]).json == before


def test_a_stop_that_takes_longer_is_followed_by_its_events_and_attached_to(
    server: Served, tokens: Mapping[str, str]
) -> None:
    with locks.home_lock(server.home, command="run-daily", wall=NOW):
        begun = post(server, "stop_trading?wait=0", tokens["stop"], {"reason": "x" * 5_000})
        assert (begun.status, begun.headers["location"], begun.json["is_new"]) == (202, begun.json["follow"], True)
        again = post(server, "stop_trading?wait=0", tokens["act"], {"reason": "y"})
        assert (again.status, again.json["action"], again.json["is_new"]) == (202, begun.json["action"], False)
        hung_up = http.client.HTTPConnection("127.0.0.1", server.port)
        hung_up.request("POST", "/api/stop_trading?wait=60", headers={"Authorization": f"Bearer {tokens['stop']}"})
        hung_up.close()
        told = events(server, begun.json["events"], tokens["stop"])
        seen = []
        for number, _, data in told:
            seen.append((number, data["text"]))
            if "Waiting until another job" in data["text"]:
                break
        told.close()
        assert [number for number, _ in seen] == [str(number) for number in range(1, len(seen) + 1)]
    last = seen[-2][0]
    went_on = list(events(server, begun.json["events"], tokens["stop"], last))
    assert went_on[0][:2] == (seen[-1][0], "line"), "the lines after the last one that came"
    assert went_on[-1][1:] == ("end", {**went_on[-1][2], "state": "ended", "exit_code": 0})
    assert len(begun.json["action"]) < 100


def events(server: Served, path: str, token: str, last: str = "") -> Generator[tuple[str, str, Any], None, None]:
    """The number, name and content of each event."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    try:
        connection.request("GET", path, headers={"Authorization": f"Bearer {token}", "Last-Event-ID": last})
        response = connection.getresponse()
        assert response.status == 200
        fields: dict[str, str] = {}
        while line := response.readline().decode():
            if line == "\n" and "event" in fields:
                yield fields.get("id", ""), fields["event"], json.loads(fields["data"])
                fields = {}
            elif not line.startswith((":", "\n")):
                name, _, value = line.partition(": ")
                fields[name] = value.rstrip("\n")
    finally:
        connection.close()


def test_a_stop_begins_at_once(server: Served, tokens: Mapping[str, str]) -> None:
    begun = time.monotonic()
    assert post(server, "stop_trading?wait=0", tokens["stop"]).status == 202
    assert time.monotonic() - begun < 5, "a process is started, and waited for is nothing"

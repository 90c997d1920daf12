"""A server that runs: what it says, who comes in, and how it ends."""

from __future__ import annotations

from tests.web.conftest import Served


def test_it_says_that_it_runs_and_nothing_more(server: Served) -> None:
    got = server.get("/healthz")
    assert (got.status, got.body) == (200, "ok\n")


def test_a_token_logs_a_browser_in_and_out(server: Served) -> None:
    cookie = server.log_in(server.token("act"))
    assert server.get("/nothing", Cookie=cookie).status == 404
    (browser,) = server.command("--sessions")["browsers"]
    assert server.command("--revoke-session", browser["session_id"])["revoked"] == browser["session_id"]
    assert server.get("/nothing", Cookie=cookie).status == 401

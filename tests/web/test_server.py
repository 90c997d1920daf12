"""A server that runs: what it says, who comes in, and how it ends."""

from __future__ import annotations

import tarfile
import time
from pathlib import Path

from tests.web.conftest import Served, serving


def test_it_says_that_it_runs_and_nothing_more(server: Served) -> None:
    got = server.get("/healthz")
    assert (got.status, got.body) == (200, "ok\n")


def test_a_token_logs_a_browser_in_and_out(server: Served) -> None:
    cookie = server.log_in(server.token("act"))
    assert server.get("/nothing", Cookie=cookie).status == 404
    (browser,) = server.command("--sessions")["browsers"]
    assert server.command("--revoke-session", browser["session_id"])["revoked"] == browser["session_id"]
    assert server.get("/nothing", Cookie=cookie).status == 401


def test_it_brings_a_ledger_of_an_older_version_up_to_date_when_it_starts(tmp_path: Path) -> None:
    with tarfile.open(Path(__file__).parents[1] / "fixtures" / "home_before.tar.gz") as before:
        before.extractall(tmp_path, filter="data")
    home = tmp_path / "home"
    with serving(home) as (server, _):
        token, deadline = server.token("read"), time.monotonic() + 60
        while server.get("/api/jobs", token).status != 200 and time.monotonic() < deadline:
            time.sleep(0.2)
        assert server.get("/api/jobs", token).status == 200

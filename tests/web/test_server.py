"""A server that runs: what it says, who comes in, and how it ends."""

from __future__ import annotations

import shutil
import socket
import tarfile
import time
from contextlib import closing, suppress
from pathlib import Path

from tests.fakes.receivers import CERTIFICATE
from tests.web.conftest import Got, Served, serving


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


def test_a_browser_logs_in_by_a_certificate_of_ones_own(made_home: Path, tmp_path: Path) -> None:
    home = shutil.copytree(made_home, tmp_path / "home")
    with serving(home, {"WEB_TLS_CERT": f"{CERTIFICATE}", "WEB_TLS_KEY": f"{CERTIFICATE}"}) as (server, process):
        assert server.scheme == "https"
        with closing(socket.create_connection(("127.0.0.1", server.port), timeout=30)) as plain, suppress(OSError):
            plain.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert not plain.recv(100).startswith(b"HTTP")
        logged_in = server.form("/login", token=server.token("read"))
        assert (logged_in.status, is_secure(logged_in)) == (303, True), logged_in.body
        page = server.get("/", Cookie=logged_in.cookie)
        assert (page.status, "RUNNING" in page.body) == (200, True)
        process.terminate()
        assert "Traceback" not in process.communicate(timeout=60)[1]


def test_a_proxy_that_is_trusted_says_what_was_encrypted_and_for_whom(made_home: Path, tmp_path: Path) -> None:
    home = shutil.copytree(made_home, tmp_path / "home")
    with serving(home, {"WEB_TRUSTED_PROXY": "127.0.0.1", "WEB_ALLOWED_HOSTS": "trade.example.org"}) as (server, _):
        body = f"token={server.token('read')}"
        plain = {"Host": "trade.example.org", "Content-Type": "application/x-www-form-urlencoded"}
        encrypted = {**plain, "Origin": "https://trade.example.org", "X-Forwarded-Proto": "https",
                     "X-Forwarded-For": "203.0.113.9"}  # fmt: skip
        assert server.send("POST", "/login", body, fields=plain).status == 403
        assert server.send("POST", "/login", body, fields={**encrypted, "X-Forwarded-Proto": "http"}).status == 403
        logged_in = server.send("POST", "/login", body, fields=encrypted)
        assert (logged_in.status, is_secure(logged_in)) == (303, True), logged_in.body
        assert server.send("GET", "/", fields={**encrypted, "Cookie": logged_in.cookie}).status == 200
        (browser,) = server.command("--sessions")["browsers"]
        assert "203.0.113.9" in browser.values()


def is_secure(got: Got) -> bool:
    """Whether its cookie comes back over what is encrypted alone, and no script reads it."""
    return {"httponly", "samesite=strict", "secure"} <= set(got.headers["set-cookie"].lower().split("; "))

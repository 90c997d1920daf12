"""serve as a process: tokens and sessions by hand, what it refuses to begin with, and how it ends."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest

from tests.commands.conftest import Run
from tests.fakes.cli import Ended, tradebot
from tests.web.conftest import serving

Serve = Callable[..., Ended]


@pytest.fixture(scope="module")
def kept(made_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home that the tests of this module share."""
    return shutil.copytree(made_home, tmp_path_factory.mktemp("kept") / "home")


@pytest.fixture(scope="module")
def serve(kept: Path) -> Serve:
    """Runs `tradebot serve` in that home."""
    return partial(tradebot, "serve", "--home", kept, state=kept.parent / "state", cwd=kept.parent)


def test_a_token_is_shown_once_listed_and_revoked(serve: Serve, kept: Path) -> None:
    made = serve("--new-token", "my phone", "--scope", "stop")
    token, kept_line = made.out.splitlines()
    assert made.code == 0 and token.startswith("tbt_") and "shown this once" in kept_line
    listed = serve("--tokens")
    assert "my phone" in listed.out and "stop" in listed.out and token not in listed.out
    (line,) = serve("--tokens", "--json").json["tokens"]
    assert (line["name"], line["scope"], line["homes"]) == ("my phone", "stop", [str(kept)])
    assert token not in (kept / "state" / "web_access.json").read_text()
    again = serve("--new-token", "my phone", "--scope", "read")
    assert again.code == 2 and "--revoke-token my phone first" in again.err
    assert "opens nothing any more" in serve("--revoke-token", "my phone").out
    assert serve("--tokens").out.strip().startswith("There is no token.")
    assert serve("--sessions").out.strip() == "No browser is logged in."


@pytest.mark.parametrize("arguments", [
    ["--new-token", "a"], ["--scope", "read"], ["--new-token", "a", "--scope", "root"], ["--all"],
    ["--new-token", "a", "--scope", "read", "--home-name", "elsewhere"],
    ["--new-token", "a", "--scope", "read", "--home-name", "home", "--all"],
    ["--new-token", "a", "--scope", "read", "--tokens"], ["--tokens", "--sessions"],
    ["--new-token", "a\nb", "--scope", "read"], ["--new-token", "a" * 61, "--scope", "read"],
    ["--revoke-token", "nobody's"], ["--revoke-session", "none"],
], ids=" ".join)  # fmt: skip
def test_what_makes_no_sense_ends_with_2(serve: Serve, arguments: list[str]) -> None:
    ended = serve(*arguments)
    assert (ended.code, ended.out) == (2, "") and ended.err


def test_beyond_this_machine_everything_that_is_missing_is_named(serve: Serve) -> None:
    ended = serve(environ={"WEB_HOST": "0.0.0.0"})
    assert ended.code == 3
    for name in ("tokens", "WEB_TLS_CERT", "WEB_TRUSTED_PROXY", "WEB_ALLOWED_HOSTS"):
        assert f"tradebot serve: {name}" in ended.err or f", {name}" in ended.err or f" or {name}" in ended.err, name


def test_a_wrong_setting_of_its_own_or_a_port_that_is_taken_ends_with_3(serve: Serve) -> None:
    wrong = serve(environ={"WEB_PORT": "http"})
    assert wrong.code == 3 and "WEB_PORT (environment)" in wrong.err
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        busy = serve(environ={"WEB_PORT": str(taken.getsockname()[1])})
    assert busy.code == 3 and "another `tradebot serve`" in busy.err


def test_a_folder_that_is_no_home_is_not_served(run: Run) -> None:
    ended = run("serve", "--home", "nowhere")
    assert ended.code == 3 and "init" in ended.err


def test_a_file_of_tokens_that_is_damaged_is_named(serve: Serve, kept: Path) -> None:
    file = kept / "state" / "web_access.json"
    before = file.read_text() if file.exists() else None
    file.write_text("{")
    try:
        ended = serve("--tokens")
        assert ended.code == 3 and "Remove it, then make new tokens" in ended.err
    finally:
        file.unlink()
        if before is not None:
            file.write_text(before)


def test_it_serves_though_another_setting_is_wrong_and_ends_on_a_signal(home: Path) -> None:
    """A home whose jobs do not begin is one that somebody looks at."""
    with serving(home, {"MAX_POSITIONS": "many", "ENABLE_DASHBOARD": "false"}) as (served, process):
        assert served.get("/healthz").status == 200
        assert served.get("/login").status == 404
        assert served.send("GET", "/", fields={"Accept": "text/html"}).status == 401
        token = json.loads(
            tradebot("serve", "--new-token", "a", "--scope", "read", "--json", "--home", home,
                     state=home.parent / "state", cwd=home.parent).out
        )["token"]  # fmt: skip
        assert served.get("/api/openapi.json", token).status == 200
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 143
    assert "MAX_POSITIONS (environment)" in err and "the server has ended; what it started goes on" in err
    assert token not in out + err and "Traceback" not in err
    assert ("it serves as root" in err) == (hasattr(os, "geteuid") and os.geteuid() == 0)

"""The file of a login's tokens: for its owner alone, whole or not there, and one for all homes."""

from __future__ import annotations

import os
import stat
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tradebot.brokers.robinhood.auth.token_file import TokenFile
from tradebot.brokers.robinhood.auth.tokens import Renewal, Tokens
from tradebot.errors import AuthNeeded, ConfigError, Locked
from tradebot.settings import Redactor

NOW = datetime(2026, 11, 20, 14, 35, tzinfo=UTC)
TOKENS = Tokens(
    access="canary-access-01", refresh="canary-refresh-01", device="canary-device-01", obtained_at=NOW,
    expires_at=NOW + timedelta(days=8), account_number="5QRCANARY1", pasted=True, renewal=Renewal.UNANSWERED,
)  # fmt: skip


def test_what_was_written_is_read(tmp_path: Path) -> None:
    assert TokenFile(tmp_path).read() is None
    TokenFile(tmp_path).write(TOKENS)
    assert TokenFile(tmp_path).read() == TOKENS
    newer = replace(TOKENS, access="canary-access-02", renewal=Renewal.NONE)
    TokenFile(tmp_path).write(newer)
    assert TokenFile(tmp_path).required() == newer
    assert [path.name for path in (tmp_path / "robinhood").iterdir()] == ["default.json"]


def test_each_login_has_a_file_and_no_name_shows_it(tmp_path: Path) -> None:
    logins = [("", ""), ("me@example.com", ""), ("you@example.com", ""), ("", "http://127.0.0.1:1")]
    files = [TokenFile(tmp_path, *login).path for login in logins]
    assert len({*files}) == 4
    assert all("example" not in path.name for path in files)
    assert TokenFile(tmp_path, " Me@Example.com ").path == files[1]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such permissions")
def test_nobody_else_may_read_it(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "robinhood").mkdir(mode=0o755)
    umask = os.umask(0)
    try:
        TokenFile(tmp_path).write(TOKENS)
    finally:
        os.umask(umask)
    file = TokenFile(tmp_path).path
    assert [stat.S_IMODE(path.stat().st_mode) for path in (file, file.parent)] == [0o600, 0o700]
    assert not caplog.messages
    file.chmod(0o644)
    TokenFile(tmp_path).read()
    assert "chmod 600 it" in caplog.text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        '{"format": 2}',
        '{"format": 1, "access": "a"}',
        "\ufeff\x00",
        '{"format": 1, "access": 5}',
    ],
)
def test_a_damaged_file_asks_for_a_login(text: str, tmp_path: Path) -> None:
    file = TokenFile(tmp_path)
    file.write(TOKENS)
    file.path.write_text(text, encoding="utf-8")
    with pytest.raises(AuthNeeded, match="tradebot auth robinhood"):
        file.read()


def test_no_file_and_a_folder_in_its_place_ask_for_a_login(tmp_path: Path) -> None:
    with pytest.raises(AuthNeeded, match="tradebot auth robinhood"):
        TokenFile(tmp_path).required()
    TokenFile(tmp_path).path.mkdir(parents=True)
    with pytest.raises(AuthNeeded, match="a folder"):
        TokenFile(tmp_path).read()
    with pytest.raises(ConfigError):
        TokenFile(tmp_path).write(TOKENS)


def test_a_file_that_is_removed_is_gone(tmp_path: Path) -> None:
    file = TokenFile(tmp_path)
    file.write(TOKENS)
    assert [file.remove(), file.remove()] == [True, False]
    assert file.read() is None


def test_one_renews_at_a_time(tmp_path: Path) -> None:
    locked = pytest.raises(Locked, match="another command")
    with TokenFile(tmp_path).lock(0), locked, TokenFile(tmp_path).lock(0.01):
        raise AssertionError("both hold it")
    with TokenFile(tmp_path).lock(0):
        pass


def test_what_was_read_or_written_is_masked_from_then_on(tmp_path: Path) -> None:
    redact = Redactor()
    TokenFile(tmp_path).write(replace(TOKENS, access="canary-access-99"))
    assert redact("a canary-access-99 of 5QRCANARY1") == "a ******** of ********"

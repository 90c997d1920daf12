from __future__ import annotations

import os
from pathlib import Path

import pytest

from tradebot.settings.user_folder import missing_user_folder, user_state_folder


def test_a_user_has_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_STATE_HOME", raising=False)
    folder = user_state_folder()
    assert folder is not None
    assert folder.is_absolute()
    assert missing_user_folder(os.environ) is None


@pytest.mark.skipif(os.name == "nt", reason="Windows asks no list of users")
def test_a_user_that_nobody_knows_has_none(monkeypatch: pytest.MonkeyPatch) -> None:
    import pwd

    def unknown(number: int) -> None:
        raise KeyError(number)

    monkeypatch.setattr(pwd, "getpwuid", unknown)
    monkeypatch.delenv("HOME", raising=False)
    monkeypatch.delenv("XDG_STATE_HOME", raising=False)
    assert user_state_folder() is None
    problem = missing_user_folder({})
    assert problem is not None
    assert "HOME is not set" in problem.what
    assert missing_user_folder({"TRADEBOT_STATE_DIR": "/var/lib/tradebot"}) is None

"""The first page by what was read: its state is of the moment, and names what is wrong."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from shutil import copytree

import pytest

from tests.fakes.cli import environment
from tradebot.core.model.halts import HaltLevel
from tradebot.errors import ExitCode
from tradebot.ledger import read_only
from tradebot.settings import GlobalOptions
from tradebot.web import reads
from tradebot.web.pages.overview import glance_of
from tradebot.web.reads import HomeReads


def test_a_wrong_setting_is_named_with_its_code(traded_home: Path, tmp_path: Path) -> None:
    home = copytree(traded_home, tmp_path / "home")
    (home / ".env").write_text("MAX_POSITIONS=many\n", encoding="utf-8")
    state = glance_of(HomeReads(GlobalOptions(home), environment(tmp_path / "state")).status())
    assert (state.word, state.is_readable) == ("HALTED (unreadable)", False)
    assert "settings of this home are wrong" in state.meaning
    assert "MAX_POSITIONS" in state.reasons[0].text
    assert "`tradebot config check`" in state.reasons[0].detail
    assert "code 3" in state.reasons[0].detail
    assert "recorded" not in state.meaning
    assert "verify" not in state.reasons[0].detail


def test_a_lock_that_is_over_halts_nothing_though_the_newest_look_met_it(
    traded_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(read_only, "LOOK_BUSY_SECONDS", 0.05)
    monkeypatch.setattr(reads, "SAME_FOR", 0.0)
    home = copytree(traded_home, tmp_path / "home")
    found = HomeReads(GlobalOptions(home), environment(tmp_path / "state"))
    with closing(sqlite3.connect(home / "trading_robot.db", isolation_level=None)) as other:
        other.execute("PRAGMA locking_mode = EXCLUSIVE")
        other.execute("BEGIN EXCLUSIVE")
        during = found.status()
        assert glance_of(during).word == "HALTED (unreadable)"
        assert during.value is not None and during.value.exit_code is ExitCode.LEDGER
    after = found.status()
    assert after.value is not None and after.value.level is HaltLevel.RUNNING
    assert (glance_of(after).word, after.value.exit_code) == ("RUNNING", ExitCode.BROKER)
    assert "the newest look could not read the ledger" in glance_of(after).trouble
    assert found.risk().code is ExitCode.BROKER

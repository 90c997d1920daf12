"""The first page by what was read: its state is of the moment, and names what is wrong."""

from __future__ import annotations

from pathlib import Path
from shutil import copytree

from tests.fakes.cli import environment
from tradebot.settings import GlobalOptions
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

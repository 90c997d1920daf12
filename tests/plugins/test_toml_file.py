"""Reading of a TOML file that a person writes."""

from __future__ import annotations

from pathlib import Path

import pytest

from tradebot.errors import ConfigError, Problem
from tradebot.plugins.toml_file import read_toml, shown


def test_a_file_is_read_with_and_without_a_byte_order_mark(tmp_path: Path) -> None:
    path = tmp_path / "a.toml"
    for mark in ("", "\ufeff"):
        path.write_text(f"{mark}[a]\nb = 1\n", encoding="utf-8")
        assert read_toml(path).tables == {"a": {"b": 1}}


def test_a_file_that_may_be_missing_is_empty_and_one_that_must_be_there_is_a_problem(tmp_path: Path) -> None:
    path = tmp_path / "a.toml"
    assert read_toml(path).tables == {}
    missing = Problem("here", "there is none", "Write one.")
    with pytest.raises(ConfigError) as raised:
        read_toml(path, missing)
    assert raised.value.problems == (missing,)


def test_what_cannot_be_read_is_told_with_its_path(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text("a = 1\nb = \n")
    with pytest.raises(ConfigError, match=r"a\.toml: is not TOML: .*line 2.* Mend that line"):
        read_toml(tmp_path / "a.toml")
    with pytest.raises(ConfigError, match="is no regular file"):
        read_toml(tmp_path)


def test_a_link_to_nowhere_is_no_missing_file(tmp_path: Path) -> None:
    (tmp_path / "a.toml").symlink_to(tmp_path / "moved.toml")
    with pytest.raises(ConfigError, match=r"a\.toml: is a link to nowhere"):
        read_toml(tmp_path / "a.toml")


def test_a_value_is_shown_in_a_message_however_long_it_is() -> None:
    assert shown("20") == "'20'"
    assert len(shown("x" * 10_000)) < 250
    assert shown({"fast": 1 << 100_000}) == "a number of too many digits"

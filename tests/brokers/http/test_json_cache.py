"""JSON that is kept between commands."""

from __future__ import annotations

from pathlib import Path

import pytest

from tradebot.brokers.http.json_cache import JsonCache

HOST = "api.example.com"


def test_a_value_is_there_for_the_next_command_and_for_no_other_host_name_or_broker(tmp_path: Path) -> None:
    JsonCache(tmp_path, "one", "sessions", HOST).save({"a": [1, None, "x"]})
    assert JsonCache(tmp_path, "one", "sessions", HOST).load() == {"a": [1, None, "x"]}
    assert JsonCache(tmp_path, "one", "sessions", "elsewhere").load() is None
    assert JsonCache(tmp_path, "one", "families", HOST).load() is None
    assert JsonCache(tmp_path, "two", "sessions", HOST).load() is None


@pytest.mark.parametrize("damage", [b"", b"{}", b"\x00" * 80])
def test_a_damaged_file_is_none(tmp_path: Path, damage: bytes) -> None:
    JsonCache(tmp_path, "one", "sessions", HOST).save([1])
    (tmp_path / "one_sessions").write_bytes(damage)
    assert JsonCache(tmp_path, "one", "sessions", HOST).load() is None


def test_a_folder_that_cannot_be_written_costs_the_next_command_a_request_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    cache = JsonCache(tmp_path / "file", "one", "sessions", HOST)
    cache.save([1])
    assert cache.load() == [1]
    nowhere = JsonCache(None, "one", "sessions", HOST)
    nowhere.save([1])
    assert nowhere.load() is None

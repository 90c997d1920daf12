"""Cache files are read whole and undamaged, or not at all."""

from __future__ import annotations

from pathlib import Path

from tradebot.home.cache_file import read_cache_file, write_cache_file


def test_what_was_written_is_read_under_its_label_alone(tmp_path: Path) -> None:
    path = tmp_path / "state" / "bars"
    assert read_cache_file(path, "iex 1") is None
    write_cache_file(path, "iex 1", b"bars")
    write_cache_file(path, "iex 1", b"more bars")
    assert read_cache_file(path, "iex 1") == b"more bars"
    assert read_cache_file(path, "sip 1") is None
    assert [each.name for each in path.parent.iterdir()] == ["bars"]


def test_a_changed_or_lost_byte_anywhere_makes_it_unreadable(tmp_path: Path) -> None:
    path = tmp_path / "bars"
    write_cache_file(path, "iex 1", b"bars")
    whole = path.read_bytes()
    for place in range(len(whole)):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        assert read_cache_file(path, "iex 1") is None, place
        path.write_bytes(whole[:place])
        assert read_cache_file(path, "iex 1") is None, place

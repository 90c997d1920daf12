"""The record of the last replay: read back as it was written, and no record where it makes no sense."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from tradebot.errors import ConfigError
from tradebot.home import paths
from tradebot.home.replay_record import Asked, ReplayRecord, read_record, write_record

RECORD = ReplayRecord(
    "paper:paper:PAPER-1", Asked(sessions=20, first=date(2007, 1, 3)), date(2007, 1, 3), date(2007, 1, 31)
)


def test_it_is_read_back_as_it_was_written(tmp_path: Path) -> None:
    assert read_record(tmp_path) is None
    write_record(tmp_path, RECORD)
    assert read_record(tmp_path) == RECORD


@pytest.mark.parametrize("text", ["", "{", "[]", "7", '{"format": 2}', '{"format": 1, "account": "a"}'])
def test_what_cannot_be_understood_is_no_record(text: str, tmp_path: Path) -> None:
    write_record(tmp_path, RECORD)
    paths.replay_file(tmp_path).write_text(text)
    assert read_record(tmp_path) is None


def test_a_folder_that_cannot_be_written_is_an_error(read_only_folder: Path) -> None:
    with pytest.raises(ConfigError):
        write_record(read_only_folder, RECORD)

"""The journal of an emergency stop: what was written is read, whoever killed whom meanwhile."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from tradebot.core.results.stop_entry import StopEntry
from tradebot.home import paths, stop_journal
from tradebot.home.stop_journal import SPARE_FILE_BYTES, StopJournalFile

WALL = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
ENTRY = StopEntry(WALL, "cancel asked for", "AAPL", "tb1-x", Decimal("10.5"), "in time")


def spare(home: Path) -> Path:
    return paths.stops_folder(home) / "spare"


def now() -> datetime:
    """The time that the files of this test bear."""
    return datetime.now(UTC)


def test_what_was_written_is_kept_until_it_is_forgotten(tmp_path: Path) -> None:
    journal = StopJournalFile(tmp_path, WALL)
    journal.write(ENTRY)
    assert stop_journal.finished_stops(tmp_path, now()) == (), "a stop at work is left alone"
    journal.close(WALL)
    (stop,) = stop_journal.finished_stops(tmp_path, now())
    assert stop.entries == (ENTRY,)
    assert journal.trouble == ""
    stop.delete()
    assert stop_journal.finished_stops(tmp_path, now()) == ()


def test_the_last_entry_keeps_the_exit_code_as_a_number(tmp_path: Path) -> None:
    journal = StopJournalFile(tmp_path, WALL)
    last = StopEntry(WALL, "ended with 9", detail="still open: 1 order", exit_code=9)
    journal.write(last)
    journal.close(WALL)
    (stop,) = stop_journal.finished_stops(tmp_path, now())
    assert stop.entries == (last,)


def test_one_that_was_killed_is_taken_after_a_while(tmp_path: Path) -> None:
    journal = StopJournalFile(tmp_path, WALL)
    journal.write(ENTRY)
    assert stop_journal.finished_stops(tmp_path, now()) == ()
    (stop,) = stop_journal.finished_stops(tmp_path, now() + timedelta(hours=1))
    assert stop.entries == (ENTRY,)
    journal.close(WALL)


def test_it_begins_in_the_room_that_was_taken_before(tmp_path: Path) -> None:
    stop_journal.make_spare_file(tmp_path)
    assert spare(tmp_path).stat().st_size == SPARE_FILE_BYTES
    journal = StopJournalFile(tmp_path, WALL)
    assert not spare(tmp_path).exists()
    journal.write(ENTRY)
    journal.close(WALL)
    (stop,) = stop_journal.finished_stops(tmp_path, now())
    assert stop.path.stat().st_size == SPARE_FILE_BYTES, "nothing was added to the disk"
    assert stop.entries == (ENTRY,)
    stop_journal.make_spare_file(tmp_path)
    stop_journal.make_spare_file(tmp_path)
    assert [path.name for path in paths.stops_folder(tmp_path).iterdir() if path != stop.path] == ["spare"]


def test_two_stops_at_once_have_a_journal_each(tmp_path: Path) -> None:
    stop_journal.make_spare_file(tmp_path)
    first, second = StopJournalFile(tmp_path, WALL), StopJournalFile(tmp_path, WALL)
    for journal in (second, first):
        journal.write(ENTRY)
        journal.close(WALL)
    assert [stop.entries for stop in stop_journal.finished_stops(tmp_path, now())] == [(ENTRY,), (ENTRY,)]


def test_a_torn_line_is_left_out(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    journal = StopJournalFile(tmp_path, WALL)
    journal.write(ENTRY)
    journal.close(WALL)
    (path,) = paths.stops_folder(tmp_path).glob("*.journal")
    path.write_bytes(b'{"at": "20' + b"\n" + path.read_bytes() + b'{"did": "clo')
    (stop,) = stop_journal.finished_stops(tmp_path, now())
    assert stop.entries == (ENTRY,)
    assert caplog.text.count("cannot be understood") == 2


def test_wherever_an_entry_is_cut_off_the_ones_before_it_are_kept(tmp_path: Path) -> None:
    journal = StopJournalFile(tmp_path, WALL)
    journal.write(ENTRY)
    (path,) = paths.stops_folder(tmp_path).glob("*.journal")
    first = path.read_bytes()
    journal.write(ENTRY)
    whole = path.read_bytes()
    journal.close(WALL)
    for length in range(len(first), len(whole) + 1):
        path.write_bytes(whole[:length])
        (stop,) = stop_journal.finished_stops(tmp_path, now() + timedelta(hours=1))
        assert stop.entries == ((ENTRY, ENTRY) if length >= len(whole) - 1 else (ENTRY,))


@pytest.mark.skipif(sys.platform == "win32", reason="no such limit there")
def test_an_entry_that_meets_a_full_disk_is_told_and_costs_only_itself(tmp_path: Path) -> None:
    code = (
        "import resource, sys; from datetime import UTC, datetime; from pathlib import Path;"
        "from tradebot.core.results.stop_entry import StopEntry;"
        "from tradebot.home.stop_journal import StopJournalFile\n"
        "at = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)\n"
        "journal = StopJournalFile(Path(sys.argv[1]), at)\n"
        "for room, did in ((500, 'first'), (200, 'second'), (800, 'third')):\n"
        "    resource.setrlimit(resource.RLIMIT_FSIZE, (room, resource.RLIM_INFINITY))\n"
        "    journal.write(StopEntry(at, did))\n"
        "print(journal.trouble)\n"
        "journal.close(at)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=True)
    assert "cannot be kept in" in done.stdout
    (stop,) = stop_journal.finished_stops(tmp_path, now())
    assert [entry.did for entry in stop.entries] == ["first", "third"]


@pytest.mark.skipif(os.name == "nt", reason="folders have other rights there")
def test_where_nothing_can_be_written_it_says_so_and_stops_nothing(tmp_path: Path) -> None:
    paths.state_folder(tmp_path).mkdir()
    paths.stops_folder(tmp_path).write_text("a file where the folder belongs")
    journal = StopJournalFile(tmp_path, WALL)
    journal.write(ENTRY)
    journal.close(WALL)
    assert "cannot be kept" in journal.trouble

"""The halt latch: what was set is read back, and what cannot be understood halts."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fakes.special_files import a_folder, a_link_to_a_full_device, a_link_to_itself, a_link_to_nowhere, a_pipe
from tradebot.core.model.halts import Halt, HaltLevel, HaltRule, HaltScope, HaltSource, level_of
from tradebot.errors import ConfigError
from tradebot.home.halt_file import LatchFile
from tradebot.ports import Latch

OPERATOR = Halt(
    source=HaltSource.LATCH_FILE,
    rule=HaltRule.OPERATOR,
    level=HaltLevel.HALTED,
    reason='he said "stop"\nand meant it: \u2028 é',
    since=datetime(2026, 1, 2, 14, 35, 2, 123456, tzinfo=UTC),
)
ONE_SYMBOL = Halt(
    source=HaltSource.LATCH_FILE,
    rule=HaltRule.OPERATOR,
    level=HaltLevel.REDUCING,
    reason="earnings tonight",
    scope=HaltScope.SYMBOL,
    scope_name="BRK.B",
)
DAILY_LOSS = Halt(
    source=HaltSource.LATCH_FILE,
    rule=HaltRule.DAILY_LOSS,
    level=HaltLevel.REDUCING,
    reason="lost 3.2 %",
    since=datetime(2026, 1, 2, 15, 0, tzinfo=UTC),
    session=date(2026, 1, 2),
    until=date(2026, 1, 5),
    value=Decimal("0.0320"),
    limit=Decimal("0.03"),
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "HALT"


def the_unreadable(latch: Latch) -> Halt:
    (halt,) = latch.read()
    assert (halt.rule, halt.level, halt.source) == (HaltRule.UNREADABLE, HaltLevel.HALTED, HaltSource.LATCH_FILE)
    return halt


def test_no_file_is_no_halt(path: Path) -> None:
    assert LatchFile(path).read() == ()


def test_halts_are_read_back_as_they_were_set_in_a_folder_that_was_not_there(path: Path) -> None:
    LatchFile(path).set(OPERATOR)
    LatchFile(path).set(DAILY_LOSS)

    assert LatchFile(path).read() == (OPERATOR, DAILY_LOSS)


def test_a_line_of_the_version_before_holds_for_every_account_and_ours_has_all_that_it_reads(path: Path) -> None:
    LatchFile(path).set(replace(OPERATOR, account="alpaca:live:902134"))
    (line,) = filter(None, path.read_text().splitlines())
    fields = json.loads(line)
    assert fields.pop("account") == "alpaca:live:902134"
    assert set(fields) == {
        "format", "rule", "level", "reason", "since", "session", "until", "value", "limit", "scope", "scope_name",
    }  # fmt: skip
    for written in (fields, {**fields, "account": None}):  # null would be the account of nobody
        path.write_text(json.dumps(written))
        assert LatchFile(path).read() == (OPERATOR,)


def test_clearing_removes_every_halt_and_may_be_repeated(path: Path) -> None:
    latch = LatchFile(path)
    latch.clear(())
    latch.set(OPERATOR)
    latch.set(DAILY_LOSS)

    latch.clear(latch.read())
    latch.clear(latch.read())

    assert latch.read() == ()
    assert not path.exists()


def test_only_the_halts_that_are_named_are_cleared(path: Path) -> None:
    latch = LatchFile(path)
    latch.set(DAILY_LOSS)
    seen = latch.read()
    latch.set(OPERATOR)
    latch.set(ONE_SYMBOL)

    latch.clear(seen)

    assert latch.read() == (OPERATOR, ONE_SYMBOL)


def test_what_cannot_be_understood_stays_until_its_own_halt_is_cleared(path: Path) -> None:
    latch = LatchFile(path)
    latch.set(OPERATOR)
    with path.open("a") as file:
        file.write("half a li")
    operator, unreadable = latch.read()

    latch.clear([operator])
    assert [halt.rule for halt in latch.read()] == [HaltRule.UNREADABLE]

    latch.clear(latch.read())
    assert not path.exists()
    assert unreadable.level is HaltLevel.HALTED


def test_no_halt_is_lost_to_somebody_who_clears_what_he_has_seen(path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from tradebot.home.halt_file import LatchFile;"
        "from tradebot.core.model.halts import *\n"
        "for n in range(200): LatchFile(Path(sys.argv[1])).set("
        "Halt(HaltSource.LATCH_FILE, HaltRule.OPERATOR, HaltLevel.HALTED, f'stop {n}'))"
    )
    latch = LatchFile(path)
    cleared: set[str] = set()
    writer = subprocess.Popen([sys.executable, "-c", code, str(path)])
    while writer.poll() is None:
        seen = latch.read()
        latch.clear(seen)
        cleared |= {halt.reason for halt in seen}

    assert cleared | {halt.reason for halt in latch.read()} >= {f"stop {n}" for n in range(200)}


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\n\n",
        b"stop!",
        b"\xff\xfe\x00",
        b"{}",
        b"[]",
        b"null",
        b"7",
        b'{"format": 2, "rule": "operator", "level": "halted", "reason": ""}',
        b'{"format": 1, "rule": "mood", "level": "halted", "reason": "", "since": null, "session": null,'
        b' "until": null, "value": null, "limit": null}',
        b'{"format": 1, "rule": "operator", "level": "halted", "reason": "", "since": "2026-01-02T09:35:00",'
        b' "session": null, "until": null, "value": null, "limit": null}',
        b'{"format": 1, "rule": "operator", "level": "halted", "reason": "", "since": null, "session": null,'
        b' "until": null, "value": "much", "limit": null, "scope": "account", "scope_name": ""}',
        b'{"format": 1, "rule": "operator", "level": "halted", "reason": "", "since": null, "session": null,'
        b' "until": null, "value": null, "limit": null, "scope": "planet", "scope_name": "mars"}',
        b'{"format": 1, "rule": "operator", "level": "halted", "reason": "", "since": null, "session": null,'
        b' "until": null, "value": null, "limit": null, "scope": "account", "scope_name": "", "account": "mine"}',
        b'{"format": 1, "rule": "operator", "level": "halted", "reason": "", "since": null, "session": null,'
        b' "until": null, "value": null, "limit": null, "scope": "account", "scope_name": "", "account": 7}',
        b'{"format": 1, "rule": "operator", "level": "halted", "reason": "", "since": null, "session": null,'
        b' "until": null, "value": null, "limit": null, "scope": "account", "scope_name": "", "account": " a:b:1"}',
    ],
)
def test_what_cannot_be_understood_counts_as_a_halt(content: bytes, path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(content)

    assert str(path) in the_unreadable(LatchFile(path)).reason


NO_FILES = [a_folder, a_pipe, a_link_to_nowhere, a_link_to_a_full_device, a_link_to_itself]
no_files = pytest.mark.parametrize("make", NO_FILES, ids=lambda make: make.__name__)
on_posix = pytest.mark.skipif(os.name == "nt", reason="Windows has no pipes among its files")


@on_posix
@no_files
def test_what_is_no_file_counts_as_a_halt_and_nothing_waits_for_it(make: Callable[[Path], None], path: Path) -> None:
    path.parent.mkdir()
    make(path)
    latch = LatchFile(path)

    the_unreadable(latch)
    latch.set(OPERATOR)  # it halts as much already
    the_unreadable(latch)
    assert [each.name for each in path.parent.iterdir()] == ["HALT"]


@on_posix
@no_files
def test_what_is_no_file_is_removed_once_its_halt_is_cleared(make: Callable[[Path], None], path: Path) -> None:
    path.parent.mkdir()
    make(path)
    latch = LatchFile(path)

    latch.clear([OPERATOR])
    the_unreadable(latch)

    latch.clear(latch.read())
    assert latch.read() == ()
    latch.set(OPERATOR)
    assert latch.read() == (OPERATOR,)


def test_a_folder_with_something_in_it_is_not_removed(path: Path) -> None:
    (path / "kept").mkdir(parents=True)

    with pytest.raises(ConfigError, match="right to write here, then run it again"):
        LatchFile(path).clear(LatchFile(path).read())
    the_unreadable(LatchFile(path))


@on_posix
def test_a_link_to_a_file_is_that_file(path: Path, tmp_path: Path) -> None:
    path.parent.mkdir()
    elsewhere = tmp_path / "elsewhere"
    LatchFile(elsewhere).set(OPERATOR)
    path.symlink_to(elsewhere)

    LatchFile(path).set(DAILY_LOSS)
    assert LatchFile(path).read() == (OPERATOR, DAILY_LOSS)


def test_a_file_that_may_not_be_read_counts_as_a_halt(closed_folder: Path) -> None:
    the_unreadable(LatchFile(closed_folder / "HALT"))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_file_cut_off_anywhere_never_lets_entries_through(data: st.DataObject, path: Path) -> None:
    latch = LatchFile(path)
    latch.clear(latch.read())
    latch.set(DAILY_LOSS)
    latch.set(OPERATOR)
    whole = path.read_bytes()

    path.write_bytes(whole[: data.draw(st.integers(0, len(whole)))])

    assert not level_of(latch.read()).allows_entries


def test_wherever_a_line_is_torn_the_halt_before_it_is_read_and_the_torn_one_halts(path: Path) -> None:
    latch = LatchFile(path)
    latch.set(DAILY_LOSS)
    first = path.read_bytes()
    latch.set(OPERATOR)
    whole = path.read_bytes()
    for length in range(len(first) + 2, len(whole) + 1):
        path.write_bytes(whole[:length])
        before, after = latch.read()
        assert before == DAILY_LOSS
        assert after == OPERATOR if length >= len(whole) - 1 else after.rule is HaltRule.UNREADABLE


def test_a_halt_set_upon_a_torn_line_is_understood_and_the_torn_one_still_counts(path: Path) -> None:
    latch = LatchFile(path)
    latch.set(OPERATOR)
    path.write_bytes(path.read_bytes()[:40])

    latch.set(DAILY_LOSS)

    assert [halt.rule for halt in latch.read()] == [HaltRule.DAILY_LOSS, HaltRule.UNREADABLE]
    assert level_of(latch.read()) is HaltLevel.HALTED


def test_no_halt_is_lost_when_many_processes_set_theirs_at_once(path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from tradebot.home.halt_file import LatchFile;"
        "from tradebot.core.model.halts import *\n"
        "for n in range(20): LatchFile(Path(sys.argv[1])).set("
        "Halt(HaltSource.LATCH_FILE, HaltRule.OPERATOR, HaltLevel.HALTED, f'{sys.argv[2]}-{n}'))"
    )
    writers = [subprocess.Popen([sys.executable, "-c", code, str(path), name]) for name in "abc"]

    assert [writer.wait(timeout=60) for writer in writers] == [0, 0, 0]
    assert {halt.reason for halt in LatchFile(path).read()} == {f"{name}-{n}" for name in "abc" for n in range(20)}


def test_a_halt_that_meets_a_full_disk_holds_without_its_reason(path: Path) -> None:
    code = (
        "import resource, sys; from pathlib import Path; from tradebot.home.halt_file import LatchFile;"
        "from tradebot.core.model.halts import *\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), resource.RLIM_INFINITY))\n"
        "LatchFile(Path(sys.argv[1])).set(Halt(HaltSource.LATCH_FILE, HaltRule.OPERATOR, HaltLevel.HALTED, 'full'))"
    )
    pytest.importorskip("resource")
    for room in ("0", "30"):
        LatchFile(path).clear(LatchFile(path).read())
        done = subprocess.run(
            [sys.executable, "-c", code, str(path), room], capture_output=True, text=True, check=False
        )

        assert done.returncode == 0, done.stderr
        the_unreadable(LatchFile(path))


def test_a_halt_that_cannot_be_written_at_all_says_so(read_only_folder: Path) -> None:
    with pytest.raises(ConfigError, match=r"cannot be written: Permission denied\. EMERGENCY_STOP_ENABLED=true"):
        LatchFile(read_only_folder / "state" / "HALT").set(OPERATOR)


def test_the_latch_costs_no_heavy_import() -> None:
    code = (
        "import sys, tradebot.home.halt_file, tradebot.home.locks, tradebot.home.registry;"
        "import tradebot.home.shutdown_signals;"
        "sys.exit(any(name in sys.modules for name in ('pandas', 'filelock', 'sqlite3', 'pydantic')))"
    )

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0

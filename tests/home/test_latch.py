"""The latch of a home: a halt in either of its two files holds."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tradebot.core.model.halts import Halt, HaltLevel, HaltRule, HaltSource
from tradebot.core.model.order_ids import account_hash
from tradebot.errors import ConfigError, LedgerError
from tradebot.home import paths
from tradebot.home.halt_file import LatchFile
from tradebot.home.latch import AccountLatch, HomeLatch

FIRST, SECOND = (
    Halt(HaltSource.LATCH_FILE, HaltRule.OPERATOR, HaltLevel.HALTED, reason, datetime(2026, 1, 2, tzinfo=UTC))
    for reason in ("first", "second")
)


def test_a_halt_is_in_both_files_and_read_once(tmp_path: Path) -> None:
    latch = HomeLatch(tmp_path)
    latch.set(FIRST)

    assert latch.read() == (FIRST,)
    assert LatchFile(paths.latch_file(tmp_path)).read() == (FIRST,)
    assert LatchFile(paths.second_latch_file(tmp_path)).read() == (FIRST,)


@pytest.mark.parametrize("lost", ["state", "tradebot.HALT"])
def test_it_survives_the_loss_of_either(lost: str, tmp_path: Path) -> None:
    HomeLatch(tmp_path).set(FIRST)
    path = tmp_path / lost
    shutil.rmtree(path) if path.is_dir() else path.unlink()

    assert HomeLatch(tmp_path).read() == (FIRST,)


def test_a_halt_of_the_version_before_lies_in_one_file_and_is_cleared_there(tmp_path: Path) -> None:
    LatchFile(paths.latch_file(tmp_path)).set(FIRST)
    latch = HomeLatch(tmp_path)
    assert latch.read() == (FIRST,)

    latch.set(SECOND)
    latch.clear([FIRST])
    assert latch.read() == (SECOND,)
    latch.clear([SECOND])
    assert latch.read() == ()
    assert not paths.second_latch_file(tmp_path).exists()


@pytest.mark.parametrize("place", [paths.latch_file, paths.second_latch_file])
def test_a_file_that_cannot_be_understood_halts_beside_a_sound_one(place: object, tmp_path: Path) -> None:
    assert callable(place)
    latch = HomeLatch(tmp_path)
    latch.set(FIRST)
    place(tmp_path).write_text("stop!")

    assert {halt.rule for halt in latch.read()} == {HaltRule.OPERATOR, HaltRule.UNREADABLE}
    latch.clear(latch.read())
    assert latch.read() == ()


def test_one_file_that_cannot_be_written_leaves_the_halt_to_the_other(tmp_path: Path) -> None:
    paths.state_folder(tmp_path).write_text("not a folder")

    HomeLatch(tmp_path).set(FIRST)
    assert {halt.rule for halt in HomeLatch(tmp_path).read()} == {HaltRule.OPERATOR, HaltRule.UNREADABLE}


def test_a_halt_that_no_file_takes_is_an_error(read_only_folder: Path) -> None:
    with pytest.raises(ConfigError, match="EMERGENCY_STOP_ENABLED=true"):
        HomeLatch(read_only_folder).set(FIRST)


# --- two accounts of one home --------------------------------------------------------------------------

PAPER, LIVE = "paper:paper:PAPER-1", "alpaca:live:902134"


def latches(home: Path) -> tuple[AccountLatch, AccountLatch]:
    both = HomeLatch(home)
    return tuple(AccountLatch(both, key, lambda: (PAPER, LIVE)) for key in (PAPER, LIVE))  # type: ignore[return-value]


def test_an_account_neither_sees_nor_clears_the_halt_of_another(tmp_path: Path) -> None:
    paper, live = latches(tmp_path)
    paper.set(FIRST)
    live.set(SECOND)
    assert paper.read() == (replace(FIRST, account=PAPER),)
    assert live.read() == (replace(SECOND, account=LIVE),)

    paper.clear((*paper.read(), *live.read()))
    assert paper.read() == ()
    assert live.read() == (replace(SECOND, account=LIVE),)


def test_a_halt_without_an_account_is_cleared_for_each_by_itself(tmp_path: Path) -> None:
    paper, live = latches(tmp_path)
    HomeLatch(tmp_path).set(FIRST)
    assert paper.read() == live.read() == (FIRST,)

    live.clear([FIRST])
    assert (paper.read(), live.read()) == ((replace(FIRST, account=PAPER),), ())
    paper.clear(paper.read())
    assert not paths.latch_file(tmp_path).exists()


def test_accounts_that_cannot_be_told_leave_the_halt_set(tmp_path: Path) -> None:
    def unreadable() -> tuple[str, ...]:
        raise LedgerError("it is locked")

    HomeLatch(tmp_path).set(FIRST)
    latch = AccountLatch(HomeLatch(tmp_path), PAPER, unreadable)
    with pytest.raises(LedgerError):
        latch.clear([FIRST])
    assert HomeLatch(tmp_path).read() == (FIRST,)


def test_a_halt_of_every_account_is_narrowed_to_one(tmp_path: Path) -> None:
    paper, live = latches(tmp_path)
    HomeLatch(tmp_path).set(FIRST)
    live.narrow(FIRST)
    assert (paper.read(), live.read()) == ((), (replace(FIRST, account=LIVE),))


def test_a_halt_goes_on_for_an_account_of_which_only_the_hash_is_left(tmp_path: Path) -> None:
    both = HomeLatch(tmp_path)
    both.set(FIRST)
    paper, live = (AccountLatch(both, key, lambda: (PAPER, account_hash(LIVE))) for key in (PAPER, LIVE))
    paper.clear([FIRST])
    assert paper.read() == ()
    (left,) = live.read()
    assert (left.account, left.reason) == (account_hash(LIVE), FIRST.reason)
    live.clear([left])
    assert not paths.latch_file(tmp_path).exists()

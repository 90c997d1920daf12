"""Commands that look at what was stored: no broker, no lock, no keys, nothing written."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest

from tests.fakes.wilful_server import closed_port
from tradebot.__main__ import main
from tradebot.core.model.ledger_rows import PinnedAccount
from tradebot.home.locks import home_lock
from tradebot.ledger.database import open_database

Said = tuple[int, str, str]
Look = Callable[..., Said]

LEDGER = "trading_robot.db"
COMMANDS = [("explain", "AAPL"), ("incident",), ("fills",), ("trades", "--open"), ("jobs",)]
#: What else reads a home that cannot be written.
MORE = [("explain", "--today"), ("report", "--previous"), ("verify",)]
each_command = pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command[0])


@pytest.fixture
def home(traded_home: Path, tmp_path: Path) -> Path:
    """A home of the test's own that holds positions."""
    return shutil.copytree(traded_home, tmp_path / "home")


@pytest.fixture
def look_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Look:
    """Runs a command on a home in this process: its exit code, what it said on standard output and standard error."""

    def looked(home: Path, *command: str, **environ: str) -> Said:
        with monkeypatch.context() as patch:
            for name, value in {"TRADEBOT_STATE_DIR": str(tmp_path / "state"), "COLUMNS": "80", **environ}.items():
                patch.setenv(name, value)
            code = main([*command, "--home", str(home)])
        said = capsys.readouterr()
        return code, said.out, said.err

    return looked


@pytest.fixture
def look(home: Path, look_at: Look) -> Look:
    """Runs a command on the home of the test."""
    return partial(look_at, home)


def files_of(home: Path) -> dict[str, str]:
    """The files of a home and of its state, each with the hash of its content."""
    return {
        str(path.relative_to(home)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in home.rglob("*")
        if path.is_file()
    }


@each_command
def test_they_work_while_a_job_holds_the_lock_and_write_nothing(
    command: tuple[str, ...], look: Look, home: Path
) -> None:
    with home_lock(home, command="run-daily", wall=datetime.now(UTC)):
        before = files_of(home)
        code, out, err = look(*command)
        assert (code, err) == (0, "")
        assert out
        assert files_of(home) == before


@each_command
def test_they_need_neither_the_broker_nor_its_keys(command: tuple[str, ...], look: Look, home: Path) -> None:
    account = PinnedAccount("alpaca:paper:A1", "alpaca", "paper", "A1", datetime(2024, 1, 2, tzinfo=UTC))
    with closing(open_database(home / LEDGER, create=False)) as database:
        database.pinned_accounts.pin(database.homes.all()[0].home_id, account)
    nowhere = f"http://127.0.0.1:{closed_port()}"
    code, out, err = look(*command, BROKER="alpaca", ALPACA_BASE_URL=nowhere, ALPACA_DATA_URL=nowhere)
    assert (code, err) == (0, "")
    assert "A1" in out


@each_command
def test_an_account_that_the_ledger_does_not_have_is_told(command: tuple[str, ...], look: Look) -> None:
    code, out, err = look(*command, BROKER="alpaca")
    assert (code, out) == (3, "")
    assert "the ledger has no account at alpaca (paper). Check BROKER and TRADING_MODE" in err


@each_command
def test_a_wrong_setting_is_told_as_ever(command: tuple[str, ...], look: Look) -> None:
    code, out, err = look(*command, MAX_POSITIONS="many", BROKER="alpaca")
    assert (code, out) == (3, "")
    assert "MAX_POSITIONS (environment)" in err
    assert "ALPACA_API_KEY" not in err


@each_command
def test_a_ledger_that_is_gone_or_damaged_is_told_with_what_to_do(
    command: tuple[str, ...], look: Look, home: Path
) -> None:
    ledger = home / LEDGER
    ledger.write_bytes(b"no ledger at all" * 1000)
    code, out, err = look(*command)
    assert (code, out) == (10, "")
    assert "is not a database" in err
    assert "tradebot rebuild" in err
    ledger.unlink()
    code, out, err = look(*command)
    assert (code, out) == (10, "")
    assert "is missing, in a home that had one" in err
    assert "tradebot rebuild" in err
    assert not ledger.exists()


@each_command
def test_a_folder_that_is_no_home_says_what_to_do_first(command: tuple[str, ...], look: Look, home: Path) -> None:
    shutil.rmtree(home)
    code, out, err = look(*command)
    assert (code, out) == (3, "")
    assert "was never initialised. Give the right one with --home or TRADEBOT_HOME, or make one with" in err
    assert not home.exists()


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="Windows protects folders in another way")
@pytest.mark.parametrize("command", COMMANDS + MORE, ids=" ".join)
def test_a_home_that_cannot_be_written_is_read_as_any_other(
    command: tuple[str, ...], traded_home: Path, look_at: Look
) -> None:
    with tempfile.TemporaryDirectory(prefix="tradebot-") as name:
        home = shutil.copytree(traded_home, Path(name) / "home")
        usual = look_at(home, *command)
        assert usual[0] == 0
        with read_only(home):
            assert look_at(home, *command) == usual


@contextmanager
def read_only(home: Path) -> Iterator[None]:
    """Take the right to write in a home away. A superuser, who may all the same, becomes another user meanwhile."""
    superuser = os.geteuid() == 0
    home.parent.chmod(0o755)  # so that this user may look into it
    for path in (home, *home.rglob("*")):
        path.chmod(0o555 if path.is_dir() else 0o444)
    if superuser:
        os.seteuid(65534)
    try:
        if superuser and not os.access(__file__, os.R_OK, effective_ids=True):
            pytest.skip("the other user may not read the program")
        yield
    finally:
        if superuser:
            os.seteuid(0)
        for path in (home, *home.rglob("*")):
            path.chmod(0o755)

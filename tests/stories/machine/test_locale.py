"""A home whose name has letters beyond ASCII, under cron's environment: no LANG, or the C locale, without UTF-8."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest

from tests.stories.machine.conftest import Odd
from tests.stories.processes.conftest import Machine

#: Python turns the C locale into UTF-8 (PEP 538, PEP 540), unless it is told not to or the locale is another old one.
ASCII = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
UTF_8 = {"LC_ALL": "C.UTF-8"}
#: A name in UTF-8, and one in Latin-1, which is no UTF-8.
NAME, LATIN_1 = "café-ş".encode(), b"caf\xe9"

pytestmark = pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="names of files are Unicode there")


@pytest.fixture
def beyond_ascii(machine: Machine) -> Machine:
    """A machine whose home will have a name beyond ASCII."""
    return named(machine, NAME)


def named(machine: Machine, name: bytes) -> Machine:
    """The machine with another home, which is not made yet."""
    machine.home = Path(os.fsdecode(os.fsencode(machine.folder) + b"/" + name))
    machine.ledger, machine.exchange = machine.home / "trading_robot.db", machine.home / "state" / "paper_exchange.db"
    return machine


@pytest.mark.parametrize(
    ("name", "locale", "many"), [(NAME, ASCII, 7), (LATIN_1, {}, 4)], ids=["utf-8 as ascii", "latin-1"]
)
def test_a_day_is_traded_and_stopped(
    name: bytes, locale: dict[str, str], many: int, machine: Machine, odd: Odd
) -> None:
    environment, beyond_ascii = {**locale, **odd()}, named(machine, name)
    for command, *arguments in (
        ("run-daily", "--json"),
        ("report", "--csv", str(beyond_ascii.home / "csv")),
        ("backup",),
        ("emergency-stop", "--reason", "a test", "--json"),
        ("resume", "--reason", "café", "--yes"),
        ("verify",),
        ("schedule", "print", "--for", "cron"),
    )[:many]:
        ended = beyond_ascii(command, *arguments, **environment)
        assert ended.code == 0, (command, ended)
    assert beyond_ascii.orders()


def test_the_lock_and_the_ledger_are_the_same_in_every_locale(beyond_ascii: Machine, odd: Odd) -> None:
    for locale in (UTF_8, ASCII):
        assert beyond_ascii("run-daily", **locale, **odd()).code == 0
        assert beyond_ascii("backup", **locale, **odd()).code == 0
    locks = [path.name for path in (beyond_ascii.state / "locks").iterdir() if path.suffix == ".lock"]
    assert len(locks) == 1
    assert beyond_ascii("verify", **odd()).code == 0


def test_the_known_homes_and_the_last_backup_are_found_in_every_locale(
    beyond_ascii: Machine, odd: Odd, strategies_checked: Path
) -> None:
    assert beyond_ascii("run-daily", **UTF_8, **odd()).code == 0
    shutil.copy(strategies_checked, beyond_ascii.home / "state")
    assert beyond_ascii("backup", **UTF_8, **odd()).code == 0
    assert "the last one was made" in beyond_ascii("preflight", "--full", **ASCII, **odd()).out
    ended = beyond_ascii("status", "--home", str(beyond_ascii.folder / "elsewhere"), **ASCII, **odd())
    assert (ended.code, "caf\\udcc3\\udca9" in ended.err) == (3, True)


def test_what_goes_wrong_is_told_in_any_locale(beyond_ascii: Machine, odd: Odd) -> None:
    beyond_ascii.env("MAX_POSITIONS=çok")
    for locale in (ASCII, UTF_8):
        ended = beyond_ascii("config", "check", **locale, **odd())
        assert (ended.code, "MAX_POSITIONS" in ended.err) == (3, True)
    beyond_ascii.env()
    assert beyond_ascii("emergency-stop", "--reason", "a test", **ASCII, **odd()).code == 3  # no home yet
    assert beyond_ascii("init-db", **ASCII, **odd()).code == 0
    beyond_ascii.ledger.write_bytes(b"no database")
    ended = beyond_ascii("run-daily", **ASCII, **odd())
    assert ended.code == 10
    assert "trading_robot.db" in ended.err

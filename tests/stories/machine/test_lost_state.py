"""The folder ``state`` is lost in a home that has a ledger, or another stands in its place."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from tests.jobs.conftest import MakeHouse
from tests.jobs.house import House, Script
from tests.long_form import long
from tests.stories.processes.conftest import Machine
from tests.stories.processes.test_alpaca import EVENING, LATER, MORNING, Desk
from tradebot.home import paths
from tradebot.ledger.database import open_database
from tradebot.runtime.homes import configuration
from tradebot.runtime.state_folder import lost_state, stamp
from tradebot.settings import GlobalOptions

RESUME = ("resume", "--reason", "looked at the account", "--yes")
NEXT_MORNING = MORNING.replace(day=3)


def sent(desk: Desk) -> list[str]:
    """What was sent to the broker to change something there."""
    return [f"{arrival.method} {arrival.path}" for arrival in desk.alpaca.requests if arrival.method != "GET"]


def lose(home: Path) -> None:
    shutil.rmtree(home / "state")


def lose_the_marker(home: Path) -> None:
    (home / "state" / "home.json").unlink()


def empty(home: Path) -> None:
    lose(home)
    (home / "state").mkdir()


def replace_by_another(home: Path) -> None:
    """Put the state of a home in its place that was made for another account."""
    lose(home)
    (home / "state").mkdir()
    paths.write_marker(home, paths.new_id())
    (home / "state" / "ledger_heads").write_text(f"7 {'a' * 64}\n")


def replace_by_an_older_one(home: Path) -> None:
    """Put a copy in its place that the version before had made, whose marker has no id."""
    lose(home)
    (home / "state").mkdir()
    (home / "state" / "home.json").write_text('{"format": 1}\n')


def test_an_emergency_stop_outlives_the_folder_state(desk: Desk) -> None:
    assert desk.run(MORNING, "init-db")[0] == 0
    assert desk.run(MORNING, "emergency-stop", "--reason", "a drill")[0] == 0
    lose(desk.machine.home)

    code, said, _ = desk.run(MORNING, "run-daily")
    assert code == 4
    assert "a drill" in {halt["reason"] for halt in said["halts"]}
    assert sent(desk) == []


@pytest.mark.parametrize(
    "harm", [lose, replace_by_another, long(empty), long(lose_the_marker), long(replace_by_an_older_one)]
)
def test_entries_halt_until_somebody_resumes_and_the_rest_goes_on(
    harm: Callable[[Path], None], desk: Desk, strategies_checked: Path
) -> None:
    assert desk.run(MORNING, "run-daily")[0] == 0
    harm(desk.machine.home)
    before = sent(desk)

    code, said, words = desk.run(LATER, "check-exits")
    assert code == 4, words or said
    assert any("tradebot resume" in halt["reason"] for halt in said["halts"])
    assert "chain_heads" not in {halt["rule"] for halt in said["halts"]}, "one halt for one loss"
    assert all(position["protected"] for position in desk.run(LATER, "status")[1]["positions"])
    shutil.copy(strategies_checked, desk.machine.home / "state")
    assert desk.run(LATER, "preflight")[0] in (4, 5)
    assert desk.run(EVENING, "reconcile")[0] == 4
    assert sent(desk) == before

    code, said, words = desk.run(EVENING, *RESUME)
    assert code == 0, words or said
    assert desk.run(NEXT_MORNING, "run-daily")[0] == 0
    assert desk.run(NEXT_MORNING, "verify")[0] == 0


def test_the_emergency_stop_and_rebuild_work_without_the_folder(desk: Desk) -> None:
    assert desk.run(MORNING, "run-daily")[0] == 0
    lose(desk.machine.home)
    code, said, words = desk.run(LATER, "emergency-stop", "--close-positions", "--reason", "a drill")
    assert code == 0, words or said
    lose(desk.machine.home)

    code, said, words = desk.run(LATER, "rebuild", "--yes")
    assert code == 4, words or said
    code, said, _ = desk.run(LATER, "check-exits")
    assert code == 4
    assert {"a drill", "the folder"} <= {halt["reason"][:10].strip() for halt in said["halts"]}
    assert desk.run(LATER, *RESUME)[0] == 0
    assert desk.run(LATER, "check-exits")[0] == 0


def link_to_a_drive_that_is_not_mounted(home: Path) -> None:
    (home / "state").symlink_to("/mnt/not-mounted/state")


def write_a_file(home: Path) -> None:
    (home / "state").write_text("what somebody kept")


@pytest.mark.skipif(os.name == "nt", reason="links take a privilege on Windows")
@pytest.mark.parametrize(
    ("harm", "words"), [(link_to_a_drive_that_is_not_mounted, "a link to nowhere"), (write_a_file, "a file")]
)
def test_what_stands_in_the_place_of_the_folder_is_named(harm: Callable[[Path], None], words: str, desk: Desk) -> None:
    assert desk.run(MORNING, "run-daily")[0] == 0
    lose(desk.machine.home)
    harm(desk.machine.home)
    for command in (("check-exits",), RESUME):
        code, _, said = desk.run(LATER, *command)
        assert (code, f"{desk.machine.home / 'state'} is {words}" in said) == (3, True), said
    assert desk.run(LATER, "emergency-stop", "--reason", "a drill")[0] == 0

    (desk.machine.home / "state").unlink()
    code, said_in_json, _ = desk.run(LATER, "check-exits")
    assert code == 4
    assert {"a drill", "the folder"} <= {halt["reason"][:10].strip() for halt in said_in_json["halts"]}


def test_an_older_copy_of_the_folder_with_the_homes_own_id_halts_too(desk: Desk, tmp_path: Path) -> None:
    assert desk.run(MORNING, "init-db")[0] == 0
    shutil.copytree(desk.machine.home / "state", tmp_path / "older")
    assert desk.run(MORNING, "run-daily")[0] == 0
    lose(desk.machine.home)
    shutil.copytree(tmp_path / "older", desk.machine.home / "state")
    before = sent(desk)

    assert desk.run(LATER, "check-exits")[0] == 4
    assert desk.run(LATER, "verify")[0] == 10
    assert desk.run(NEXT_MORNING, "run-daily")[0] == 4
    assert sent(desk) == before
    assert desk.run(NEXT_MORNING, *RESUME)[0] == 0
    assert desk.run(NEXT_MORNING, "verify")[0] == 0


def test_without_ledger_and_state_folder_nothing_was_ever_there(machine: Machine) -> None:
    for command in ("check-exits", "emergency-stop"):
        ended = machine(command)
        assert (ended.code, "never initialised" in ended.err) == (3, True)
    assert not machine.home.exists()


def test_an_embedded_exchange_that_is_lost_with_it_is_begun_anew_by_a_person(traded: Machine) -> None:
    lose(traded.home)
    ended = traded("run-daily")
    assert ended.code != 0
    assert "tradebot paper reset" in ended.err
    assert traded("paper", "reset", "--yes").code == 0
    assert traded("run-daily").code == 4
    assert traded(*RESUME).code == 0
    assert traded("run-daily").code == 0
    assert traded.orders() != []


# --- no false alarm ---------------------------------------------------------------------------


def forget_homes(house: House) -> None:
    """Leave the ledger as the version before made it."""
    with closing(sqlite3.connect(house.database)) as connection, connection:
        connection.execute("DELETE FROM homes")


def marker(house: House) -> str:
    return paths.marker_file(house.home).read_text()


def test_a_home_of_the_version_before_gets_its_id_without_a_word(make_house: MakeHouse) -> None:
    house = make_house(Script())
    house.daily()
    paths.marker_file(house.home).write_text('{"format": 1}\n')
    forget_homes(house)

    assert house.check_exits().halts == ()
    assert paths.home_id(house.home)
    assert [row["home_id"] for row in house.rows("SELECT home_id FROM homes")] == [paths.home_id(house.home)]


def test_a_home_that_was_copied_or_moved_is_whole(make_house: MakeHouse, tmp_path: Path) -> None:
    house = make_house(Script())
    house.daily()
    copied = house.copied(tmp_path / "elsewhere")
    assert copied.check_exits().halts == ()
    assert marker(copied) == marker(house)
    assert [row["path"] for row in copied.rows("SELECT path FROM homes")] == [str((tmp_path / "elsewhere").resolve())]


def test_homes_may_share_a_ledger_that_lies_outside_them(tmp_path: Path) -> None:
    first, second = (configuration(GlobalOptions(home=tmp_path / name)).settings for name in ("first", "second"))
    with closing(open_database(tmp_path / "shared.db", create=True)) as database:
        for settings in (replace(each, database_url=database.location) for each in (first, second)):
            assert lost_state(settings, database) is None
            stamp(settings, database)
            assert lost_state(settings, database) is None

        paths.marker_file(second.home).unlink()
        shared = replace(second, database_url=database.location)
        lost = lost_state(shared, database)
        assert lost is not None
        assert str(second.home / "state") in lost.reason
        lost.restore()
        assert lost_state(shared, database) is None

        shutil.copy(paths.marker_file(first.home), paths.marker_file(second.home))
        lost = lost_state(shared, database)
        assert lost is not None
        assert "that of another home" in lost.reason
        lost.restore()
        assert lost_state(shared, database) is None
        assert lost_state(replace(first, database_url=database.location), database) is None


def test_a_home_whose_making_was_cut_off_is_made_by_the_next_run(make_house: MakeHouse) -> None:
    house = make_house(Script())
    forget_homes(house)
    paths.marker_file(house.home).unlink()

    assert house.daily().halts == ()

"""ledger copy: every row goes to the new place, the old one is closed, and a kill leaves one of them whole and open."""

from __future__ import annotations

import os
import random
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from signal import Signals

import pytest

from tests.fakes.postgres import PostgresServer
from tests.long_form import long
from tests.stories.processes.conftest import Machine, ending
from tests.stories.processes.interrupting import CODES, interrupt, started, steps_of
from tradebot.ledger.audit import Head
from tradebot.ledger.database import open_database
from tradebot.ledger.verify import verify_ledger
from tradebot.settings.ledger_location import LedgerLocation
from tradebot.settings.server_url import read_server

_COPY = ("ledger", "copy", "--to", "sqlite:///moved.db", "--yes")
_SEED, _KILLS = 24, 10


def heads_of(ledger: LedgerLocation) -> dict[str, Head]:
    """The chain heads of a ledger that is sound."""
    with closing(open_database(ledger, create=False)) as database:
        assert verify_ledger(database) == ()
        return database.heads()


def test_the_jobs_go_on_at_the_new_place_and_end_with_10_at_the_old_one(traded: Machine) -> None:
    before = heads_of(traded.ledger)
    moved = traded(*_COPY, "--json")
    assert moved.code == 0, moved.err
    new = traded.home / "moved.db"
    assert heads_of(new) == before
    assert {key: tuple(head) for key, head in moved.json["heads"].items()} == before

    closed = heads_of(traded.ledger)
    for command in (("run-daily",), ("status",), ("rebuild", "--yes"), _COPY):
        ended = traded(*command, "--json")
        assert (ended.code, str(new) in ended.json["error"]) == (10, True), command
    assert traded("verify").code == 0
    assert heads_of(traded.ledger) == closed, "nothing was written about an account that lives elsewhere"

    there = {"DATABASE_URL": "sqlite:///moved.db"}
    assert traded("run-daily", "--json", **there).json["status"] == "idle"
    assert traded("reconcile", **there).code == 0
    reopened = traded("ledger", "copy", "--reopen", "--yes", "--json")
    assert (reopened.code, "is not the one that this home wrote last" in reopened.json["error"]) == (10, True)
    assert traded("ledger", "copy", "--to", "sqlite:///back.db", "--yes", **there).code == 0
    back = {"DATABASE_URL": "sqlite:///back.db"}
    assert traded("verify", **back).code == 0
    assert traded("run-daily", "--json", **back).json["status"] == "idle"


def test_reopen_undoes_it(traded: Machine) -> None:
    assert traded("ledger", "copy", "--reopen", "--yes").code == 10, "it is open"
    assert traded(*_COPY).code == 0
    reopened = traded("ledger", "copy", "--reopen", "--yes", "--json")
    assert (reopened.code, reopened.json["reopened"]) == (0, True), reopened.err
    assert traded("run-daily", "--json").json["status"] == "idle"
    assert traded("verify").code == 0
    refused = traded(*_COPY, "--json")
    assert (refused.code, "another ledger" in refused.json["error"]) == (10, True), "the copy there is outdated"
    with closing(sqlite3.connect(traded.ledger)) as ledger:
        places = [place for (place,) in ledger.execute("SELECT place FROM moves ORDER BY seq")]
    assert places == [str(traded.home / "moved.db"), ""]


@pytest.mark.parametrize("given", [(), ("--to", "sqlite:///x.db", "--reopen"), ("--to", "mysql://x")])
def test_a_command_line_that_names_no_place_is_refused(traded: Machine, given: tuple[str, ...]) -> None:
    assert traded("ledger", "copy", "--yes", *given).code == 2


@pytest.mark.parametrize("given", ["postgresql://me:word@localhost/x", "postgresql://me@localhost/x?password=word"])
def test_a_password_on_the_command_line_is_refused_and_not_shown(traded: Machine, given: str) -> None:
    refused = traded("ledger", "copy", "--yes", "--to", given)
    assert (refused.code, "PGPASSFILE" in refused.err, "word@" in refused.err) == (2, True, False)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL")
@pytest.mark.parametrize("kills", [3, long(_KILLS)])
def test_a_kill_leaves_the_source_open_and_nothing_or_the_whole_copy(
    traded: Machine, tmp_path: Path, kills: int
) -> None:
    whole = copied(traded, tmp_path / "whole")
    assert ending(started(whole, _COPY)).code == 0
    heads, moments = heads_of(traded.ledger), range(1, len(steps_of(whole)) + 1)
    left = []
    for number, moment in enumerate(sorted(random.Random(_SEED).sample(moments, kills))):
        machine = copied(traded, tmp_path / f"kill{number}")
        if interrupt(machine, _COPY, moment, Signals.SIGKILL) != CODES[Signals.SIGKILL]:
            continue  # fewer steps than the whole one
        there = machine.home / "moved.db"
        left.append(there.exists())
        assert not there.exists() or heads_of(there) == heads, f"seed {_SEED}, killed at {moment}"
        if heads_of(machine.ledger) == heads:  # else it was killed after the last step that counts
            assert machine("run-daily", "--json").json["status"] == "idle"
            there.unlink(missing_ok=True)  # as the message about an outdated copy says
            assert machine(*_COPY).code == 0
        assert machine("run-daily").code == 10
    assert len(left) > kills // 2


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL")
@pytest.mark.parametrize("kills", [3, long(_KILLS)])
def test_a_kill_on_the_way_to_a_server_leaves_the_file_open_and_nothing_or_the_whole_copy(
    traded: Machine, postgres: PostgresServer, tmp_path: Path, kills: int
) -> None:
    def to() -> str:
        return postgres.url(postgres.database())

    whole, heads = copied(traded, tmp_path / "whole"), heads_of(traded.ledger)
    assert ending(started(whole, _to(to()))).code == 0
    moments = range(1, len(steps_of(whole)) + 1)
    for number, moment in enumerate(sorted(random.Random(_SEED).sample(moments, kills))):
        machine, there = copied(traded, tmp_path / f"kill{number}"), to()
        killed = interrupt(machine, _to(there), moment, Signals.SIGKILL) == CODES[Signals.SIGKILL]
        found = heads_on(there)
        assert found in ({}, heads), f"seed {_SEED}, killed at {moment}"
        if killed and heads_of(machine.ledger) == heads:
            assert machine("run-daily", "--json").json["status"] == "idle"
            there = there if not found else to()  # the source has gone on, so that copy is outdated
            assert machine(*_to(there)).code == 0
        assert machine("run-daily").code == 10
        assert machine("verify", DATABASE_URL=there).code == 0


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL")
@pytest.mark.parametrize("kills", [3, long(_KILLS)])
def test_a_kill_on_the_way_from_a_server_leaves_the_server_open_and_nothing_or_the_whole_file(
    machine: Machine, postgres: PostgresServer, tmp_path: Path, kills: int
) -> None:
    name = postgres.database()
    assert machine("run-daily", DATABASE_URL=postgres.url(name)).code == 0
    heads, kept = heads_on(postgres.url(name)), tmp_path / "kept"
    shutil.copytree(machine.home, kept)

    def anew() -> str:
        """The same home at the same place, with the same ledger: a copy elsewhere is another home."""
        shutil.rmtree(machine.home)
        shutil.copytree(kept, machine.home)
        return postgres.url(postgres.database(template=name))

    assert ending(started(machine, _COPY, DATABASE_URL=anew())).code == 0
    moments = range(1, len(steps_of(machine)) + 1)
    for moment in sorted(random.Random(_SEED).sample(moments, kills)):
        source, there = anew(), machine.home / "moved.db"
        killed = interrupt(machine, _COPY, moment, Signals.SIGKILL, DATABASE_URL=source) == CODES[Signals.SIGKILL]
        assert not there.exists() or heads_of(there) == heads, f"seed {_SEED}, killed at {moment}"
        if killed and heads_on(source) == heads:
            assert machine("run-daily", "--json", DATABASE_URL=source).json["status"] == "idle"
            there.unlink(missing_ok=True)  # as the message about an outdated copy says
            assert machine(*_COPY, DATABASE_URL=source).code == 0
        assert machine("run-daily", DATABASE_URL=source).code == 10
        assert machine("verify", DATABASE_URL="sqlite:///moved.db").code == 0


def _to(place: str) -> tuple[str, ...]:
    return ("ledger", "copy", "--to", place, "--yes")


def heads_on(url: str) -> dict[str, Head]:
    """The chain heads of the ledger in a database that is empty or holds a sound one."""
    with closing(open_database(read_server(url), create=True)) as database:
        assert verify_ledger(database) == ()
        return database.heads()


def copied(machine: Machine, folder: Path) -> Machine:
    folder.mkdir()
    copy = Machine(folder)
    shutil.copytree(machine.home, copy.home)
    return copy

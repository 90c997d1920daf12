"""Paths that a person gives: none of them costs a file of the home, or of another program."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.fakes.cli import tradebot

RENAMED = ("trading_robot.db", ".env", "state/HALT", "state/paper_exchange.db", "logs/trading_robot.log")


@pytest.fixture
def home(tmp_path: Path, made_home: Path) -> Path:
    """A home with every file that a person might name by mistake."""
    shutil.copytree(made_home, tmp_path / "home")
    (tmp_path / "home" / ".env").write_text("LOG_LEVEL=INFO\n")
    return tmp_path / "home"


def run(home: Path, *arguments: str | Path, **environ: str) -> tuple[int, str]:
    ended = tradebot(*arguments, "--home", home, state=home.parent / "user", cwd=home.parent, environ=environ)
    return ended.code, " ".join((ended.out + ended.err).split())


@pytest.mark.parametrize("path", RENAMED)
def test_an_incident_report_never_takes_the_place_of_a_file_of_the_home(path: str, home: Path) -> None:
    run(home, "status")
    before = {each: each.read_bytes() for each in (home / path,) if each.exists()}
    for more in ((), ("--force",)):
        code, said = run(home, "incident", "--out", home / path, *more)
        assert (code, "nothing is written there" in said) == (2, True), said
    assert {each: each.read_bytes() for each in (home / path,) if each.exists()} == before
    assert run(home, "verify")[0] == 0


def test_an_incident_report_replaces_its_own_kind_alone(home: Path) -> None:
    report = home.parent / "incident.md"
    report.write_text("# Groceries\n")
    code, said = run(home, "incident", "--out", report)
    assert (code, report.read_text()) == (2, "# Groceries\n")
    assert "--force" in said
    assert run(home, "incident", "--out", report, "--force")[0] == 0
    assert run(home, "incident", "--out", report)[0] == 0  # the report that it wrote itself
    report.write_text(report.read_text().replace("_To be written._", "The disk was full.", 1))
    written = report.read_text()
    assert (run(home, "incident", "--out", report)[0], report.read_text()) == (2, written)  # what a person wrote stays


def test_tables_of_another_program_stay_and_nothing_is_half_written(home: Path) -> None:
    folder = home.parent / "tables"
    folder.mkdir()
    (folder / "positions.csv").write_text("Account,Fund\n1,2\n")
    code, said = run(home, "report", "--csv", folder)
    assert code == 2, said
    assert [path.name for path in folder.iterdir()] == ["positions.csv"]
    assert run(home, "report", "--csv", folder, "--force")[0] == 0
    assert run(home, "report", "--csv", folder)[0] == 0
    assert len(list(folder.iterdir())) == 10


@pytest.mark.parametrize("command", [("report", "--csv"), ("backup", "--to"), ("schedule", "install", "--dir")])
@pytest.mark.parametrize("path", ["state", "state/stops", "strategies/mine"])
def test_no_folder_of_the_home_is_written_into(command: tuple[str, ...], path: str, home: Path) -> None:
    before = sorted(home.rglob("*"))
    code, said = run(home, *command, home / path)
    assert (code, "nothing is written there" in said) == (2, True), said
    assert [each for each in sorted(home.rglob("*")) if each not in before and "logs" not in each.parts] == []


@pytest.mark.parametrize("path", ["state/lock", "state/HALT", "logs/trading_robot.log", ".env", "STATE/lock"])
def test_a_ledger_is_not_made_on_top_of_another_file_of_the_home(path: str, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    code, said = run(home, "run-daily", DATABASE_URL=f"sqlite:///{path}")
    assert (code, "Name a path that the home does not use" in said) == (3, True), said
    assert not (home / path).exists()


def test_a_database_of_another_program_is_no_ledger_and_stays_as_it_is(tmp_path: Path) -> None:
    for name, make in (
        ("bookmarks.db", "CREATE TABLE bookmarks (url TEXT)"),
        ("versioned.db", "PRAGMA user_version = 3"),
        ("named.db", "PRAGMA application_id = 252006"),
    ):
        path = tmp_path / name
        with closing(sqlite3.connect(path)) as other:
            other.execute(make)
        before = path.read_bytes()
        code, said = run(tmp_path / "home", "init-db", DATABASE_URL=f"sqlite:///{path}")
        assert (code, "another program" in said) == (10, True), said
        assert path.read_bytes() == before
    (tmp_path / "letter.txt").write_text("Dear Sir,\n" * 200)
    code, said = run(tmp_path / "home", "init-db", DATABASE_URL=f"sqlite:///{tmp_path / 'letter.txt'}")
    assert (code, "is not a database" in said) == (10, True), said
    assert (tmp_path / "letter.txt").read_text() == "Dear Sir,\n" * 200


def test_a_variable_that_nobody_replaces_is_refused_on_the_command_line_too(home: Path) -> None:
    for command in (("incident", "--out"), ("report", "--csv"), ("backup", "--to"), ("restore",)):
        code, said = run(home, *command, "$HOME/place")
        assert (code, "nothing here replaces variables" in said) == (2, True), said
    assert not (home.parent / "$HOME").exists()

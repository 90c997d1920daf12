"""Commands for every home and every account at once."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from decimal import Decimal
from pathlib import Path

import pytest

from tests.commands.conftest import Run
from tests.fakes.cli import tradebot
from tests.fakes.homes import account_id
from tradebot.home import paths

SECRET = "PKNOBODYELSEGETSIT"


def _make(folder: Path) -> None:
    """Two homes that traded in one ledger, and one with a ledger of its own."""
    for name in ("first", "second"):
        (folder / name).mkdir()
        (folder / name / ".env").write_text(f"DATABASE_URL=sqlite:///{folder}/shared.db\n")
    for line in (
        ("init-db", "--home", "first"),
        ("init-db", "--join", "--home", "second"),
        ("run-daily", "--home", "first"),
        ("run-daily", "--home", "second"),
        ("init-db", "--home", "alone"),
    ):
        ended = tradebot(*line, state=folder / "state", cwd=folder)
        assert ended.code == 0, ended.err


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("three-homes")
    _make(folder)
    return folder


@pytest.fixture
def folder(made: Path, tmp_path: Path) -> Iterator[Path]:
    """The folder with the homes, put back as it was afterwards: their ledger knows where they lie."""
    shutil.copytree(made, tmp_path / "before")
    yield made
    shutil.rmtree(made)
    shutil.copytree(tmp_path / "before", made)


@pytest.fixture
def everywhere(folder: Path) -> Run:
    """Runs ``tradebot`` from a folder that is no home, for the user of the homes."""

    def run(*arguments: str, **environ: str) -> object:
        (folder / "here").mkdir(exist_ok=True)
        return tradebot(*arguments, state=folder / "state", cwd=folder / "here", environ=environ)

    return run  # type: ignore[return-value]


def test_what_is_known_of_every_account_is_listed_and_added_up(folder: Path, everywhere: Run) -> None:
    found = everywhere("accounts", "--json")
    assert (found.code, found.json["missing"]) == (0, [])
    listed = {line["account"]: line for line in found.json["accounts"]}
    assert set(listed) == {account_id(folder / name) for name in ("first", "second", "alone")}
    first = listed[account_id(folder / "first")]
    assert (first["homes"], first["ledger"]) == ([f"{folder}/first on {paths.host_name()}"], f"{folder}/shared.db")
    assert (first["last_job"], first["last_status"], first["level"]) == ("run-daily", "ran", "running")
    (total,) = found.json["totals_by_mode"]
    assert (total["mode"], total["account_count"]) == ("paper", 3)
    assert Decimal(total["equity"]) == sum(Decimal(line["equity"]) for line in listed.values() if line["equity"])
    microsoft = next(line for line in found.json["exposure"] if line["symbol"] == "MSFT")
    assert (microsoft["account_count"], microsoft["quantity"]) == (2, "174")
    for command in ("status", "positions", "report"):
        page = everywhere(command, "--all")
        assert page.code == 0
        assert "Exposure by symbol" in page.out
        assert "no broker was asked" in page.out


def test_every_home_is_halted_and_stopped_by_a_process_of_its_own(folder: Path, everywhere: Run) -> None:
    halted = everywhere("halt", "--all", "--reason", "a test", "--json")
    assert (halted.code, len(halted.json["homes"])) == (0, 3)
    for name in ("first", "second", "alone"):
        assert "a test" in paths.latch_file(folder / name).read_text()
    with (folder / "first" / ".env").open("a") as settings:
        settings.write("EMERGENCY_CLOSE_POSITIONS=true\n")
    stopped = everywhere("emergency-stop", "--all", "--keep-positions", "--json")
    assert {(Path(end["home"]).name, end["exit_code"]) for end in stopped.json["homes"]} == {
        ("first", 0), ("second", 0), ("alone", 0),
    }  # fmt: skip
    assert {line["level"] for line in everywhere("accounts", "--json").json["accounts"]} == {"halted"}
    with closing(sqlite3.connect(paths.exchange_file(folder / "first"))) as exchange:
        assert exchange.execute("SELECT count(*) FROM positions").fetchone()[0], "the option reaches every home"


def test_a_home_that_is_missing_or_on_another_machine_is_told_with_9(folder: Path, everywhere: Run) -> None:
    shutil.rmtree(folder / "alone")
    with closing(sqlite3.connect(folder / "shared.db", isolation_level=None)) as ledger:
        ledger.execute("UPDATE homes SET host = 'server', path = '/srv/bot' WHERE path LIKE '%second'")
    shutil.rmtree(folder / "second")
    (folder / "state" / "homes.json").write_text("{")
    halted = everywhere("halt", "--all", "--reason", "a test", "--home", str(folder / "first"), "--json")
    assert halted.code == halted.json["exit_code"] == 9
    told = {end["home"]: (end["exit_code"], end["headline"]) for end in halted.json["homes"]}
    assert told[f"{folder}/first"][0] == 0
    assert told["/srv/bot"][0] == 9
    assert "server" in told["/srv/bot"][1]
    assert "damaged" in halted.json["unknown"][0]
    looked = everywhere("accounts", "--home", str(folder / "first"), "--json")
    assert looked.code == 9
    assert len(looked.json["accounts"]) == 2, "the account of the server is in the ledger"
    (folder / "state" / "homes.json").unlink()
    for damaged in (folder / "state").glob("homes.json.*"):
        damaged.unlink()
    lost = everywhere("accounts", "--home", str(folder / "first"), "--json")
    assert lost.code == 9
    assert "does not know" in lost.json["missing"][0]


def test_no_home_at_all_is_not_nothing_to_stop(run: Run) -> None:
    assert run("emergency-stop", "--all").code == 9
    assert run("status", "--all").code == 9


def test_a_home_whose_ledger_only_the_environment_names_is_reached_in_the_ledger_that_knows_it(
    folder: Path, everywhere: Run
) -> None:
    for name in ("first", "second"):
        (folder / name / ".env").unlink()
    environ = {"DATABASE_URL": f"sqlite:///{folder}/shared.db", "TRADEBOT_HOME": str(folder / "first")}
    found = everywhere("accounts", "--json", **environ)
    assert (found.code, found.json["missing"], len(found.json["accounts"])) == (0, [], 3)
    elsewhere = everywhere("accounts", "--json", TRADEBOT_HOME=str(folder / "alone"))
    assert elsewhere.code == 9 and "set DATABASE_URL here too" in str(elsewhere.json["missing"])


def test_the_other_homes_whose_accounts_are_closed_are_named_before_the_question(folder: Path, everywhere: Run) -> None:
    asked = everywhere("ledger", "copy", "--to", "sqlite:///moved.db", "--home", str(folder / "first"))
    assert asked.code == 2
    told = f"is traded by {folder}/second on {paths.host_name()} too, and is closed there"
    assert told in asked.err and account_id(folder / "second") in asked.err


def test_the_keys_of_a_home_reach_no_other(folder: Path, everywhere: Run) -> None:
    """The second home's settings would be invalid with what the first one has in its environment."""
    environ = {"MAX_POSITIONS": "none", "ALPACA_SECRET_KEY": SECRET, "TRADEBOT_HOME": str(folder / "first")}
    halted = everywhere("halt", "--all", "--reason", "a test", "--json", **environ)
    told = {Path(end["home"]).name: end for end in halted.json["homes"]}
    assert told["second"]["exit_code"] == told["alone"]["exit_code"] == 0
    assert SECRET not in halted.out + halted.err


@pytest.mark.parametrize(
    "line",
    [
        ("halt", "--all", "--symbol", "AAPL", "--reason", "x"), ("emergency-stop", "--all", "--account", "X"),
        ("emergency-stop", "--all", "--drill"), ("emergency-stop", "--keep-positions", "--close-positions"),
        ("emergency-stop", "--keep-positions", "--drill"), ("positions", "--all", "--symbol", "AAPL"),
        ("report", "--all", "--period", "month"), ("init-db", "--account", "X"),
        ("accounts", "--forget-home", "x"), ("accounts", "--reason", "x"),
    ],
)  # fmt: skip
def test_what_does_not_go_together_is_refused(line: tuple[str, ...], run: Run) -> None:
    assert run(*line).code == 2

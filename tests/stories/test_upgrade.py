"""A home that an older version left in the middle of things goes on under this one, and nothing of it is lost.

``tests/fixtures/home_before.tar.gz`` was made by the version before its modules were renamed (commit 7eb6627), with its
own commands on a clock that stood at 2026-01-05T15:00Z when they began, so that it lies in the past of any machine:

    tradebot init-db --home home
    # home/.env is that version's env.example, every setting in it, with ALERT_URLS=json://127.0.0.1:9/alerts, where
    # nobody listens
    tradebot replay --home home --sessions 24
    tradebot paper next --home home
    tradebot preflight --home home
    tradebot run-daily --home home
    tradebot halt --home home --reason "looking into the fills of the week"
    tradebot check-exits --home home                  # its alert waits in the ledger's outbox
    # submitted to the exchange past the commands, under an id of the bot's: an entry that rests there,
    # buy 5 IBM, limit 20, stop 10, good till cancelled
    tradebot emergency-stop --home home --reason "power cut expected"     # its alert waits in the spool

It holds four positions with their stops, two halts of which the ledger knows one, a journal of a stop that no job has
taken in, and two alerts that nobody has got. The empty lock files were left out, and the rest packed as it was.
"""

from __future__ import annotations

import json
import os
import sqlite3
import tarfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from tests.fakes.cli import start

ROOT = Path(__file__).parents[2]
FIXTURE = ROOT / "tests" / "fixtures" / "home_before.tar.gz"

HELD = {"AAPL": "31", "GOOG": "20", "IBM": "108", "MSFT": "345"}
STOPS = {("AAPL", "31", "71.03"), ("GOOG", "20", "482.1"), ("IBM", "108", "91.58"), ("MSFT", "345", "28.68")}
REASONS = ["looking into the fills of the week", "power cut expected"]
WAITING = {"check-exits ended with 4 (halted)", "emergency stop"}
STOPPED = {"began", "cancelled", "left open with its stop", "ended with 0"}
CONFIG = 3


@dataclass(frozen=True)
class OldHome:
    """The home of the version before, on a machine of its own."""

    home: Path
    user: Path

    def run(self, *arguments: str, code: int = 0, alerts: str = "") -> str:
        """Run a command of today to the end that is expected of it, and give what it printed."""
        environ = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT", "TMPDIR") if name in os.environ}
        environ |= {"HOME": str(self.user), "TRADEBOT_STATE_DIR": str(self.user / "state"), "PYTHONPATH": str(ROOT)}
        environ |= {"ALERT_URLS": alerts} if alerts else {}
        process = start("tradebot", *arguments, "--home", self.home, cwd=self.user, env=environ)
        out, err = process.communicate(timeout=240)
        said = out + err
        assert process.returncode != CONFIG, f"the old .env is refused: {said}"
        assert process.returncode == code, said
        assert "Traceback" not in said
        return out

    def json(self, *arguments: str, code: int = 0, alerts: str = "") -> Any:
        return json.loads(self.run(*arguments, "--json", code=code, alerts=alerts))

    def rows(self, file: str, sql: str) -> list[tuple[Any, ...]]:
        """What a database of the home holds."""
        with closing(sqlite3.connect(self.home / file)) as database:
            return database.execute(sql).fetchall()

    @property
    def held(self) -> dict[str, str]:
        """What the account holds at the exchange."""
        return dict(self.rows("state/paper_exchange.db", "SELECT symbol, quantity FROM positions"))

    @property
    def stops(self) -> set[tuple[str, str, str]]:
        """The stops that rest at the exchange: symbol, shares and price."""
        found = "SELECT symbol, quantity, stop_price FROM orders WHERE live = 1 AND role = 'stop' AND side = 'sell'"
        return set(self.rows("state/paper_exchange.db", found))

    @property
    def journals(self) -> list[Path]:
        """The journals of emergency stops that no job has taken in."""
        return sorted((self.home / "state" / "stops").glob("*.journal"))

    @property
    def recorded(self) -> set[str]:
        """What the ledger knows that emergency stops did."""
        found = self.rows("trading_robot.db", "SELECT detail FROM audit WHERE kind = 'emergency_stop' ORDER BY seq")
        return {json.loads(detail)["did"] for (detail,) in found}

    def alerts(self) -> dict[str, str]:
        """How far each alert has come, by its title; of those with one title, the first."""
        listed = self.json("alerts", "list")["alerts"]
        return {each["alert"]["title"]: each["state"] for each in reversed(listed)}


@pytest.fixture
def old(tmp_path: Path) -> OldHome:
    user = tmp_path / "user"
    user.mkdir()
    with tarfile.open(FIXTURE) as packed:
        packed.extractall(tmp_path, filter="data")
    return OldHome(tmp_path / "home", user)


@contextmanager
def listening() -> Iterator[tuple[str, list[str]]]:
    """An address that takes alerts, and the titles of those that it took."""
    titles: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            titles.append(json.loads(body)["title"])
            self.send_response(200)
            self.end_headers()

        def log_message(self, *words: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield f"json://127.0.0.1:{server.server_address[1]}/alerts", titles
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def reasons_of(halts: list[dict[str, Any]]) -> list[str]:
    """Why it is halted, each reason once, oldest first."""
    return list(dict.fromkeys(halt["reason"] for halt in halts))


def test_what_the_old_version_left_is_read_in_full(old: OldHome) -> None:
    settings = (old.home / ".env").read_text(encoding="utf-8")
    assert "\nALLOW_SHORT=false\n" in settings, "a setting that only the old version reads"
    old.run("config", "check")

    status = old.json("status")
    assert (status["level"], reasons_of(status["halts"])) == ("halted", REASONS)
    assert {each["symbol"]: each["quantity"] for each in status["positions"]} == HELD
    assert {(each["symbol"], each["quantity"], each["stop"]) for each in status["positions"]} == STOPS
    assert all(each["protected"] for each in status["positions"])

    verified = old.json("verify")
    assert verified["findings"] == []
    assert verified["not_covered"] == {"runs": len(old.rows("trading_robot.db", "SELECT * FROM runs")), "halts": 1}
    assert old.alerts() == dict.fromkeys(WAITING, "waiting")
    assert "momentum_rotation" in old.run("explain", "AAPL")
    old.run("incident")
    assert (old.held, old.stops, len(old.journals)) == (HELD, STOPS, 1), "who only looks, moves nothing"


def test_the_work_goes_on_where_the_old_version_stopped(old: OldHome) -> None:
    assert old.recorded.isdisjoint(STOPPED)
    with listening() as (alerts, titles):
        checked = old.json("check-exits", code=4, alerts=alerts)
        assert reasons_of(checked["halts"]) == REASONS
        assert (old.journals, old.recorded >= STOPPED) == ([], True), "the stop is in the ledger"
        assert {title.partition(": ")[2] for title in titles} >= {"emergency stop"}, titles
        assert {title: old.alerts()[title] for title in WAITING} == dict.fromkeys(WAITING, "delivered")

        reconciled = old.json("reconcile", code=4, alerts=alerts)
        assert (reconciled["exit_codes"], reconciled["breaks"]) == ([4], [])
        report = old.json("report", "--period", "all", alerts=alerts)
        assert report["totals"]["trades"] == len(old.rows("trading_robot.db", "SELECT * FROM trades")) > 0
        assert (old.held, old.stops) == (HELD, STOPS), "nothing was sold, and every stop rests as it did"

        assert reasons_of(old.json("status")["halts"]) == REASONS, "halted until someone resumes"
        old.run("resume", "--reason", "the new version is in place", "--yes", alerts=alerts)
        status = old.json("status")
        assert (status["level"], status["halts"]) == ("running", [])
        assert not (old.home / "state" / "HALT").exists()

        old.run("paper", "next", alerts=alerts)
        traded = old.json("run-daily", alerts=alerts)
        assert (traded["session"], traded["breaks"], traded["unprotected"]) == ("2006-12-08", [], "0")
        assert old.rows("trading_robot.db", "SELECT opening FROM accounts") == [("none",)]
        assert old.rows("trading_robot.db", "SELECT * FROM openings") == [], "its positions stay the strategies' own"
        assert old.json("verify")["findings"] == []
        sessions = {session for (session,) in old.rows("trading_robot.db", "SELECT session FROM limits_used")}
        assert "2006-12-08" in sessions
        assert min(sessions) >= "2006-12-07", "what the old version did not store is not invented"
        priced = "SELECT session FROM orders WHERE sent_price IS NOT NULL AND session < '2006-12-07'"
        assert old.rows("trading_robot.db", priced) == []


def test_what_the_old_version_opened_is_closed(old: OldHome) -> None:
    with listening() as (alerts, _):
        old.run("check-exits", code=4, alerts=alerts)
        old.run("resume", "--reason", "the new version is in place", "--yes", alerts=alerts)
        old.run("emergency-stop", "--close-positions", alerts=alerts)
        assert (old.held, old.stops) == ({}, set())
        assert old.json("reconcile", code=4, alerts=alerts)["breaks"] == []
        assert old.json("status")["positions"] == []
        assert old.json("verify")["findings"] == []

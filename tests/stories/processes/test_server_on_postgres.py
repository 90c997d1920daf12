"""The web server where the ledger is on a PostgreSQL server: it shows, and stops without it."""

from __future__ import annotations

import time
from pathlib import Path

from tests.fakes.postgres import PostgresServer
from tests.stories.processes.conftest import PATIENCE, Machine
from tests.web.conftest import Served, serving
from tradebot.errors import ExitCode


def wait_for(server: Served, cookie: str, word: str) -> None:
    """Load the page until it has a word: it waits for no ledger longer than a moment."""
    deadline = time.monotonic() + PATIENCE
    while word not in (page := server.get("/", Cookie=cookie)).body:
        assert page.status == 200
        assert time.monotonic() < deadline, page.body
        time.sleep(0.1)


def test_it_shows_a_shared_ledger_and_stops_without_it(tmp_path: Path, postgres: PostgresServer) -> None:
    machine = Machine(tmp_path)
    machine.env(f"DATABASE_URL={postgres.url(postgres.database())}", "PAPER_START=2007-11-01")
    assert machine("init-db").code == 0
    with serving(machine.home) as (server, _):
        token = server.token("act")
        cookie = server.log_in(token)
        status = server.get("/api/status", token).json
        assert (status["level"], server.get("/api/positions", token).json["positions"]) == ("running", [])
        for path in ("orders?limit=5", "orders?open=true", "orders?symbol=AAPL&to=2007-12-01", "fills?strategy=no_one"):
            assert server.get(f"/api/{path}", token).json[path.partition("?")[0]] == [], path
        assert 'tradebot_trades_total{home="home"} 0.0' in server.get("/metrics", token).body
        wait_for(server, cookie, "RUNNING")
        postgres.stop()
        try:
            deadline = time.monotonic() + PATIENCE
            while server.get("/api/status", token).json["headline"] != "HALTED (unreadable)":
                assert time.monotonic() < deadline, "equal reads within a second are one, and no more"
                time.sleep(0.1)
            assert server.get("/api/fills", token).status == 503
            wait_for(server, cookie, "HALTED (unreadable)")
            stopped = server.send("POST", "/api/stop_trading?wait=60", token=token)
            assert (stopped.status, stopped.json["exit_code"]) == (409, ExitCode.INCOMPLETE), stopped.body
            assert "other hosts may go on" in stopped.json["detail"]
            assert stopped.json["outcome"]["timings"]["reached"], "the broker was asked all the same"
        finally:
            postgres.start()
        deadline = time.monotonic() + PATIENCE
        while (status := server.get("/api/status", token).json)["headline"] == "HALTED (unreadable)":
            assert time.monotonic() < deadline, status
            time.sleep(0.1)
        assert status["level"] == "halted"
        again = server.send("POST", "/api/stop_trading?wait=60", token=token)
        assert (again.status, again.json["exit_code"]) == (200, ExitCode.OK), again.body

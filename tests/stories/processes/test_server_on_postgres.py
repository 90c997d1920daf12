"""The web server where the ledger is on a PostgreSQL server: it shows, and stops without it."""

from __future__ import annotations

import time
from pathlib import Path

from tests.fakes.postgres import PostgresServer
from tests.stories.processes.conftest import PATIENCE, Machine
from tests.web.conftest import serving
from tradebot.errors import ExitCode


def test_it_shows_a_shared_ledger_and_stops_without_it(tmp_path: Path, postgres: PostgresServer) -> None:
    machine = Machine(tmp_path)
    machine.env(f"DATABASE_URL={postgres.url(postgres.database())}", "PAPER_START=2007-11-01")
    assert machine("init-db").code == 0
    with serving(machine.home) as (server, _):
        token = server.token("act")
        cookie = server.log_in(token)
        status = server.get("/api/status", token).json
        assert (status["level"], server.get("/api/positions", token).json["positions"]) == ("running", [])
        page = server.get("/", Cookie=cookie)
        assert (page.status, "RUNNING" in page.body) == (200, True)
        postgres.stop()
        try:
            deadline = time.monotonic() + PATIENCE
            while server.get("/api/status", token).json["headline"] != "HALTED (unreadable)":
                assert time.monotonic() < deadline, "equal reads within a second are one, and no more"
                time.sleep(0.1)
            assert server.get("/api/fills", token).status == 503
            page = server.get("/", Cookie=cookie)
            assert (page.status, "HALTED (unreadable)" in page.body) == (200, True)
            stopped = server.send("POST", "/api/stop_trading?wait=60", token=token)
            assert (stopped.status, stopped.json["exit_code"]) == (409, ExitCode.INCOMPLETE), stopped.body
            assert "other hosts may go on" in stopped.json["detail"]
            assert stopped.json["outcome"]["timings"]["reached"], "the broker was asked all the same"
        finally:
            postgres.start()
        status = server.get("/api/status", token).json
        assert status["level"] == "halted"
        assert status["headline"] != "HALTED (unreadable)"
        again = server.send("POST", "/api/stop_trading?wait=60", token=token)
        assert (again.status, again.json["exit_code"]) == (200, ExitCode.OK), again.body

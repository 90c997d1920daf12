"""The newest chain head goes out with each alert and heartbeat, so that a copy lies where the home's owner is not."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing

from tests.fakes.monitor import Monitor
from tests.fakes.receivers import http_server
from tests.stories.processes.conftest import Machine

_HEAD = re.compile(r"ledger head (\d+:[0-9a-f]{64})")


def cut_back(machine: Machine, files: dict[str, bytes]) -> None:
    """Put the ledger and its heads back as they were: the newest rows are cut off, and the heads trimmed with them."""
    for name, content in files.items():
        (machine.home / name).write_bytes(content)


def contents(machine: Machine) -> dict[str, bytes]:
    with closing(sqlite3.connect(machine.ledger)) as ledger:
        ledger.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    names = ("trading_robot.db", "state/ledger_heads")
    return {name: (machine.home / name).read_bytes() for name in names}


def test_an_alert_tells_the_head_that_a_cut_ledger_lacks(traded: Machine) -> None:
    before = contents(traded)
    with http_server() as http:
        assert traded("halt", "--reason", "a look").code == 0
        assert traded("check-exits", ALERT_URLS=f"json://127.0.0.1:{http.port}/").code == 4
    message = http.posts[-1]["message"]
    found = _HEAD.search(message)
    assert found, message
    assert "account paper:paper:PAPER-" in message
    assert traded("verify", "--head", found[1]).code == 0

    cut_back(traded, before)
    assert traded("verify").code == 0, "nothing in the home tells"
    assert traded("verify", "--head", found[1]).code == 10


def test_a_stop_without_the_ledger_tells_the_newest_head_that_was_stored(traded: Machine) -> None:
    stored = (traded.home / "state" / "ledger_heads").read_text().split()[-3:-1]
    traded.ledger.write_bytes(b"not a database" * 1000)
    with http_server() as http:
        traded("emergency-stop", ALERT_URLS=f"json://127.0.0.1:{http.port}/")
    assert f"ledger head {':'.join(stored)}" in http.posts[0]["message"]


def test_a_heartbeat_tells_the_account_and_the_head(traded: Machine) -> None:
    with Monitor() as monitor:
        assert traded("check-exits", HEARTBEAT_URL=f"{monitor.url}/{{job}}").code == 0
    body = monitor.pings[-1][2]
    found = _HEAD.search(body)
    assert found, body
    assert "account paper:paper:PAPER-" in body
    assert traded("verify", "--head", found[1]).code == 0

"""``/metrics`` of a server that runs."""

from __future__ import annotations

import time
from collections.abc import Mapping

from prometheus_client.parser import text_string_to_metric_families

from tests.web.conftest import Served


def test_prometheus_scrapes_with_a_token_to_read_and_with_no_other(server: Served, tokens: Mapping[str, str]) -> None:
    assert server.get("/metrics").status == 401
    assert server.get("/metrics", tokens["stop"]).status == 403
    assert server.get("/metrics?home=nowhere", tokens["read"]).status == 404
    got = server.get("/metrics", tokens["read"])
    assert got.status == 200
    assert (got.headers["content-type"] or "").startswith("text/plain")
    told = {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(got.body)
        for sample in family.samples
    }
    assert told["tradebot_database_up", "home"] == told["tradebot_broker_up", "home"] == 1
    assert told["tradebot_trading_level", "home", "running"] == 1
    assert told["tradebot_server_resident_memory_bytes",] > 1e7
    assert told["tradebot_server_start_timestamp_seconds",] < told["tradebot_collected_timestamp_seconds", "home"]


def test_a_ledger_that_is_gone_is_told(server: Served, tokens: Mapping[str, str]) -> None:
    ledger = server.home / "trading_robot.db"
    ledger.rename(ledger.with_name("away"))
    try:
        time.sleep(1)  # for which a read is shared
        got = server.get("/metrics?home=home", tokens["read"])
    finally:
        ledger.with_name("away").rename(ledger)
    assert got.status == 200
    assert 'tradebot_database_up{home="home"} 0.0' in got.body
    assert 'tradebot_trading_level{home="home",level="halted"} 1.0' in got.body

"""Pings, received by a real server on this machine."""

from __future__ import annotations

import logging
import socket
import threading
from collections.abc import Iterator
from contextlib import closing

import pytest

from tests.fakes.monitor import Monitor
from tests.fakes.receivers import silent_server
from tradebot.alerts import heartbeat
from tradebot.alerts.heartbeat import Heartbeat, ping_url

SECRET = "5f0c2f7e-secret"


@pytest.fixture
def monitor() -> Iterator[Monitor]:
    with Monitor() as listening:
        yield listening


@pytest.mark.parametrize(
    ("url", "ending", "expected"),
    [
        ("https://hc.example/abc", "start", "https://hc.example/abc/start"),
        ("https://hc.example/abc/", "4", "https://hc.example/abc/4"),
        ("https://hc.example/abc", "", "https://hc.example/abc"),
        ("https://hc.example/key/{job}?create=1", "start", "https://hc.example/key/run-daily/start?create=1"),
    ],
)
def test_addresses_are_those_of_healthchecks(url: str, ending: str, expected: str) -> None:
    assert ping_url(url, "run-daily", ending) == expected


@pytest.mark.parametrize(("code", "ending"), [(0, ""), (6, "/6"), (143, "/143")])
def test_a_job_that_starts_and_ends_is_heard_of_in_this_order(monitor: Monitor, code: int, ending: str) -> None:
    beating = Heartbeat(f"{monitor.url}/ping/{{job}}", "run-daily")
    beating.start()
    beating.end(code, "said in a line")
    assert monitor.pings == [
        ("POST", "/ping/run-daily/start", "run-daily started"),
        ("POST", f"/ping/run-daily{ending}", "said in a line"),
    ]


def test_a_proxy_is_not_asked_for_a_monitor_on_this_machine(monitor: Monitor, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    beating = Heartbeat(f"{monitor.url}/abc", "report")
    beating.start()
    beating.end(0, "done")
    assert [path for _, path, _ in monitor.pings] == ["/abc/start", "/abc"]


@pytest.mark.parametrize("status", [404, 500])
def test_a_monitor_that_refuses_is_a_warning_without_the_address(
    monitor: Monitor, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    monitor.status = status
    beating = Heartbeat(f"{monitor.url}/{SECRET}", "report")
    beating.start()
    beating.end(0, "done")
    assert len(monitor.pings) == 2
    assert [record.levelno for record in caplog.records] == [logging.WARNING] * 2
    assert SECRET not in caplog.text


def test_a_monitor_that_is_not_there_is_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    beating = Heartbeat(f"http://127.0.0.1:{port}/{SECRET}", "report")
    beating.start()
    beating.end(0, "done")
    assert "the heartbeat of report could not be sent" in caplog.text
    assert SECRET not in caplog.text


def test_the_end_of_a_job_waits_so_long_for_a_monitor_that_never_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heartbeat, "END_TIMEOUT", 0.2)
    with silent_server() as silent:
        beating = Heartbeat(f"http://127.0.0.1:{silent.port}/abc", "report")
        beating.start()
        beating.end(0, "done")
        assert "heartbeat" in {thread.name for thread in threading.enumerate()}, "its pings still wait for an answer"


def test_a_ping_that_is_not_answered_in_time_is_a_warning(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(heartbeat, "PING_TIMEOUT", 0.2)
    with silent_server() as silent:
        beating = Heartbeat(f"http://127.0.0.1:{silent.port}/abc", "slow-job")
        beating.start()
        beating.end(0, "done")
    # the threads of other tests may still log: their servers have gone
    own = [message for message in caplog.messages if "slow-job" in message]
    assert [message.rpartition(":")[0] for message in own] == ["the heartbeat of slow-job could not be sent"] * 2

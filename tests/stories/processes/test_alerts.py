"""Word to the operator from real commands: when a job fails, when it stops, and with secrets all around."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.fakes.receivers import HttpServer, free_port, http_server, mail_server
from tests.stories.processes.conftest import SECRET, Machine

MAIL = {"EMAIL_SMTP_SERVER": "127.0.0.1", "ALERT_EMAIL_RECIPIENTS": "you@example.com"}


@pytest.fixture
def http() -> Iterator[HttpServer]:
    with http_server() as server:
        yield server


def channel(http: HttpServer) -> str:
    return f"json://user:{SECRET}-password@127.0.0.1:{http.port}/{SECRET}-token"


@pytest.mark.filterwarnings("ignore:Requiring AUTH:UserWarning", "ignore:Session.login_data:DeprecationWarning")
def test_a_stop_is_told_by_mail_and_taken_into_the_ledger_later(traded: Machine, http: HttpServer) -> None:
    with mail_server(login=True) as mail:
        settings = {**MAIL, "EMAIL_SMTP_PORT": str(mail.port), "ALERT_URLS": channel(http), "LOG_LEVEL": "DEBUG"}
        assert traded("emergency-stop", "-vv", **settings).code == 0
        assert [sent.subject for sent in mail.mails] == ["tradebot critical: emergency stop"]
        assert traded("check-exits", "-vv", **settings).code == 4
    listed = traded("alerts", "list", "--json", **settings).json["alerts"]
    stops = [posted for posted in listed if posted["alert"]["title"] == "emergency stop"]
    assert [posted["state"] for posted in stops] == ["delivered"]
    assert http.titles.count("tradebot critical: emergency stop") == 1
    incident = traded("incident").out
    assert "SEV2" in incident
    assert "alert (critical): emergency stop" in incident


def test_a_job_that_fails_says_so_once(traded: Machine, http: HttpServer) -> None:
    traded.ledger.write_bytes(b"not a database" * 1000)
    for _ in range(2):
        assert traded("check-exits", ALERT_URLS=channel(http)).code == 10
    assert http.titles == ["tradebot critical: check-exits ended with 10 (ledger)"]
    assert "is not a database" in http.posts[0]["message"]
    assert "Exit code 10: the ledger is missing, damaged" in http.posts[0]["message"]


def test_an_invalid_configuration_is_told_by_the_lines_that_are_valid(traded: Machine, http: HttpServer) -> None:
    traded.env("MAX_POSITIONS=none", f"ALERT_URLS={channel(http)}")
    assert traded("run-daily").code == 3
    assert http.titles == ["tradebot critical: run-daily ended with 3 (config)"]
    assert "MAX_POSITIONS" in http.posts[0]["message"]


def test_a_command_of_a_person_is_told_to_nobody(traded: Machine, http: HttpServer) -> None:
    traded.env("MAX_POSITIONS=none", f"ALERT_URLS={channel(http)}")
    assert traded("status").code == 3
    assert http.posts == []


def test_an_alert_that_reaches_nobody_makes_a_degraded_job(traded: Machine) -> None:
    assert traded("halt", "--reason", "looking").code == 0
    dead = f"json://127.0.0.1:{free_port()}/{SECRET}"
    ended = traded("check-exits", "--json", ALERT_URLS=dead)
    assert ended.json["exit_codes"] == [4, 11]
    assert "the alert channel json failed" in ended.err


def test_every_channel_is_tried_and_none_shows_its_address(traded: Machine, http: HttpServer) -> None:
    second = f"json://127.0.0.1:{free_port()}/{SECRET}"
    ended = traded("alerts", "test", "--json", ALERT_URLS=channel(http), ALERT_FALLBACK_URLS=second)
    assert (ended.code, http.titles) == (11, ["tradebot info: test"])
    tried = ended.json["channels"]
    assert [(one["channel"], bool(one["trouble"])) for one in tried] == [("json", False), ("json 2", True)]


def test_without_a_channel_there_is_nothing_to_try(traded: Machine) -> None:
    ended = traded("alerts", "test", ALERT_URLS=" ")
    assert ended.code == 3
    assert "ALERT_URLS" in ended.err


def test_a_replay_tells_nobody(made: Machine, http: HttpServer) -> None:
    assert made("replay", "--sessions", "2", ALERT_URLS=channel(http)).code == 0
    assert http.posts == []

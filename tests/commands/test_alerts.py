"""`alerts deliver` says what waits and until when, and sends it at once; a session's report mails its summary."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from email.message import EmailMessage
from pathlib import Path

import pytest

from tests.commands.conftest import Run
from tests.fakes.receivers import http_server, mail_server


def test_what_waits_is_said_and_sent_when_asked(run: Run, home: Path) -> None:
    with http_server() as http:
        (home / ".env").write_text(f"ALERT_URLS=json://127.0.0.1:{http.port}/\n")
        http.answer = 500
        assert run("emergency-stop", "--reason", "a test", "--home", home).code == 0
        failed = run("alerts", "deliver", "--home", home)
        assert failed.code == 11
        waiting = run("alerts", "deliver", "--home", home)
        assert waiting.code == 0
        assert "0 alerts delivered" in waiting.out
        assert "waits until 20" in waiting.out
        assert "`tradebot alerts deliver --now` sends it now" in " ".join(waiting.out.split())
        http.answer = 200
        (told,) = run("alerts", "deliver", "--json", "--home", home).json["waiting"]
        assert told["next_try"] > told["since"]
        assert http.posts == []
        sent = run("alerts", "deliver", "--now", "--json", "--home", home)
        assert (sent.code, sent.json["delivery"]["delivered"], sent.json["waiting"]) == (0, 1, [])
        assert len(http.posts) == 1


@pytest.mark.parametrize("first", ["--scheduled", "--json"], ids=["the scheduled report", "one by hand in its place"])
def test_the_report_of_a_session_mails_its_summary_once(
    run: Run, traded_home: Path, tmp_path: Path, first: str
) -> None:
    home = shutil.copytree(traded_home, tmp_path / "traded")
    with mail_server() as mail:
        (home / ".env").write_text(
            f"EMAIL_SMTP_SERVER=127.0.0.1\nEMAIL_SMTP_PORT={mail.port}\nALERT_EMAIL_RECIPIENTS=you@example.com\n"
            "ALERT_MIN_LEVEL=critical\nDAILY_SUMMARY_HTML=true\n"
        )
        for job in ("check-exits", "reconcile"):
            assert run(job, "--home", home).code == 0
        for option in (first, "--scheduled", "--json"):
            assert run("report", option, "--home", home, environ={"EMAIL_PASSWORD": ""}).code == 0
    (sent,) = mail.mails
    assert sent.subject.startswith("tradebot summary: 2006-11-02: ")
    body, page = sent.message.iter_parts()
    assert isinstance(body, EmailMessage)
    assert isinstance(page, EmailMessage)
    lines = body.get_content().splitlines()
    assert lines[0] == "Nothing needs you."
    assert lines[1].startswith("Traded: bought ")
    assert len(lines) <= 10
    assert page.get_filename() == "report-2006-11-02.html"
    assert "<html" in page.get_content()


def test_a_summary_that_cannot_be_raised_costs_no_report(run: Run, traded_home: Path, tmp_path: Path) -> None:
    home = shutil.copytree(traded_home, tmp_path / "traded")
    assert run("reconcile", "--home", home).code == 0
    with closing(sqlite3.connect(home / "trading_robot.db")) as ledger:
        ledger.executescript("DROP VIEW v_alerts; ALTER TABLE alerts RENAME COLUMN kind TO sort")
    report = run("report", "--json", "--home", home)
    assert (report.code, report.json["status"]) == (11, "ran")
    assert [failure["what"] for failure in report.json["failures"]] == ["summary"]
    assert report.json["equity"]

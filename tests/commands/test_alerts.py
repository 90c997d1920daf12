"""`alerts deliver` says what waits and until when, and sends it at once when asked to."""

from __future__ import annotations

from pathlib import Path

from tests.commands.conftest import Run
from tests.fakes.receivers import http_server


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

"""A week at Robinhood with tokens that end in the middle of it. `scripts/check_robinhood_week.py` is the long form."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from datetime import time, timedelta
from pathlib import Path

import pytest

from tests.fakes.robinhood.process import Running
from tests.fakes.wire.faults import Kind
from tests.stories.processes.at_robinhood import AtRobinhood
from tests.stories.processes.conftest import ending
from tests.stories.processes.played import new_york
from tests.stories.processes.robinhood_week import (
    MONDAY,
    MORNING,
    TUESDAY,
    arguments,
    crontab,
    is_due,
    judge,
    leaks,
    monday_morning,
    starts,
)

if os.name == "nt":
    pytest.skip("cron is of other systems", allow_module_level=True)

TOKEN = "/oauth2/token/"
#: What is started of the crontab's jobs here.
SHORT = {"run-daily", "check-exits", "reconcile"}


@pytest.fixture
def fake(tmp_path: Path) -> Iterator[Running]:
    with monday_morning(tmp_path) as fake:
        yield fake


@pytest.fixture
def desk(tmp_path: Path, fake: Running) -> AtRobinhood:
    machine = AtRobinhood(tmp_path, fake)
    machine.settle_in()
    return machine


def test_a_week_with_tokens_that_end_in_the_middle_of_it(desk: AtRobinhood) -> None:
    desk.log_in(MORNING, lives=timedelta(days=2.2))
    shown = ""
    for at, command in starts(crontab(desk), {time(12, 45), time(15, 45)}):
        if is_due(at) and SHORT & set(arguments(command)):
            ended = desk.at(at, *arguments(command))
            assert ended.code == 0, f"{at} {command}\n{ended.err}"
            shown += ended.out + ended.err
    assert desk.renewals() >= 2
    assert {request["body"]["grant_type"] for request in desk.fake.requests() if request["path"] == TOKEN} == {
        "refresh_token"
    }
    assert list(judge(desk)) == []
    assert list(leaks(desk, shown)) == []


def test_a_revoked_session_stops_every_job_until_its_owner_logs_in(desk: AtRobinhood, fake: Running) -> None:
    desk.log_in(MORNING)
    assert desk.at(new_york(MONDAY, 9, 35), "run-daily").code == 0
    resting = desk.at(new_york(MONDAY, 9, 36), "status", "--json").json["positions"]
    fake.revoke()
    for command in ("check-exits", "status"):
        ended = desk.at(new_york(MONDAY, 15, 45), command)
        assert ended.code == 5, ended.err
    assert desk.renewals() == 1, "what was refused is not asked for again, and the password is never used"
    stop = desk.at(new_york(MONDAY, 15, 46), "emergency-stop", "--reason", "x", "--close-positions", "--json")
    assert stop.code == 9
    assert {line["symbol"] for line in stop.json["lines"]} >= {held["symbol"] for held in resting}
    desk.log_in(new_york(MONDAY, 15, 50))
    assert desk.at(new_york(MONDAY, 15, 51), "resume", "--reason", "logged in", "--yes").code == 0
    assert desk.at(new_york(MONDAY, 16, 5), "reconcile").code == 0
    assert list(leaks(desk, ended.out + ended.err + stop.out + stop.err)) == []


def test_two_homes_and_an_emergency_stop_renew_at_the_same_moment_once(desk: AtRobinhood, tmp_path: Path) -> None:
    """The second home trades on paper, at the prices of the same login."""
    desk.log_in(MORNING, lives=timedelta(days=1.5))
    assert desk.at(new_york(MONDAY, 9), "init-db").code == 0
    paper = AtRobinhood(tmp_path, desk.fake)
    paper.home = tmp_path / "paper"
    paper.settle_in(live=False)
    assert paper.at(new_york(MONDAY, 9), "init-db").code == 0
    noon = new_york(TUESDAY, 12)
    desk.fake.go_to(noon)
    now = {"TRADEBOT_NOW": noon.isoformat()}
    begun = [
        desk.start("check-exits", **now),
        paper.start("status", **now),
        desk.start("emergency-stop", "--reason", "drill", **now),
    ]
    ended = [ending(process) for process in begun]
    exits, status, stop = (each.code for each in ended)
    # the job may have seen the halt of the stop already
    assert (exits in (0, 4), status, stop) == (True, 0, 0), [each.err for each in ended]
    assert desk.renewals() == 1
    assert json.loads(desk.tokens.path.read_text())["renewal"] == ""


def test_a_renewal_whose_answer_is_lost_ends_where_robinhood_has_rotated(desk: AtRobinhood, fake: Running) -> None:
    desk.log_in(MORNING, lives=timedelta(days=1.5))
    fake.strike(Kind.GATEWAY_TIMEOUT, path=TOKEN)
    ended = desk.at(new_york(TUESDAY, 12), "init-db")
    assert ended.code == 5
    assert "tradebot auth robinhood" in ended.err
    assert desk.renewals() == 2
    assert list(leaks(desk, ended.out + ended.err)) == []

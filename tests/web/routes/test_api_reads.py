"""``GET /api/...`` of a server that runs: the JSON of the commands, what it refuses, and that nothing changes."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.fakes import json_schemas
from tests.fakes.cli import tradebot
from tests.web.conftest import Served, serving

READS = (
    "status", "account", "positions", "orders", "trades", "fills", "report", "explain", "alerts", "risk", "jobs",
    "health",
)  # fmt: skip


@pytest.fixture(scope="module")
def served(traded_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Served, str]]:
    """A server of a home that has traded, with a token to read."""
    home = shutil.copytree(traded_home, tmp_path_factory.mktemp("read") / "home")
    with serving(home) as (server, _):
        yield server, server.token("read")


def got(served: tuple[Served, str], path: str) -> Any:
    server, token = served
    answer = server.get(f"/api/{path}", token)
    assert answer.status == 200, answer.body
    assert answer.headers["content-type"] == "application/json"
    return answer.json


@pytest.mark.parametrize("name", READS)
def test_each_read_gives_the_object_of_its_schema(served: tuple[Served, str], name: str) -> None:
    json_schemas.check(got(served, name))


def test_what_a_command_prints_is_what_the_api_gives(served: tuple[Served, str]) -> None:
    home = served[0].home
    before = _files(home)
    for name in ("positions", "orders", "trades", "fills", "risk", "jobs"):
        printed = tradebot(name, "--home", home, "--json", state=home.parent / "state", cwd=home.parent).json
        read = got(served, name)
        for each in (printed, read):
            each.pop("known_at", None)
        assert read == printed
    assert _files(home) == before


def test_a_read_is_chosen_by_its_arguments(served: tuple[Served, str]) -> None:
    assert {row["symbol"] for row in got(served, "fills?symbol=aapl")["fills"]} == {"AAPL"}
    assert len(got(served, "fills?limit=1")["fills"]) == 1
    assert got(served, "trades?open=true")["trades"]
    assert got(served, "fills?to=2006-01-01")["fills"] == []
    assert got(served, "explain?symbol=AAPL")["symbol"] == "AAPL"
    assert got(served, "report?period=all")["period"] == "all"


REFUSED = (
    "fills?symbol=-rf", "fills?symbol=AAPL%27%3B--", "fills?strategy=../../etc", "fills?limit=0", "fills?limit=1e9",
    "fills?from=2007-01-02&to=2007-01-01", "fills?from=yesterday", "orders?to=9999-12-31", "explain?date=0001-01-01",
    "explain?from=2007-01-01", "explain?symbol=AAPL&date=2007-01-01&from=2007-01-01", "explain?date=2006-11-04",
    "report?period=decade", "report?period=all&previous=true", "report?from=0001-01-01", "report?from=2030-01-01",
    "alerts?last=0", "trades?open=perhaps", "fills?symbol=" + "A" * 5000,
)  # fmt: skip


@pytest.mark.parametrize("path", REFUSED)
def test_what_makes_no_sense_is_a_problem(served: tuple[Served, str], path: str) -> None:
    server, token = served
    answer = server.get(f"/api/{path}", token)
    assert (answer.status, answer.headers["content-type"]) == (422, "application/problem+json"), answer.body
    assert answer.json["exit_code"] == 2
    assert answer.json["detail"]


def test_a_ledger_that_cannot_be_read_is_a_problem_and_the_status_halted(
    served: tuple[Served, str], tmp_path: Path
) -> None:
    home = shutil.copytree(served[0].home, tmp_path / "home")
    (home / "trading_robot.db").write_text("no database", encoding="utf-8")
    with serving(home) as (server, _):
        token = server.token("read")
        status = server.get("/api/status", token)
        assert (status.status, status.json["level"], status.json["exit_code"]) == (200, "halted", 10)
        assert status.json["headline"] == "HALTED (unreadable)"
        for name in ("fills", "jobs", "positions", "risk", "alerts", "explain?symbol=AAPL", "report"):
            answer = server.get(f"/api/{name}", token)
            assert (answer.status, answer.json["exit_code"]) == (503, 10), name
        assert server.get("/api/health", token).json["healthy"] is False


def test_looking_changes_no_file(served: tuple[Served, str]) -> None:
    before = _files(served[0].home)
    for name in READS:
        got(served, name)
    assert _files(served[0].home) == before


@pytest.mark.long
@pytest.mark.timeout(7_200)  # twelve thousand requests
def test_a_thousand_looks_at_nine_change_no_file(made_home: Path, tmp_path: Path) -> None:
    """A `report` at this hour would move the embedded exchange past the close of a session that is not traded yet."""
    home = shutil.copytree(made_home, tmp_path / "home")
    preflight = tradebot("preflight", "--home", home, state=tmp_path / "state", cwd=tmp_path)
    assert preflight.code == 0, preflight.err
    with serving(home) as (server, _):
        token = server.token("read")
        before = _files(home)
        for _ in range(1000):
            for name in READS:
                got((server, token), name)
        assert _files(home) == before


def _files(home: Path) -> Mapping[str, str]:
    return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in home.rglob("*") if path.is_file()}


def test_the_documentation_describes_every_read_and_needs_no_other_host(served: tuple[Served, str]) -> None:
    server, token = served
    described = server.get("/api/openapi.json", token).json
    for name in READS:
        operation = described["paths"][f"/api/{name}"]["get"]
        (content,) = operation["responses"]["200"]["content"].values()
        json_schemas.check(content["example"])
        reference = content["schema"]["$ref"].rpartition("/")[2]
        assert described["components"]["schemas"][reference]["properties"]
    text = json.dumps(described)
    for reference in (part.partition('"')[0] for part in text.split('"$ref": "')[1:]):
        assert reference.rpartition("/")[2] in described["components"]["schemas"]
    page = server.get("/api/docs", token)
    assert page.status == 200
    assert all(f"GET /api/{name}</code>" in page.body for name in READS)
    assert not [
        host for host in ("http://", "https://", "<script") if host in page.body.replace("http://localhost", "")
    ]

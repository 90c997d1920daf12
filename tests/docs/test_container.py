"""The image and the containers of scripts/container, held to what makes them safe, and their commands run here."""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.main import get_command

from scripts.container.scheduler import due_jobs
from tradebot import cli
from tradebot.core.model.schedule import SCHEDULED, Job
from tradebot.settings.documentation import rows

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "scripts" / "container"
COMPOSE: dict[str, Any] = yaml.safe_load((FOLDER / "compose.yaml").read_text(encoding="utf-8"))
OURS = {name: service for name, service in COMPOSE["services"].items() if service["image"].startswith("tradebot")}


def instructions() -> Iterator[tuple[str, str]]:
    """The instructions of the Dockerfile with their arguments."""
    text = re.sub(r"^\s*#.*\n", "", (FOLDER / "Dockerfile").read_text(encoding="utf-8"), flags=re.MULTILINE)
    for line in text.replace("\\\n", " ").splitlines():
        if line.strip():
            word, _, rest = line.strip().partition(" ")
            yield word, " ".join(rest.split())


IMAGE = list(instructions())


def test_the_image_is_slim_runs_without_rights_and_says_how_it_is() -> None:
    given = dict(IMAGE)
    assert all(re.search(r"^python:3\.\d+-slim( |$)", rest) for word, rest in IMAGE if word == "FROM")
    assert given["USER"].split(":")[0].isdigit() and given["USER"] != "0:0"  # a number, which Kubernetes can check
    assert [word for word, _ in IMAGE].index("USER") > max(n for n, (word, _) in enumerate(IMAGE) if word == "RUN")
    assert "ADD" not in given
    assert given["STOPSIGNAL"] == "SIGTERM"
    for word in ("ENTRYPOINT", "CMD"):
        assert isinstance(json.loads(given[word]), list), "without a shell, which would keep the signals"
    assert not any(re.search(r"KEY|PASSWORD|SECRET|TOKEN", rest) for word, rest in IMAGE if word in ("ENV", "ARG"))


def test_what_the_image_copies_is_there_and_gets_into_its_context() -> None:
    let_in = re.findall(r"^!(\S+)", (FOLDER / "Dockerfile.dockerignore").read_text(encoding="utf-8"), re.MULTILINE)
    for word, rest in IMAGE:
        if word == "COPY" and not rest.startswith("--from"):
            for source in rest.split()[:-1]:
                assert (ROOT / source).exists()
                assert any(source == each or source.startswith(f"{each}/") for each in let_in)


def test_every_container_is_confined_and_ends_in_peace() -> None:
    for name, service in COMPOSE["services"].items():
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert not {"privileged", "pid", "ipc", "devices"} & service.keys(), name
        assert re.search(r":[\w.-]*\d|^tradebot:latest$", service["image"]), f"{name}: an image of any version"
        for mount in service["volumes"]:
            assert mount.split(":")[0] in COMPOSE["volumes"], f"{name}: {mount}"
        for network in service.get("networks", ()):
            assert network in COMPOSE["networks"], f"{name}: {network}"
    for service in OURS.values():
        assert (service["stop_grace_period"], service["init"]) == ("5m30s", True)
        assert service["hostname"] == "tradebot"  # the list of homes and the locks go by it


def test_only_the_proxy_is_reached_from_elsewhere_and_the_ledger_by_no_address() -> None:
    services = COMPOSE["services"]
    assert [name for name, service in services.items() if "ports" in service] == ["proxy"]
    assert (
        services["serve"]["environment"]["WEB_TRUSTED_PROXY"]
        == (services["proxy"]["networks"]["inside"]["ipv4_address"])
    )
    assert services["database"]["command"][-1] == "listen_addresses="
    assert all("networks" not in services[name] for name in ("database", "home"))
    known = rows().keys()
    for name, service in OURS.items():
        assert service.get("environment", {}).keys() <= known, name


def test_the_commands_of_the_containers_are_commands() -> None:
    typed = [["serve"], *(service["command"] for service in OURS.values() if "entrypoint" not in service)]
    assert {words[0] for words in typed} <= get_command(cli.app).commands.keys()  # type: ignore[attr-defined]
    assert OURS["trade"]["entrypoint"][-1] == "/opt/container/scheduler.py"


@pytest.mark.parametrize(("status", "code"), [(200, 0), (503, 1)])
def test_the_health_check_asks_whether_the_server_answers(status: int, code: int) -> None:
    asked = []

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(status)
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    with HTTPServer(("127.0.0.1", 0), Answer) as server:
        threading.Thread(target=server.handle_request).start()
        assert run_check(server.server_address[1]) == code
    assert asked == ["/healthz"]


def test_the_health_check_fails_where_nothing_listens() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        assert run_check(unused.getsockname()[1]) == 1


def run_check(port: int) -> int:
    """The health check of the image, by this interpreter and against a port of this machine."""
    (told,) = (rest for word, rest in IMAGE if word == "HEALTHCHECK")
    words = json.loads(told.partition(" CMD ")[2])
    assert words[0] == "python"
    script = FOLDER / Path(words[1]).name
    surroundings = {**os.environ, "WEB_PORT": str(port)}
    return subprocess.run([sys.executable, str(script)], env=surroundings, stderr=subprocess.DEVNULL).returncode


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("after", "until", "jobs"),
    [
        ("2026-03-09 13:34:30", "2026-03-09 13:35:00", (Job.RUN_DAILY,)),  # after the change of the clocks
        ("2026-03-06 14:34:59", "2026-03-06 14:35:00", (Job.RUN_DAILY,)),  # before it
        ("2026-03-09 13:35:00", "2026-03-09 13:36:00", ()),
        ("2026-03-07 13:00:00", "2026-03-07 22:00:00", ()),  # a Saturday
        ("2026-03-09 11:00:00", "2026-03-09 22:00:00", SCHEDULED),  # what was due in a pause, once each
        ("2026-03-05 11:00:00", "2026-03-09 11:00:00", ()),  # a weekend's pause ends before the jobs of the day
    ],
)
def test_the_scheduler_starts_what_new_yorks_minute_asks_for(after: str, until: str, jobs: tuple[Job, ...]) -> None:
    assert due_jobs(at(after), at(until)) == jobs


def test_the_scheduler_ends_when_it_is_asked_to() -> None:
    words = [sys.executable, str(FOLDER / "scheduler.py"), "true"]
    surroundings = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True, env=surroundings) as ended:
        assert ended.stdout is not None
        assert "are started by true" in ended.stdout.readline()
        ended.send_signal(signal.SIGTERM)
        assert ended.wait(30) == 0


def test_the_run_steps_of_the_image_are_what_a_shell_reads() -> None:
    for word, rest in IMAGE:
        if word == "RUN":
            assert subprocess.run(["sh", "-n", "-c", rest], capture_output=True).returncode == 0
            assert "curl" not in shlex.split(rest) and "wget" not in shlex.split(rest)

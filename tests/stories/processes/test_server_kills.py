"""The web server is killed, restarted, paused or runs out of memory: jobs trade on, and a stop that it began goes on.

systemd is not among the ways: a unit of it is not tried where none runs.
"""

from __future__ import annotations

import http.client
import json
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.alpaca import FakeAlpaca, Terms
from tests.fakes.cli import start
from tests.fakes.wire.times import go_to
from tests.long_form import long
from tests.stories.processes.conftest import PATIENCE, Machine, ending
from tests.stories.processes.played import KEYS, Played, differences, new_york
from tests.web.conftest import Served
from tradebot.brokers.paper import ExchangeRules, PaperExchange
from tradebot.errors import ExitCode
from tradebot.home import command_runs, locks, paths
from tradebot.home.command_runs import CommandRun, RunState
from tradebot.market.calendar import NyseCalendar
from tradebot.market.price_file import PriceFile

if sys.platform != "linux":
    pytest.skip("process groups, pauses and limits of memory as Linux has them", allow_module_level=True)

Way = Callable[[int], None]
NOW = datetime(2026, 11, 2, 14, 30, tzinfo=UTC)
DAY = date(2006, 11, 2)
MORNING, LATER = new_york(DAY, 9, 35), new_york(DAY, 10, 5)


@contextmanager
def serving(home: Machine, **environ: str) -> Iterator[tuple[Served, subprocess.Popen[str]]]:
    """A server as a terminal starts it: the first of a process group of its own."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tradebot", "serve", "--home", str(home.home)],
        cwd=home.folder,
        env={**home.environment(**environ), "WEB_PORT": "0"},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )
    try:
        assert process.stdout is not None
        found = re.search(r"http://\S+:(\d+)/", process.stdout.readline())
        assert found
        yield Served(home.home, int(found[1]), process.pid), process
    finally:
        process.kill()
        process.communicate(timeout=PATIENCE)


def token_of(home: Machine) -> str:
    made = home("serve", "--new-token", "phone", "--scope", "act", "--json")
    assert made.code == 0, made.err
    return str(made.json["token"])


def stop(server: Served, token: str, **body: object) -> Any:
    """Begin a stop, and do not wait for its end."""
    got = server.send("POST", "/api/stop_trading?wait=0", json.dumps(body), token=token)
    assert got.status == 202, got.body
    return got.json


def at_work(home: Machine, action: str, word: str = "Waiting until another job") -> CommandRun:
    """The run of a stop that has come so far that it says ``word``."""
    run = command_runs.find(home.home, action)
    assert run is not None
    deadline = time.monotonic() + PATIENCE
    while not any(word in line for line in run.lines()):
        assert run.state is RunState.RUNNING, (run.lines(), run.output())
        assert time.monotonic() < deadline, run.lines()
        time.sleep(0.02)
    return run


def ended(run: CommandRun) -> CommandRun:
    deadline = time.monotonic() + PATIENCE
    while run.state is RunState.RUNNING:
        assert time.monotonic() < deadline, run.lines()
        time.sleep(0.02)
    return run


def killed_alone(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)  # as the killer of processes sends it where memory is short


def killed_with_its_group(pid: int) -> None:
    os.killpg(pid, signal.SIGKILL)


def ended_with_its_group(pid: int) -> None:
    os.killpg(pid, signal.SIGTERM)


def paused_with_its_group(pid: int) -> None:
    os.killpg(pid, signal.SIGSTOP)


def without_memory(pid: int) -> None:
    """From now on the server gets no memory that it does not have."""
    resource.prlimit(pid, resource.RLIMIT_AS, (1, resource.RLIM_INFINITY))


@pytest.mark.parametrize(
    "way",
    [
        killed_with_its_group,
        long(killed_alone),
        long(ended_with_its_group),
        long(paused_with_its_group),
        long(without_memory),
    ],
)
def test_a_stop_goes_on_and_a_job_trades_on_whatever_becomes_of_the_server(way: Way, made: Machine) -> None:
    """The job is about to send an order, which the stop has to close."""
    token, environ = token_of(made), made.environment()
    with serving(made) as (server, _):
        job = start("tests.fakes.broken_broker", "slow-to-send", "run-daily", "--json", cwd=made.home, env=environ)
        with job:
            deadline = time.monotonic() + PATIENCE
            while not (made.home / "sending").exists():
                assert job.poll() is None and time.monotonic() < deadline
                time.sleep(0.01)
            action = stop(server, token, close_positions=True, reason="a drill")["action"]
            way(server.pid)
            run = command_runs.find(made.home, action)
            assert run is not None
            assert ended(run).exit_code is ExitCode.OK, run.lines()
            assert ending(job, "--json").code == 4, "it sends the order that was on its way, and no more"
    assert len(made.orders()) == 2, "that order, and the one that closed it"
    summary = json.loads(run.output())
    assert (summary["still_open_positions"], [halt["reason"] for halt in summary["halts"]]) == (0, ["a drill"])
    assert made("reconcile", "--json").json["exit_codes"] == [4]
    with serving(made) as (again, _):
        told = again.get(f"/api/actions/{action}", token).json
        assert (told["state"], told["exit_code"], told["outcome"]) == ("ended", 0, summary)


def ends_with_a_stream_open(
    server: Served, process: subprocess.Popen[str], path: str, token: str, number: signal.Signals
) -> int:
    """The exit code after a signal that comes while a stop is followed. The server ends the stream, and soon."""
    with closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)) as connection:
        connection.request("GET", path, headers={"Authorization": f"Bearer {token}"})
        stream = connection.getresponse()
        assert stream.readline().startswith(b"id: 1")
        process.send_signal(number)
        assert b"event: end" not in stream.read(), "the stop has not ended"
        return process.wait(timeout=60)


def test_a_server_that_is_started_again_attaches_to_the_stop_at_work(made: Machine) -> None:
    token = token_of(made)
    with locks.home_lock(made.home, command="run-daily", wall=NOW):
        with serving(made) as (server, process):
            begun = stop(server, token)
            action, run = begun["action"], at_work(made, begun["action"])
            assert ends_with_a_stream_open(server, process, begun["events"], token, signal.SIGTERM) == 143
        assert run.state is RunState.RUNNING
        with serving(made) as (again, process):
            clicked = stop(again, token)
            assert (clicked["action"], clicked["is_new"]) == (action, False)
            os.kill(again.pid, signal.SIGSTOP)
            os.kill(again.pid, signal.SIGCONT)
            assert again.get(clicked["follow"], token).json["state"] == "running"
            assert ends_with_a_stream_open(again, process, clicked["events"], token, signal.SIGINT) == 130
        assert run.state is RunState.RUNNING
    assert ended(run).exit_code is ExitCode.OK, run.lines()


def test_a_server_without_memory_starts_a_stop_or_says_that_it_did_not(made: Machine) -> None:
    token = token_of(made)
    with serving(made) as (server, _):
        assert server.get("/api/actions", token).json == []
        without_memory(server.pid)
        try:
            got = server.send("POST", "/api/stop_trading", token=token)
        except (OSError, ValueError):  # it hung up
            got = None
        resource.prlimit(server.pid, resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        if got is None or got.status >= 400:
            assert server.send("POST", "/api/stop_trading?wait=60", token=token).status == 200
        newest = ended(command_runs.runs(made.home)[0])
        assert (newest.exit_code, paths.latch_file(made.home).exists()) == (ExitCode.OK, True)


@pytest.mark.parametrize("way", [long(killed_with_its_group), long(paused_with_its_group), long(without_memory)])
def test_a_stop_at_alpaca_closes_everything_whatever_becomes_of_the_server(way: Way, tmp_path: Path) -> None:
    file, machine = tmp_path / "exchange.db", Played(tmp_path)
    PaperExchange.create(file, PriceFile(None, None), NyseCalendar(), ExchangeRules(start=DAY), durable=False).close()

    @contextmanager
    def opened() -> Iterator[PaperExchange]:
        exchange = PaperExchange.open(file, PriceFile(None, None), NyseCalendar(), ExchangeRules(), durable=False)
        try:
            yield exchange
        finally:
            exchange.close()

    with FakeAlpaca(opened, terms=Terms(keys=KEYS)) as alpaca:
        machine.url = alpaca.url
        machine.settle_in("STRATEGIES=rsi2_mean_reversion,momentum_rotation")
        with opened() as exchange:
            go_to(exchange, MORNING)
        assert machine.at(MORNING, "run-daily", "--json").code == 0
        with opened() as exchange:
            go_to(exchange, LATER)
        token = token_of(machine)
        with serving(machine, TRADEBOT_NOW=LATER.isoformat()) as (server, _):
            action = stop(server, token, close_positions=True)["action"]
            run = at_work(machine, action, "The halt is latched")
            way(server.pid)
            assert ended(run).exit_code is ExitCode.OK, run.lines()
        assert json.loads(run.output())["still_open_positions"] == 0
        assert machine.at(LATER, "reconcile", "--json").json["exit_codes"] == [4]
        assert list(differences(machine.home, file)) == []
    shutil.rmtree(tmp_path, ignore_errors=True)

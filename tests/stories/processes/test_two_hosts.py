"""Two hosts, each with a home and a user's state of its own, that share one ledger and one account at Alpaca.

One of them is a process that can be stopped at any request; the other's commands run in this process, where no pause
need be waited for.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.alpaca import Arrival, FakeAlpaca, Fault, Terms
from tests.fakes.cli import ROOT, Process
from tests.fakes.pauses import record_pauses
from tests.fakes.postgres import PostgresServer
from tests.fakes.wire.times import go_to
from tests.long_form import long
from tests.stories.processes.conftest import PATIENCE, ending
from tests.stories.processes.played import KEYS, Played, differences, new_york
from tests.stories.processes.test_alpaca import opened, unused
from tradebot.__main__ import main
from tradebot.brokers.paper import PaperBroker
from tradebot.home.latch import HomeLatch
from tradebot.runtime.send_guard import MOST_SECONDS

__all__ = ["unused"]

#: A session on which the shipped strategies buy three symbols, and the next.
DAY, NEXT = date(2006, 11, 2), date(2006, 11, 3)
MORNING = new_york(DAY, 9, 35)
MANY = 20
#: Stops the process that runs it once it has committed that an order leaves, or once it may begin to send it.
_STOPS_ITSELF = """
import signal, threading
from tradebot.{module} import {owner}

before = {owner}.{method}

def stopped(*given):
    {owner}.{method} = before
    {lines}

{owner}.{method} = stopped
"""
#: The thread that stops the process takes the signal itself, and does nothing more: another one might let it go on.
_STOP = "signal.pthread_kill(threading.get_ident(), signal.SIGSTOP)"
#: Where a process stops itself: module, class and method, and what it does there.
_BEFORE_COMMIT = ("brokers.alpaca.broker", "AlpacaBroker", "wait_to_send", f"before(*given); {_STOP}")
_WITHIN_COMMIT = ("ledger.epochs", "Epochs", "confirm_to_write", f"before(*given); {_STOP}")
_BEFORE_FIRST_BYTE = ("brokers.http.client", "Client", "_confirm", f"{_STOP}; before(*given)")
_PERMITTED = ("runtime.send_guard", "TimedPermit", "confirm", f"before(*given); {_STOP}")


@dataclass
class Hosts:
    """Two hosts at one played Alpaca. ``on_request`` is told of each request."""

    one: Played
    two: Played
    ledger: str  # its URL
    exchange: Path
    monkeypatch: pytest.MonkeyPatch
    capsys: pytest.CaptureFixture[str]
    on_request: Callable[[Arrival], None] = lambda arrival: None
    posts: list[str] = field(default_factory=list)  # the client_order_id of each order that was sent

    def go_to(self, at: datetime) -> None:
        with opened(self.exchange) as exchange:
            go_to(exchange, at)

    def start(self, at: datetime, *command: str, **environ: str) -> Process:
        """Begin a command on host one."""
        return self.one.start(*command, "--json", TRADEBOT_NOW=at.isoformat(), **environ)

    def run(self, at: datetime, *command: str, host: Played | None = None) -> tuple[int, dict[str, Any], str]:
        """The exit code, the JSON object and the words of a command on a host, by default on host two."""
        self.go_to(at)
        settings = (host or self.two).environment(TRADEBOT_NOW=at.isoformat())
        with self.monkeypatch.context() as patch:
            for name, value in settings.items():
                patch.setenv(name, value)
            code = main([*command, "--json"])
        said = self.capsys.readouterr()
        return code, json.loads(said.out), said.err

    def assert_agree(self, at: datetime) -> None:
        """Ledger and broker tell the same story, and the ledger's history is whole."""
        for command in ("reconcile", "verify"):
            code, said, words = self.run(at, command)
            assert code == 0, words or said
        if self.ledger.startswith("sqlite:///"):
            folder = Path(self.ledger.removeprefix("sqlite:///")).parent
            assert list(differences(folder, self.exchange)) == []

    @contextmanager
    def account_locked(self) -> Iterator[None]:
        """Somebody keeps the rows of the account, as a run does that hangs within a transaction."""
        if self.ledger.startswith("sqlite:///"):
            with closing(sqlite3.connect(self.ledger.removeprefix("sqlite:///"), isolation_level=None)) as other:
                other.execute("BEGIN IMMEDIATE")
                yield
        else:
            import psycopg

            with closing(psycopg.connect(self.ledger)) as session:
                session.execute("SELECT * FROM accounts FOR UPDATE")
                yield

    def __call__(self, arrival: Arrival) -> Fault | None:
        if arrival.method == "POST" and arrival.path == "/v2/orders":
            self.posts.append(arrival.body["client_order_id"])
        self.on_request(arrival)
        return None


@pytest.fixture
def make_hosts(
    tmp_path: Path,
    unused: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    request: pytest.FixtureRequest,
) -> Iterator[Callable[[str], Hosts]]:
    """Two hosts with a ledger in a file of SQLite, or on a server: "postgres"."""
    with ExitStack() as held:

        def make(engine: str) -> Hosts:
            if engine == "postgres":
                server: PostgresServer = request.getfixturevalue("postgres")
                url = held.enter_context(server.copy_of()).url.reveal()
            else:
                (tmp_path / "shared").mkdir()
                url = f"sqlite:///{tmp_path / 'shared' / 'trading_robot.db'}"
            file = tmp_path / "exchange.db"
            shutil.copy(unused / "exchange.db", file)
            one, two = Played(tmp_path / "one"), Played(tmp_path / "two")
            made = Hosts(one, two, url, file, monkeypatch, capsys)
            alpaca = held.enter_context(FakeAlpaca(lambda: opened(file), terms=Terms(keys=KEYS), on_request=made))
            record_pauses(monkeypatch)
            with opened(file) as exchange:
                account = PaperBroker(exchange).account().account_id
            for host in (one, two):
                host.folder.mkdir()
                host.url = alpaca.url
                host.settle_in(
                    "STRATEGIES=rsi2_mean_reversion,momentum_rotation",
                    "EMERGENCY_SHUTDOWN_TIMEOUT=20",
                    f"DATABASE_URL={url}",
                )
                joining = [] if host is one else ["--join", "--account", account]
                code, said, words = made.run(MORNING, "init-db", *joining, host=host)
                assert code == 0, words or said
            return made

        yield make


@pytest.mark.parametrize(("engine", "many"), [("postgres", 8), long("postgres", MANY), long("sqlite", MANY)])
def test_of_many_runs_on_two_hosts_one_trades(make_hosts: Callable[[str], Hosts], engine: str, many: int) -> None:
    hosts = make_hosts(engine)
    starts = islice(cycle((hosts.one, hosts.two)), many)
    runs = [host.start("run-daily", "--json", TRADEBOT_NOW=MORNING.isoformat()) for host in starts]
    ended = [ending(run, "--json") for run in runs]
    assert {each.code for each in ended} <= {0, 8}, [each.err for each in ended]
    (trader,) = [each for each in ended if each.code == 0 and each.json["status"] == "ran"]
    assert len(trader.json["orders"]) == 3 == len(hosts.posts)
    assert all("traded already" in each.json["headline"] for each in ended if each.code == 0 and each is not trader)
    hosts.assert_agree(MORNING)


@pytest.mark.skipif(os.name != "posix", reason="a process is stopped by SIGSTOP")
@pytest.mark.parametrize(
    ("engine", "module", "owner", "method", "lines"),
    [
        pytest.param("sqlite", "", "", "", "", id="before the answer"),
        pytest.param("postgres", *_BEFORE_FIRST_BYTE, id="before the first byte"),
        *(
            pytest.param(engine, *how, marks=pytest.mark.long)
            for engine, how in (
                ("postgres", ("", "", "", "")),
                ("postgres", _WITHIN_COMMIT),
                ("sqlite", _BEFORE_FIRST_BYTE),
                *((engine, how) for engine in ("sqlite", "postgres") for how in (_PERMITTED, _BEFORE_COMMIT)),
            )
        ),
    ],
)
def test_a_host_that_was_stopped_sends_nothing_once_it_goes_on(
    make_hosts: Callable[[str], Hosts], engine: str, module: str, owner: str, method: str, lines: str
) -> None:
    hosts, environ = make_hosts(engine), {}
    if module:
        folder = hosts.one.folder / "stops"
        folder.mkdir()
        text = _STOPS_ITSELF.format(module=module, owner=owner, method=method, lines=lines)
        (folder / "sitecustomize.py").write_text(text)
        environ = {"PYTHONPATH": f"{folder}{os.pathsep}{ROOT}"}
    with _stopping(hosts, at_post=not module) as start:
        run = start(MORNING, "run-daily", **environ)
        stopped_at, sent = time.monotonic(), len(hosts.posts)
        assert sent == (0 if module else 1)

        code, said, _ = hosts.run(new_york(DAY, 9, 40), "run-daily")
        assert code == 8
        assert f"pid {run.pid}, `tradebot run-daily`" in said["error"] and "tradebot take-over" in said["error"]
        code, said, words = hosts.run(new_york(DAY, 9, 41), "take-over", "--reason", "it hangs")
        assert (code, str(run.pid) in said["taken_from"]) == (0, True), words
        code, said, words = hosts.run(new_york(DAY, 9, 42), "run-daily")
        assert (code, said["status"]) == (0, "ran"), words or said
        assert len(set(hosts.posts)) == len(hosts.posts) == 3
        code, said, words = hosts.run(new_york(NEXT, 9, 35), "run-daily")
        assert (code, said["status"]) == (0, "ran"), words or said

        sent = len(hosts.posts)
        # host two does not really wait for the order in doubt here, as it would, for longer than a request may leave
        time.sleep(max(0.0, MOST_SECONDS - (time.monotonic() - stopped_at)))
        os.kill(run.pid, signal.SIGCONT)
        ended = ending(run, "--json")
        assert ended.code == 8 if engine == "sqlite" else ended.code in (8, 10), ended.err
        assert "lost account alpaca:paper:" in ended.json["error"] or engine == "postgres"
    assert len(hosts.posts) == sent
    hosts.assert_agree(new_york(NEXT, 9, 35))


@pytest.mark.skipif(os.name != "posix", reason="a process is stopped by SIGSTOP")
@pytest.mark.parametrize("engine", [long("sqlite"), "postgres"])
def test_a_stop_on_one_host_stops_the_other_between_two_entries(
    make_hosts: Callable[[str], Hosts], engine: str
) -> None:
    hosts = make_hosts(engine)
    with _stopping(hosts, at_post=True) as start:
        run = start(MORNING, "run-daily")
        # as a process, which waits in real time until no request may begin
        stop = hosts.two.at(new_york(DAY, 9, 36), "emergency-stop", "--reason", "it trades nonsense", "--json")
        assert (stop.code, stop.json["still_open_orders"]) == (0, 0), stop.err
        assert f"pid {run.pid}, `tradebot run-daily`" in stop.err
        os.kill(run.pid, signal.SIGCONT)
        assert ending(run, "--json").code == 8
    assert len(hosts.posts) == 1, "no further entry left"
    at = new_york(DAY, 9, 37)
    assert hosts.run(at, "run-daily", host=hosts.one)[0] == 4

    for halted, resumed in ((hosts.two, hosts.one), (hosts.one, hosts.two)):
        code, said, _ = hosts.run(at, "resume", "--reason", "mended", "--yes", host=resumed)
        assert code == 0, (said["headline"], said["notes"])
        assert hosts.run(at, "check-exits", host=halted)[0] == 0
        assert not HomeLatch(halted.home).read(), "the latch of the home that was stopped is cleared too"
        if halted is hosts.two:
            assert hosts.run(at, "halt", "--reason", "a pause", host=hosts.one)[0] == 0
            assert hosts.run(at, "check-exits", host=hosts.two)[0] == 4


@pytest.mark.parametrize("engine", ["sqlite", long("postgres")])
def test_hosts_that_cannot_be_told_are_named(make_hosts: Callable[[str], Hosts], engine: str) -> None:
    hosts = make_hosts(engine)
    assert hosts.run(MORNING, "reconcile")[0] == 0
    with hosts.account_locked():
        code, said, _ = hosts.run(MORNING, "halt", "--reason", "a pause")
        assert (code, said["halt"]["level"]) == (9, "halted")
        assert "other hosts may go on" in said["not_told"]
        code, said, _ = hosts.run(MORNING, "emergency-stop", "--reason", "now")
        assert code == 9
        assert [each["what"] for each in said["failures"]] == ["other hosts"]
        assert "other hosts may go on" in said["headline"]
        code, said, _ = hosts.run(MORNING, "take-over", "--reason", "it hangs")
        assert (code, "hangs in the middle of a write" in said["error"]) == (10, True), said
    assert hosts.run(MORNING, "emergency-stop", "--reason", "now")[0] == 0
    assert hosts.run(MORNING, "reconcile", host=hosts.one)[0] == 4
    env = hosts.two.home / ".env"
    env.write_text(env.read_text().replace("DATABASE_URL=", "DATABASE_URL=nowhere:"))
    assert hosts.run(MORNING, "halt", "--reason", "a pause")[0] == 9
    code, said, _ = hosts.run(MORNING, "emergency-stop", "--reason", "now")
    assert code == 9 and any("where the ledger lies is in doubt" in each["message"] for each in said["failures"])


@contextmanager
def _stopping(hosts: Hosts, *, at_post: bool) -> Iterator[Callable[..., Process]]:
    """Begins a command on host one that is stopped at its first order, before the answer, or by itself."""
    begun: list[Process] = []

    def on_request(arrival: Arrival) -> None:
        if at_post and arrival.method == "POST":
            hosts.on_request = lambda arrival: None
            os.kill(begun[0].pid, signal.SIGSTOP)

    def start(at: datetime, *command: str, **environ: str) -> Process:
        hosts.on_request = on_request
        begun.append(hosts.start(at, *command, **environ))
        deadline = time.monotonic() + PATIENCE
        while _state(begun[0].pid) != "T":
            assert begun[0].poll() is None and time.monotonic() < deadline, begun[0].communicate(timeout=PATIENCE)
            time.sleep(0.02)
        return begun[0]

    try:
        yield start
    finally:
        for process in begun:
            if process.poll() is None:
                os.kill(process.pid, signal.SIGKILL)


def _state(pid: int) -> str:
    """The state of a process: "T" where it is stopped."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]

"""What nobody may see of a login at Robinhood: password, two-factor secret, every token, the account's number."""

from __future__ import annotations

import shutil
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing, suppress
from datetime import datetime
from pathlib import Path
from threading import Event, Thread

import pytest

from tests.fakes.monitor import Monitor
from tests.fakes.robinhood import PASSWORD, USERNAME
from tests.fakes.robinhood.process import Running
from tests.fakes.terminal import typed
from tests.stories.processes.at_robinhood import NUMBER, AtRobinhood
from tests.stories.processes.conftest import ending
from tests.stories.processes.played import new_york
from tests.stories.processes.robinhood_week import MONDAY, MORNING, TUESDAY, monday_morning
from tradebot.brokers.robinhood.auth.token_file import TokenFile
from tradebot.home import paths

if sys.platform != "linux":
    pytest.skip("processes are looked at in /proc", allow_module_level=True)

MFA_SECRET = "CANARYSECRETABCD"
#: Another account of the same person, of which no request is made.
OTHER = "7CANARY9001"
#: The files of a home that hold the account's number: the ledger, and what says which account a halt or alert is about.
_NUMBERED = {"trading_robot.db", "trading_robot.db-wal", paths.second_latch_file(Path()).name, "HALT", "alerts_spool"}


class Processes:
    """Looks again and again at the processes that a process starts. ``seen`` are their arguments and environments.

    One that has forked and not begun its program yet still has the environment of the first.
    """

    def __init__(self, pid: int) -> None:
        self.seen: set[bytes] = set()
        self._pid = pid
        self._ended = Event()
        self._thread = Thread(target=self._watch)

    def __enter__(self) -> Processes:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._ended.wait(0.005):
            self.seen.update(self._contents(self._pid, "cmdline"))
            for child in self._children(self._pid):
                self.seen.update(self._contents(child, "cmdline", "environ"))
            self.seen.difference_update(self._contents(self._pid, "environ"))

    def _children(self, pid: int) -> Iterator[int]:
        with suppress(OSError):
            for task in Path(f"/proc/{pid}/task").iterdir():
                for child in map(int, (task / "children").read_text().split()):
                    yield child
                    yield from self._children(child)

    def _contents(self, pid: int, *files: str) -> Iterator[bytes]:
        for file in files:
            with suppress(OSError):
                yield Path(f"/proc/{pid}/{file}").read_bytes()


class Witness:
    """Runs commands of a machine, and keeps all that they show and every token there ever was."""

    def __init__(self, machine: AtRobinhood, sink: Monitor) -> None:
        self.machine = machine
        self.shown = ""
        self.tokens: set[str] = set()
        self.file = TokenFile(machine.state, USERNAME, machine.fake.url)
        self._more = {
            "ROBINHOOD_USERNAME": USERNAME,
            "ROBINHOOD_PASSWORD": PASSWORD,
            "ROBINHOOD_MFA_SECRET": MFA_SECRET,
            "HEARTBEAT_URL": f"{sink.url}/ping",
            "ALERT_URLS": f"info={sink.url.replace('http', 'json')}/alert",
        }

    def log_in(self, at: datetime) -> None:
        environment = self.machine.environment(TRADEBOT_NOW=at.isoformat(), **self._more)
        arguments = ("auth", "robinhood", "--home", self.machine.home)
        with typed(*arguments, cwd=self.machine.folder, env=environment) as terminal:
            terminal.reply("yes", "", "1")
            assert terminal.ended() == 0, terminal.shown
        self._keep(terminal.shown)

    def at(self, instant: datetime, *arguments: str | Path, code: int = 0) -> None:
        ended = self.machine.at(instant, *arguments, **self._more)
        assert ended.code == code, (arguments, ended.out, ended.err)
        self._keep(ended.out + ended.err)

    def watched(self, instant: datetime, *arguments: str) -> set[bytes]:
        """Run a command in an interpreter of its own, and give what its processes were started with."""
        self.machine.interpreter = True
        process = self.machine.start(*arguments, TRADEBOT_NOW=instant.isoformat(), **self._more)
        self.machine.interpreter = False
        with Processes(process.pid) as processes:
            ended = ending(process, *arguments)
        assert ended.code == 0, ended.err
        self._keep(ended.out + ended.err)
        return processes.seen

    def _keep(self, shown: str) -> None:
        self.shown += shown
        tokens = self.file.required()
        self.tokens |= {tokens.access, tokens.refresh, tokens.device}


@pytest.fixture
def sink() -> Iterator[Monitor]:
    with Monitor() as monitor:
        yield monitor


@pytest.fixture
def fake(tmp_path: Path) -> Iterator[Running]:
    with monday_morning(tmp_path) as fake:
        fake.terms(lives=1.5 * 86400)
        yield fake


def _pin_another(ledger: Path) -> None:
    with closing(sqlite3.connect(ledger)) as connection:
        connection.execute("UPDATE accounts SET account_id = ?", (OTHER,))
        connection.commit()


def _holders(folder: Path, secret: str) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file() and secret.encode() in path.read_bytes()]


def test_secrets_are_shown_logged_sent_and_stored_nowhere(
    tmp_path: Path, fake: Running, sink: Monitor, strategies_checked: Path
) -> None:
    machine = AtRobinhood(tmp_path, fake)
    machine.settle_in()
    witness, home = Witness(machine, sink), machine.home
    witness.log_in(MORNING)
    witness.at(new_york(MONDAY, 9), "init-db")
    shutil.copy(strategies_checked, home / "state")
    witness.at(new_york(MONDAY, 9), "preflight", "--full")
    fake.go_to(new_york(MONDAY, 9, 35))
    processes = witness.watched(new_york(MONDAY, 9, 35), "run-daily")
    noon = new_york(TUESDAY, 12)
    witness.at(noon, "check-exits", "-vv")  # with the second pair
    witness.at(noon, "report", "--html", tmp_path / "report.html")
    witness.at(noon, "emergency-stop", "--reason", "drill")
    for line in ("status --full --json", "alerts list --json", "incident", "config show"):
        witness.at(noon, *line.split())
    witness.at(noon, "backup", "--to", tmp_path / "backups")
    fake.revoke()
    witness.at(noon, "check-exits", code=5)
    witness.at(noon, "emergency-stop", "--reason", "locked out", code=9)
    fake.go_to(noon)
    witness.log_in(noon)
    _pin_another(machine.ledger)
    for command in ("run-daily", "emergency-stop"):
        witness.at(noon, command, code=5)

    assert len(witness.tokens) >= 3 * 2
    assert any(b"plugins/process" in each for each in processes), {each[:200] for each in processes}
    secrets = {PASSWORD, MFA_SECRET, *witness.tokens}
    sent = [f"{path} {body}" for _, path, body in sink.pings]
    addresses = [f"{request['path']} {request['query']}" for request in fake.requests()]
    for secret in {*secrets, NUMBER, OTHER}:
        assert secret not in witness.shown
        assert not any(secret in each for each in sent)
        assert not any(secret.encode() in each for each in processes)
    for secret in secrets:
        assert not any(secret in each for each in addresses)
        assert {path.suffix for path in _holders(tmp_path, secret)} <= {".json"}
        assert {path.parent for path in _holders(tmp_path, secret)} <= {witness.file.path.parent}
    for number in (NUMBER, OTHER):
        assert {path.name for path in _holders(home, number)} <= _NUMBERED
    assert {path for _, path, _ in sink.pings} > {"/alert"}

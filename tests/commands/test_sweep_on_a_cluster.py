"""`tradebot sweep --scheduler`: a real scheduler and real workers give what this machine gives, whatever dies."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.fakes import canary
from tests.fakes.cli import ROOT, Ended, Process, environment, start
from tests.fakes.dask_cluster import Cluster
from tests.long_form import long
from tradebot.errors import ExitCode, UsageError
from tradebot.runtime.sweep.cluster import Scheduler, check_scheduler

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="no signal to a process alone")

PATIENCE = 240.0
MANIFEST = """\
name = "crossing"
version = "1.0.0"
description = "Made for a test."
symbols = ["IBM", "XOM", "KO"]
warmup = 250

[parameters.days]
type = "int"
default = 10
min = 2
max = 250

[parameters.stop]
type = "float"
default = 0.04
min = 0.001
max = 0.5
"""
#: Writes down the environment that it runs in.
STRATEGY = """\
import os
from decimal import Decimal

from tradebot.strategy_api import ExitPolicy, Signals


class Strategy:
    def signals(self, history, params):
        with open("{seen}", "a") as file:
            print(sorted(os.environ.items()), file=file)
        ratio = (history.close / history.close.rolling(params["days"]).mean()).round(6)
        return Signals(ratio > 1.0, ratio < 0.98, ExitPolicy(stop=Decimal(str(params["stop"]))))
"""


class Desk:
    """A user's folder with a strategy."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.seen = folder / "seen"
        own = folder / "strategies" / "crossing"
        own.mkdir(parents=True)
        (own / "manifest.toml").write_text(MANIFEST)
        (own / "strategy.py").write_text(STRATEGY.format(seen=self.seen))

    def start(self, *arguments: str, days: str, state: str = "state") -> Process:
        """Begin a sweep over ``days`` and five stops."""
        more = {"STRATEGIES_DIR": str(self.folder / "strategies")}
        return start(
            "tradebot", "sweep", "crossing", "--set", f"crossing.days={days}",
            "--set", "crossing.stop=0.02:0.06:0.01", "--from", "2007-01-03", "--to", "2007-05-31", "--json",
            "--home", self.folder / "home", *arguments, cwd=self.folder, env=environment(self.folder / state, more),
        )  # fmt: skip

    def ended(self, process: Process) -> Ended:
        """What a sweep came to."""
        out, err = process.communicate(timeout=PATIENCE)
        canary.search(out + err, "what the sweep printed")
        return Ended(process.returncode, out, err)

    def sweep(self, *arguments: str, days: str, state: str = "state") -> Any:
        """The JSON of a sweep that ends well."""
        ended = self.ended(self.start(*arguments, days=days, state=state))
        assert ended.code == ExitCode.OK, ended.err
        return ended.json["sweep"]


def wait_for_results(store: Path, count: int, process: Process) -> None:
    """Wait until a sweep has stored so many results, and goes on."""
    until = time.monotonic() + PATIENCE
    while not store.exists() or store.read_bytes().count(b"\n") <= count:
        assert process.poll() is None and time.monotonic() < until
        time.sleep(0.005)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate that signed itself: authority and certificate of a cluster, as docs/backtest.md makes it."""
    made = tmp_path_factory.mktemp("tls") / "cluster.pem"
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
               "-days", "2", "-subj", "/CN=sweep"]  # fmt: skip
    command += ["-keyout", str(made.with_suffix(".key")), "-out", str(made)]
    try:
        subprocess.run(command, check=True, capture_output=True)
    except FileNotFoundError:
        pytest.skip("openssl is not installed")
    return made


@pytest.mark.parametrize(("days", "encrypted"), [("3:10", True), long("3:202", False)])
def test_a_sweep_on_a_cluster_gives_what_this_machine_gives_whatever_dies(
    days: str, encrypted: bool, certificate: Path, tmp_path: Path
) -> None:
    desk, folder = Desk(tmp_path), tmp_path / "cluster"
    with Cluster(folder, certificate if encrypted else None) as cluster:
        for _ in range(2):
            cluster.add_worker()
        cluster.wait_for_workers()
        expected = desk.sweep("--jobs", "2", days=days, state="local state")
        assert all(run["figures"]["fills"] for run in expected["ranking"])

        killed = desk.start(*cluster.options, "--store", str(tmp_path / "killed.jsonl"), days=days)
        wait_for_results(tmp_path / "killed.jsonl", 3, killed)
        cluster.workers[0].kill()
        ended = desk.ended(killed)
        assert ended.code == ExitCode.OK, f"{ended.err}\n{cluster.logs()}"
        result = ended.json["sweep"]
        for same in ("ranking", "overfit"):
            assert result[same] == expected[same]
        told = desk.seen.read_text()
        assert "OMP_NUM_THREADS" in told and canary.CANARY not in told and str(folder) not in told

        lost = desk.start(*cluster.options, "--store", str(tmp_path / "lost.jsonl"), days=days, state="another state")
        wait_for_results(tmp_path / "lost.jsonl", 3, lost)
        cluster.scheduler.kill()
        ended = desk.ended(lost)
        assert ended.code == ExitCode.DEGRADED, ended.err
        known = ended.json["sweep"]
        assert "went away" in known["lost"] and 3 <= len(known["ranking"]) < len(expected["ranking"])
    again = desk.sweep("--jobs", "2", "--store", str(tmp_path / "lost.jsonl"), days=days, state="another state")
    assert again["from_store"] >= len(known["ranking"])
    assert again["ranking"] == expected["ranking"] and again["overfit"] == expected["overfit"]


@pytest.mark.parametrize(
    ("address", "says"),
    [
        ("127.0.0.1:8786", "an address is tcp://127.0.0.1:8786"),
        ("tcp://127.0.0.1", "an address is tcp://127.0.0.1:8786"),
        ("tcp://127.0.0.1:none", "an address is tcp://127.0.0.1:8786"),
        ("inproc://127.0.0.1:1", "an address is tcp://127.0.0.1:8786"),
        ("tcp://192.0.2.1:8786", "give tls://192.0.2.1:8786 with --tls-ca"),
        ("tcp://[2001:db8::1]:8786", "go through SSH"),
        ("tcp://cluster.example.com:1", "whatever code it is sent"),
        ("tcp://0.0.0.0:8786", "is another machine"),
    ],
)
def test_an_address_that_others_could_listen_on_is_refused(address: str, says: str) -> None:
    for good in ("tcp://127.0.0.1:8786", "tcp://localhost:1", "tcp://[::1]:8786", "tls://192.0.2.1:8786"):
        check_scheduler(Scheduler(address=good))
    with pytest.raises(UsageError) as refused:
        check_scheduler(Scheduler(address=address))
    assert says in str(refused.value)
    with pytest.raises(UsageError, match="belong to tls://"):
        check_scheduler(Scheduler(address="tcp://127.0.0.1:8786", ca=Path("ca.pem")))


@pytest.mark.long
def test_a_worker_that_hangs_is_left_out(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    soon = {"DASK_DISTRIBUTED__SCHEDULER__WORKER_TTL": "3s", "DASK_DISTRIBUTED__WORKER__HEARTBEAT": "1s"}
    with Cluster(tmp_path / "cluster", environ=soon) as cluster:
        for _ in range(2):
            cluster.add_worker()
        cluster.wait_for_workers()
        hanging = desk.start(*cluster.options, "--store", str(tmp_path / "runs.jsonl"), days="3:10")
        wait_for_results(tmp_path / "runs.jsonl", 3, hanging)
        cluster.workers[0].send_signal(signal.SIGSTOP)
        ended = desk.ended(hanging)
        assert ended.code == ExitCode.OK, ended.err
        assert len(ended.json["sweep"]["ranking"]) == 40
    gone = desk.ended(desk.start("--scheduler", cluster.address, days="3:4"))
    assert gone.code == ExitCode.BLOCKED and "cannot be reached" in gone.err


def test_a_scheduler_without_workers_or_with_other_software_is_told(tmp_path: Path) -> None:
    desk, other = Desk(tmp_path), tmp_path / "other"
    other.mkdir()
    shutil.copytree(ROOT / "tradebot", other / "tradebot", ignore=shutil.ignore_patterns("data", "__pycache__"))
    (other / "tradebot" / "data").symlink_to(ROOT / "tradebot" / "data")
    with (other / "tradebot" / "api.py").open("a") as file:
        file.write("# another clone\n")
    with Cluster(tmp_path / "cluster") as cluster:
        nobody = desk.ended(desk.start(*cluster.options, days="3:4"))
        assert nobody.code == ExitCode.BLOCKED, nobody.err
        assert "has no worker. Start one: dask worker tcp://127.0.0.1:" in nobody.err
        cluster.add_worker(PYTHONPATH=str(other))
        cluster.wait_for_workers()
        another = desk.ended(desk.start(*cluster.options, days="3:4"))
    assert another.code == ExitCode.BLOCKED, another.err
    assert "computes with code" in another.err and "Install the same there as here" in another.err
    assert "Traceback" not in nobody.err + another.err

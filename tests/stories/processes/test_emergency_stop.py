"""The emergency stop as a process, whatever is broken around it; the exchange's own file is the proof."""

from __future__ import annotations

import ast
import json
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.cli import Ended, Process, start
from tests.fakes.homes import account_id
from tests.stories.processes.conftest import PATIENCE, Machine, ending, once
from tradebot.core.model.order_ids import client_order_id
from tradebot.core.model.orders import Purpose

CLOSE = ("emergency-stop", "--close-positions", "--json")
HELD = {"AAPL": "31", "GOOG": "10", "MSFT": "87"}
BOUGHT = date(2006, 11, 2)


class Stopped(Machine):
    """A home that holds three positions with a stop each, and an order of the bot's that waits for a lower price."""

    @property
    def bid(self) -> str:
        """The id of the bot's order that waits."""
        key = f"paper:paper:{account_id(self.home)}"
        return client_order_id(key, BOUGHT, "momentum_rotation", "IBM", Purpose.ENTRY, 1)

    @property
    def positions(self) -> dict[str, str]:
        return {row["symbol"]: row["quantity"] for row in self.rows("SELECT symbol, quantity FROM positions")}

    @property
    def live(self) -> list[str]:
        """The client ids of the orders that may still fill."""
        found = self.rows("SELECT client_order_id FROM orders WHERE live = 1 ORDER BY number")
        return [row["client_order_id"] for row in found]

    @property
    def sold(self) -> dict[str, int]:
        """Shares sold by symbol, over all fills."""
        found = self.rows(
            "SELECT o.symbol, sum(a.quantity) AS shares FROM activities a JOIN orders o ON o.number = a.order_number"
            " WHERE a.kind = 'fill' AND o.side = 'sell' GROUP BY o.symbol"
        )
        return {row["symbol"]: int(row["shares"]) for row in found}

    def rows(self, sql: str) -> list[dict[str, Any]]:
        with closing(sqlite3.connect(self.exchange)) as exchange:
            exchange.row_factory = sqlite3.Row
            return [dict(row) for row in exchange.execute(sql)]

    def with_broker(self, fault: str, *arguments: str) -> Process:
        """Begin a command line whose broker fails in one way."""
        return start("tests.fakes.broken_broker", fault, *arguments, cwd=self.home, env=self.environment())

    def stop_with_broker(self, fault: str, *arguments: str) -> Ended:
        return ending(self.with_broker(fault, *CLOSE, *arguments), *CLOSE)

    def queue_entry(self) -> None:
        """An entry of the bot's that rests: as a late run leaves one."""
        program = (
            "from datetime import date; from decimal import Decimal; from pathlib import Path\n"
            "from tradebot.runtime.paper_exchange import open_exchange\n"
            "from tradebot.brokers.paper import PaperBroker\n"
            "from tradebot.core.model.orders import *; from tradebot.settings import GlobalOptions\n"
            "with open_exchange(GlobalOptions(), makes_home=False) as (exchange, _):\n"
            f"    PaperBroker(exchange).submit(OrderRequest('{self.bid}', 'IBM', Side.BUY, Decimal(5),\n"
            "        OrderType.LIMIT, TimeInForce.GTC, limit_price=Decimal(20), stop_loss=Decimal(10)))\n"
        )
        subprocess.run([sys.executable, "-c", program], check=True, env=self.environment(), cwd=self.folder)


@pytest.fixture(scope="session")
def held_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """To be copied, not used."""

    def make(template: Machine) -> None:
        home = Stopped(template.folder)
        assert home("run-daily").code == 0
        home.queue_entry()
        assert (home.positions, home.live[-2:]) == (HELD, [home.bid, f"{home.bid}.stop"])

    return once(tmp_path_factory, "held", make).home


@pytest.fixture
def home(machine: Machine, held_home: Path) -> Stopped:
    shutil.copytree(held_home, machine.home)
    return Stopped(machine.folder)


def assert_flat(home: Stopped, ended: Ended) -> None:
    """Nothing is left, nothing was sold twice, jobs are halted, and the stop said so."""
    assert ended.code == 0, ended.out + ended.err
    assert (home.positions, home.live) == ({}, [])
    assert home.sold == {symbol: int(quantity) for symbol, quantity in HELD.items()}
    assert (home.home / "state" / "HALT").exists()
    lines = ended.json["lines"]
    assert {line["symbol"] for line in lines if line["result"] == "closed"} == set(HELD)
    assert "IBM" in {line["symbol"] for line in lines if line["result"] == "cancelled"}


def test_without_anything_broken(home: Stopped) -> None:
    assert_flat(home, home(*CLOSE))
    again = home(*CLOSE)
    assert (again.code, again.json["lines"]) == (0, [])
    assert home("reconcile", "--json").json["exit_codes"] == [4]
    rows = _audit(home, "emergency_stop")
    assert {row["did"] for row in rows} >= {"began", "cancelled", "closed", "ended with 0"}
    assert home("verify").code == 0


def test_without_closing_only_what_can_open_is_cancelled(home: Stopped) -> None:
    home.env("EMERGENCY_CLOSE_POSITIONS=true")
    ended = home("emergency-stop", "--keep-positions", "--json")
    assert ended.code == 0
    assert home.positions == HELD
    assert home.bid not in home.live
    assert len(home.live) == len(HELD), "the stops stay"
    assert home("emergency-stop", "--json").code == 0
    assert (home.positions, home.live) == ({}, []), "without an option the setting decides"


# --- the ledger --------------------------------------------------------------------------------


def _missing(ledger: Path) -> None:
    ledger.unlink()


def _corrupt(ledger: Path) -> None:
    ledger.write_bytes(ledger.read_bytes()[:4096] + b"\xa5" * 200_000)


@pytest.mark.parametrize("spoil", [_missing, _corrupt])
def test_with_a_ledger_that_cannot_be_read(spoil: Callable[[Path], None], home: Stopped) -> None:
    kept = home.ledger.read_bytes()
    spoil(home.ledger)
    ended = home(*CLOSE)
    assert_flat(home, ended)
    assert [failure["what"] for failure in ended.json["failures"]] == ["ledger"]
    home.ledger.write_bytes(kept)
    assert home("reconcile", "--json").json["exit_codes"] == [4]
    assert {row["did"] for row in _audit(home, "emergency_stop")} >= {"cancelled", "closed"}


def test_without_a_ledger_a_missing_stop_is_armed_where_its_entry_had_it(home: Stopped) -> None:
    """The first stop takes all stops away while MSFT cannot be sold; the second one has to put that one back."""
    assert home.stop_with_broker("cannot-sell-microsoft").code == 9
    assert (home.positions, home.live) == ({"MSFT": "87"}, [])
    home.ledger.unlink()
    ended = home("emergency-stop", "--json")
    assert ended.code == 0, ended.out + ended.err
    (stop,) = home.rows("SELECT symbol, type, quantity, stop_price FROM orders WHERE live = 1")
    (first,) = home.rows(
        "SELECT stop_price FROM orders WHERE symbol = 'MSFT' AND role = 'stop' ORDER BY number LIMIT 1"
    )
    assert stop == {"symbol": "MSFT", "type": "stop", "quantity": "87", "stop_price": first["stop_price"]}


def test_with_a_ledger_that_another_process_holds(home: Stopped) -> None:
    with closing(sqlite3.connect(home.ledger, isolation_level=None)) as other:
        other.execute("PRAGMA locking_mode = EXCLUSIVE")
        other.execute("BEGIN EXCLUSIVE")
        ended = home(*CLOSE)
        assert "locked by another process" in ended.json["failures"][0]["message"]
        other.execute("COMMIT")
    assert_flat(home, ended)
    assert home("reconcile", "--json").json["exit_codes"] == [4]


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="Windows protects files in another way")
def test_with_a_ledger_that_cannot_be_written(home: Stopped) -> None:
    home.ledger.chmod(0o444)
    before = home.ledger.read_bytes()
    process = subprocess.Popen(
        [sys.executable, "-m", "tradebot", *CLOSE],
        cwd=home.folder,
        env=home.environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=_may_no_more_than_its_files_say,
    )
    assert_flat(home, ending(process, *CLOSE))
    assert home.ledger.read_bytes() == before
    home.ledger.chmod(0o644)
    assert home("reconcile", "--json").json["exit_codes"] == [4]


def _may_no_more_than_its_files_say() -> None:
    """root overrides the rights of files; what it starts after this does not."""
    if os.geteuid() == 0 and sys.platform == "linux":
        import ctypes

        bounding_set_drop, may_override, may_search = 24, 1, 2
        for capability in (may_override, may_search):
            ctypes.CDLL(None).prctl(bounding_set_drop, capability, 0, 0, 0)


@pytest.fixture
def small_disk(home: Stopped) -> Iterator[Path]:
    """A disk of its own for the home, where the machine allows it to be mounted."""
    kept = home.folder / "kept"
    home.home.rename(kept)
    home.home.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", str(home.home)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("no disk can be mounted here")
    try:
        shutil.copytree(kept, home.home, dirs_exist_ok=True)
        yield home.home
    finally:
        shutil.copytree(home.home, home.folder / "left", dirs_exist_ok=True)
        subprocess.run(["umount", str(home.home)], check=True)


def test_on_a_full_disk(home: Stopped, small_disk: Path) -> None:
    """The exchange is elsewhere, as every broker is; the home's disk has no byte left, its ledger cannot grow."""
    elsewhere = home.folder / "elsewhere.db"
    shutil.move(home.exchange, elsewhere)
    home.exchange.symlink_to(elsewhere)
    _fill(small_disk)
    ended = home(*CLOSE)
    assert_flat(home, ended)
    assert "journal" not in {failure["what"] for failure in ended.json["failures"]}, "it has its room"
    (small_disk / "ballast").unlink()
    assert home("reconcile", "--json").json["exit_codes"] == [4]
    assert {row["did"] for row in _audit(home, "emergency_stop")} >= {"began", "cancelled", "closed", "ended with 0"}


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_with_a_log_that_cannot_grow(home: Stopped) -> None:
    log = home.home / "logs" / "trading_robot.log"
    log.unlink()
    log.symlink_to("/dev/full")
    ended = home(*CLOSE)
    assert_flat(home, ended)
    assert ended.err.count(f"{log} cannot be written (No space left on device)") == 1
    log.unlink()


def _fill(disk: Path) -> None:
    with (disk / "ballast").open("wb", buffering=0) as ballast:
        for size in (1 << 20, 4096, 1):
            try:
                while True:
                    ballast.write(b"\0" * size)
            except OSError:
                continue


def test_an_empty_reason_is_no_reason_to_wait(home: Stopped) -> None:
    ended = home("emergency-stop", "--reason", " ", "--json")
    assert (ended.code, [halt["reason"] for halt in ended.json["halts"]]) == (0, ["stopped by hand"])


# --- what else may be broken -------------------------------------------------------------------


def test_with_invalid_limits(home: Stopped) -> None:
    home.env("MAX_POSITIONS=none", "MAX_POSTION_SIZE_PCT=3", "DAILY_LOSS_LIMIT_PCT=3", "MIN_ORDER_VALUE=500000")
    ended = home(*CLOSE)
    assert_flat(home, ended)
    for name in ("MAX_POSITIONS", "MAX_POSTION_SIZE_PCT", "DAILY_LOSS_LIMIT_PCT", "MIN_ORDER_VALUE"):
        assert f"{name} " in ended.err
    assert "Going on with the default" in ended.err


@pytest.mark.parametrize("line", ["BROKER=alpacca", "BROKR=alpaca", "BROKER alpaca"])
def test_a_doubt_about_which_account_it_is_stops_at_the_latch(line: str, home: Stopped) -> None:
    home.env(line)
    ended = home(*CLOSE)
    assert ended.code == 3
    assert "the halt is latched" in ended.err
    assert "--account ID" in ended.err
    assert (home.positions, home.bid in home.live) == (HELD, True)
    assert (home.home / "state" / "HALT").exists()
    assert home(*CLOSE, "--account", "PAPER-0002").code == 5
    assert home.positions == HELD
    assert_flat(home, home(*CLOSE, "--account", account_id(home.home)))


def test_another_account_than_the_pinned_one_has_to_be_named(home: Stopped) -> None:
    with closing(sqlite3.connect(home.exchange, isolation_level=None)) as exchange:
        exchange.execute("UPDATE exchange SET account_id = 'PAPER-0007'")
    ended = home(*CLOSE)
    assert ended.code == 5
    assert "the halt is latched" in ended.err
    assert "run this again with --account PAPER-0007" in ended.err
    assert home.positions == HELD
    assert home(*CLOSE, "--account", "PAPER-0007").code == 0
    assert home.positions == HELD, "another account's orders and shares are not the bot's"
    assert home(*CLOSE, "--account", "PAPER-0007", "--include-foreign").code == 0
    assert (home.positions, home.live) == ({}, [])


def test_with_a_job_that_hangs_in_a_strategy(home: Stopped) -> None:
    """It sends nothing, but whether it would is known only when it has gone: 9 until then, and everything done."""
    home.strategy("hangs", "from pathlib import Path", "import time", "", "class Strategy:",
                  "    def signals(self, history, params):", f"        Path({str(home.folder / 'hanging')!r}).touch()",
                  "        time.sleep(600)")  # fmt: skip
    assert home("paper", "next").code == 0
    with _killed(home.start("run-daily", STRATEGIES="hangs")) as job:
        _wait_for(home.folder / "hanging", job)
        ended = home(*CLOSE, EMERGENCY_SHUTDOWN_TIMEOUT="1")
        assert ended.code == 9
        assert (home.positions, home.live) == ({}, [])
        (failure,) = ended.json["failures"]
        assert f"pid {job.pid}, `tradebot run-daily`" in failure["message"]
        assert f"pid {job.pid}" in ended.err, "it says what it waits for"
    assert home(*CLOSE).code == 0


def test_beside_a_job_in_the_middle_of_sending(made: Machine) -> None:
    home = Stopped(made.folder)
    with _killed(home.with_broker("slow-to-send", "run-daily", "--json")) as job:
        _wait_for(home.home / "sending", job)
        ended = home(*CLOSE)
        with closing(sqlite3.connect(home.ledger)) as ledger:
            running = ledger.execute("SELECT job FROM runs WHERE status = 'running'").fetchall()
        assert not running, "it ends only after the job has"
        assert ending(job, "--json").code == 4
    assert ended.code == 0, ended.out + ended.err
    assert (home.positions, home.live) == ({}, [])
    assert len(home.orders()) == 2, "the order that was on its way, and the one that closed it"
    assert home("reconcile", "--json").json["exit_codes"] == [4]


def test_with_an_alert_server_that_never_answers(home: Stopped) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        begun = time.monotonic()
        ended = home(*CLOSE, ALERT_URLS=f"json://127.0.0.1:{port}/")
    assert time.monotonic() - begun < PATIENCE
    assert_flat(home, ended)


# --- the broker --------------------------------------------------------------------------------


def test_with_a_broker_that_fails_the_first_requests(home: Stopped) -> None:
    assert_flat(home, home.stop_with_broker("fails-at-first"))


def test_with_a_broker_that_cannot_cancel_all_at_once(home: Stopped) -> None:
    ended = home.stop_with_broker("cannot-cancel-all", "--include-foreign")
    assert_flat(home, ended)
    assert home("reconcile").code == 4
    assert "cancel of all orders refused" in {row["did"] for row in _audit(home, "emergency_stop")}


def test_with_an_order_that_fills_while_it_is_cancelled(home: Stopped) -> None:
    assert home("paper", "next").code == 0
    program = "UPDATE orders SET limit_price = '1000' WHERE client_order_id = ?"
    with closing(sqlite3.connect(home.exchange, isolation_level=None)) as exchange:
        exchange.execute(program, (home.bid,))
    ended = home.stop_with_broker("fills-while-cancelling")
    assert ended.code == 0, ended.out + ended.err
    assert (home.positions, home.live) == ({}, [])
    assert home.sold == {**{symbol: int(quantity) for symbol, quantity in HELD.items()}, "IBM": 5}
    (line,) = [line for line in ended.json["lines"] if (line["what"], line["symbol"]) == ("position", "IBM")]
    assert (line["result"], line["quantity"]) == ("closed", "5")


def test_with_a_close_that_is_refused_at_first(home: Stopped) -> None:
    assert_flat(home, home.stop_with_broker("rejects-the-first-close"))


def test_with_one_position_that_cannot_be_sold(home: Stopped) -> None:
    ended = home.stop_with_broker("cannot-sell-microsoft")
    assert ended.code == 9
    assert home.positions == {"MSFT": "87"}
    assert home.live == []
    (line,) = [line for line in ended.json["lines"] if line["result"] == "still open"]
    assert (line["symbol"], line["quantity"]) == ("MSFT", "87")
    assert "trading in MSFT is halted" in line["detail"]
    again = home(*CLOSE)
    assert again.code == 0
    assert home.positions == {}


def test_what_does_not_close_is_protected_again_before_it_ends(home: Stopped) -> None:
    (resting,) = home.rows("SELECT quantity, stop_price FROM orders WHERE live = 1 AND symbol = 'MSFT'")
    ended = home.stop_with_broker("refuses-to-close-microsoft")
    assert ended.code == 9
    assert home.positions == {"MSFT": "87"}
    stops = home.rows("SELECT quantity, stop_price FROM orders WHERE live = 1 AND symbol = 'MSFT' AND type = 'stop'")
    assert stops == [resting]
    (line,) = [line for line in ended.json["lines"] if (line["what"], line["result"]) == ("position", "still open")]
    assert line["detail"] == "no market orders in MSFT"
    assert home(*CLOSE).code == 0
    assert (home.positions, home.live) == ({}, [])


def test_cut_short_it_says_that_jobs_are_halted_and_claims_no_more(home: Stopped) -> None:
    with _killed(home.with_broker("cannot-sell-microsoft", "emergency-stop", "--close-positions")) as stop:
        deadline = time.monotonic() + PATIENCE
        while set(home.positions) != {"MSFT"}:
            assert stop.poll() is None, stop.communicate()
            assert time.monotonic() < deadline
            time.sleep(0.01)
        stop.send_signal(signal.SIGINT)
        ended = ending(stop)
    assert ended.code == 130
    assert "stopped by ^C: the halt is latched" in ended.err
    assert "what it sent stays sent; run it again" in ended.err
    assert "nothing new was sent" not in ended.err


# --- looking and rehearsing --------------------------------------------------------------------


def test_a_dry_run_says_all_and_changes_nothing(home: Stopped) -> None:
    before = {path: path.read_bytes() for path in home.home.rglob("*") if path.is_file() and "-shm" not in path.name}
    ended = home(*CLOSE, "--dry-run")
    assert ended.code == 0
    results = {line["symbol"]: line["result"] for line in ended.json["lines"] if line["what"] == "position"}
    assert results == dict.fromkeys(HELD, "would be closed")
    assert {line["result"] for line in ended.json["lines"] if line["what"] == "order"} == {"would be cancelled"}
    after = {path: path.read_bytes() for path in home.home.rglob("*") if path.is_file() and "-shm" not in path.name}
    assert after == before


def test_a_drill_rehearses_everything_and_leaves_the_account_alone(home: Stopped) -> None:
    ended = home("emergency-stop", "--drill", "--json")
    assert ended.code == 0, ended.out + ended.err
    assert (home.positions, home.sold) == (HELD, {})
    assert home.bid in home.live
    assert not (home.home / "state" / "HALT").exists()
    drill = ended.json["drill"]
    assert drill["passed"]
    assert 0 < drill["to_latch"] < drill["to_first_cancel"] < drill["to_flat"]
    assert "position 87 MSFT: closed" in drill["told"]
    (remembered,) = map(json.loads, (home.home / "state" / "drills").read_text().splitlines())
    assert remembered["passed"]
    assert home("run-daily").code == 0, "nothing is halted"


def _audit(home: Machine, kind: str) -> list[dict[str, str]]:
    """The details of the audit rows of a kind, in order."""
    with closing(sqlite3.connect(home.ledger)) as ledger:
        found = ledger.execute("SELECT detail FROM audit WHERE kind = ? ORDER BY seq", (kind,))
        return [json.loads(detail) for (detail,) in found]


def _wait_for(path: Path, process: Process) -> None:
    deadline = time.monotonic() + PATIENCE
    while not path.exists():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline, f"{path} was never there"
        time.sleep(0.01)


@contextmanager
def _killed(process: Process) -> Iterator[Process]:
    with process:
        try:
            yield process
        finally:
            process.kill()


def test_it_loads_nothing_that_is_slow_or_may_be_broken(home: Stopped) -> None:
    """Alerts, where there are any channels, are delivered when all is done and said."""
    program = "import sys; from tradebot.__main__ import main; main(['emergency-stop']); print(sorted(sys.modules))"
    quiet = {name: value for name, value in home.environment().items() if not name.startswith(("ALERT", "EMAIL"))}
    finished = subprocess.run(
        [sys.executable, "-c", program], env=quiet, cwd=home.folder, capture_output=True, text=True
    )
    loaded = set(ast.literal_eval(finished.stdout.splitlines()[-1]))
    heavy = {"pandas", "numpy", "sqlite_utils", "talib", "empyrical", "apprise", "requests"}
    assert sorted(loaded & {*heavy, "strategies", "tradebot.plugins", "tradebot.runtime.open_desk"}) == []

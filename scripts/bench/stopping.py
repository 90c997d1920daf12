"""The duration of an emergency stop.

python scripts/bench/stopping.py [--runs 15] [--broker alpaca]

On the embedded exchange: the whole process as a ratio to a minimal Typer program, and the time until the latch is on
the disk. With --broker alpaca, at a fake of Alpaca on this machine: the time until the response to the first cancel,
and the number of reads before it.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import takewhile
from pathlib import Path
from shutil import rmtree
from statistics import median
from zoneinfo import ZoneInfo

import requests

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from scripts.bench.measure import FLOOR, in_turns, once, prepare, show, tradebot
from tests.fakes.alpaca import KEY_ID, SECRET_KEY
from tests.fakes.alpaca.process import Running, running
from tradebot.core.model.order_ids import client_order_id
from tradebot.core.model.orders import Purpose
from tradebot.home import paths
from tradebot.home.halt_file import LatchFile
from tradebot.home.stop_journal import finished_stops

FLOOR_NAME = "a Typer program (the floor)"
OPEN = datetime(2006, 11, 2, 10, tzinfo=ZoneInfo("America/New_York"))


def main() -> None:
    """Measure, and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=15)
    parser.add_argument("--broker", choices=("paper", "alpaca"), default="paper")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        measure = at_alpaca if options.broker == "alpaca" else at_the_embedded_exchange
        measure(folder, options.runs)


def at_the_embedded_exchange(folder: str, runs: int) -> None:
    """Measure stops on the embedded exchange."""
    env = {"TRADEBOT_STATE_DIR": f"{folder}/user"}
    traded, stopped, latched = f"{folder}/traded", f"{folder}/stopped", f"{folder}/latched"
    for home in (traded, stopped, latched):
        prepare(tradebot("run-daily", "--home", home), env)
    show(
        in_turns(
            {
                FLOOR_NAME: FLOOR,
                "tradebot status": tradebot("status", "--home", traded),
                "tradebot emergency-stop": tradebot("emergency-stop", "--home", stopped),
                "tradebot emergency-stop --close-positions": tradebot(
                    "emergency-stop", "--close-positions", "--home", stopped
                ),
            },
            runs,
            env,
        )
    )
    measured = [time_to_latch(Path(latched), env) for _ in range(runs)]
    print("milliseconds to the latch on the disk, median and worst:")
    show_times("from the start of the process", [of_process for of_process, _ in measured])
    show_times("from the start of the command", [of_work for _, of_work in measured])


def at_alpaca(folder: str, runs: int) -> None:
    """Measure stops at the fake of Alpaca."""
    with fake_alpaca(folder) as (alpaca, home, env, account):
        floor, to_cancel, reads = [], [], 0
        for attempt in range(1, runs + 1):
            rest_an_entry(alpaca, account, attempt)
            before = len(alpaca.requests())
            floor.append(once(FLOOR).seconds)
            to_cancel.append(time_to_first_cancel(home, env))
            asked = alpaca.requests()[before:]
            reads = len(list(takewhile(lambda request: request["method"] == "GET", asked)))
    ratios = [cancel / alone for cancel, alone in zip(to_cancel, floor, strict=True)]
    print("milliseconds from the start of the process, median and worst:")
    show_times(FLOOR_NAME, floor)
    show_times("emergency-stop to the response to its first cancel", to_cancel)
    print(f"times the floor: {median(ratios):.2f} ({max(ratios):.2f} at worst); {reads} reads before it")


@contextmanager
def fake_alpaca(folder: str) -> Iterator[tuple[Running, Path, dict[str, str], str]]:
    """A fake of Alpaca, a home that has traded there, its environment, and its account key."""
    with running(Path(folder, "alpaca"), "--start", OPEN.date().isoformat()) as alpaca:
        alpaca.go_to(OPEN)
        env = {
            "TRADEBOT_STATE_DIR": f"{folder}/user",
            "TRADEBOT_NOW": OPEN.isoformat(),
            "BROKER": "alpaca",
            "ALPACA_API_KEY": KEY_ID,
            "ALPACA_SECRET_KEY": SECRET_KEY,
            "ALPACA_BASE_URL": alpaca.url,
            "ALPACA_DATA_URL": alpaca.url,
        }
        home = Path(folder, "home")
        account = json.loads(prepare(tradebot("run-daily", "--json", "--home", str(home)), env))["account_id"]
        yield alpaca, home, env, f"alpaca:paper:{account}"


def rest_an_entry(alpaca: Running, account_key: str, attempt: int) -> None:
    """Place an entry of the bot that rests below the market."""
    order = {
        "client_order_id": client_order_id(account_key, OPEN.date(), "bench", "IBM", Purpose.ENTRY, attempt),
        **{"symbol": "IBM", "side": "buy", "qty": "1", "type": "limit", "limit_price": "20", "time_in_force": "gtc"},
    }
    keys = {"APCA-API-KEY-ID": KEY_ID, "APCA-API-SECRET-KEY": SECRET_KEY}
    requests.post(f"{alpaca.url}/v2/orders", json=order, headers=keys, timeout=10).raise_for_status()


def time_to_latch(home: Path, env: dict[str, str]) -> tuple[float, float]:
    """Seconds to the latch on the disk: from the start of the process, and from the start of the command."""
    latch = home / "state" / "HALT"
    latch.unlink(missing_ok=True)
    started = time.time()
    output = prepare(tradebot("emergency-stop", "--json", "--home", str(home)), env)
    return latch.stat().st_mtime - started, json.loads(output)["timings"]["latched"]


def time_to_first_cancel(home: Path, env: dict[str, str]) -> float:
    """Seconds from the start of the process to the response to its first cancel.

    The process runs at a fixed time (TRADEBOT_NOW). Its record of the latch, which also has a time of this machine,
    gives the offset between the clocks.
    """
    latch = paths.latch_file(home)
    latch.unlink(missing_ok=True)
    rmtree(paths.stops_folder(home))
    started = time.time()
    prepare(tradebot("emergency-stop", "--home", str(home)), env)
    (halt,), (journal,) = LatchFile(latch).read(), finished_stops(home, datetime.now(UTC))
    cancelled = next(entry.at for entry in journal.entries if entry.did == "cancel asked for")
    assert halt.since is not None, "a stop writes when it latched"
    return latch.stat().st_mtime - started + (cancelled - halt.since).total_seconds()


def show_times(name: str, seconds: Sequence[float]) -> None:
    """Print the median and the maximum in milliseconds."""
    print(f"  {name:<46} {1000 * median(seconds):>7.0f} {1000 * max(seconds):>7.0f}")


if __name__ == "__main__":
    main()

"""The duration of an emergency stop.

python scripts/bench/stopping.py [--runs 15] [--broker alpaca|robinhood]

On the embedded exchange: the whole process as a ratio to a minimal Typer program, and the time until the latch is on
the disk. With --broker alpaca, at a fake of Alpaca on this machine: the time until the first cancel is at the server,
and the number of reads before it. With --broker robinhood the same at a fake of Robinhood, beside that of Alpaca in the
same run, and the ratio of both.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from decimal import Decimal
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
from tests.fakes.robinhood import process as robinhood
from tradebot.brokers.robinhood.auth.token_file import TokenFile
from tradebot.brokers.robinhood.auth.tokens import Tokens
from tradebot.brokers.robinhood.broker.order_payloads import OrderPlace, order_body
from tradebot.core.model.order_ids import client_order_id
from tradebot.core.model.orders import OrderRequest, OrderType, Purpose, Side, TimeInForce
from tradebot.home import paths
from tradebot.home.sent_orders import record_sent_order

FLOOR_NAME = "a Typer program (the floor)"
OPEN = datetime(2006, 11, 2, 10, tzinfo=ZoneInfo("America/New_York"))


def main() -> None:
    """Measure, and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=15)
    parser.add_argument("--broker", choices=("paper", "alpaca", "robinhood"), default="paper")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        measures = {"paper": at_the_embedded_exchange, "alpaca": at_alpaca, "robinhood": at_robinhood}
        measures[options.broker](folder, options.runs)


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
            to_cancel.append(time_to_first_cancel(alpaca, home, env))
            asked = alpaca.requests()[before:]
            reads = len(list(takewhile(lambda request: request["method"] == "GET", asked)))
    ratios = [cancel / alone for cancel, alone in zip(to_cancel, floor, strict=True)]
    print("milliseconds from the start of the process, median and worst:")
    show_times(FLOOR_NAME, floor)
    show_times("emergency-stop until its first cancel is at the server", to_cancel)
    print(f"times the floor: {median(ratios):.2f} ({max(ratios):.2f} at worst); {reads} reads before it")


def at_robinhood(folder: str, runs: int) -> None:
    """Measure stops at the fakes of Robinhood and of Alpaca in turns."""
    with (
        fake_alpaca(f"{folder}/a") as (alpaca, alpaca_home, alpaca_env, alpaca_account),
        fake_robinhood(f"{folder}/r") as (server, home, env, number),
    ):
        there, here, reads = [], [], 0
        for attempt in range(1, runs + 1):
            rest_an_entry(alpaca, alpaca_account, attempt)
            there.append(time_to_first_cancel(alpaca, alpaca_home, alpaca_env))
            rest_an_entry_at_robinhood(server, home, number, attempt)
            before = len(server.requests())
            here.append(time_to_first_cancel(server, home, env))
            asked = server.requests()[before:]
            reads = len(list(takewhile(lambda request: request["method"] == "GET", asked)))
    ratios = [own / other for own, other in zip(here, there, strict=True)]
    print("milliseconds from the start of the process until its first cancel is at the server, median and worst:")
    show_times("at Alpaca", there)
    show_times("at Robinhood", here)
    print(f"times that of Alpaca: {median(ratios):.2f} ({max(ratios):.2f} at worst); {reads} reads before it")


@contextmanager
def fake_robinhood(folder: str) -> Iterator[tuple[robinhood.Running, Path, dict[str, str], str]]:
    """A fake of Robinhood, a home that has traded there, its environment, and the number of its account."""
    with robinhood.running(Path(folder, "robinhood"), "--start", OPEN.date().isoformat()) as server:
        server.go_to(OPEN)
        pair, state = server.grant(), Path(folder, "user")
        tokens = Tokens(
            access=pair["access_token"],
            refresh=pair["refresh_token"],
            device=pair["device_token"],
            obtained_at=OPEN,
            expires_at=OPEN + timedelta(days=8),
        )
        TokenFile(state, "", server.url).write(tokens)
        headers = {"Authorization": f"Bearer {tokens.access}"}
        listed = requests.get(f"{server.url}/accounts/", headers=headers, timeout=10).json()["results"]
        number = listed[0]["account_number"]
        env = {
            "TRADEBOT_STATE_DIR": str(state),
            "TRADEBOT_NOW": OPEN.isoformat(),
            "BROKER": "robinhood",
            "TRADING_MODE": "live",
            "LIVE_TRADING_ENABLED": "true",
            "ROBINHOOD_BASE_URL": server.url,
            "ROBINHOOD_ACCOUNT": number,
        }
        home = Path(folder, "home")
        prepare(tradebot("run-daily", "--json", "--home", str(home)), env)
        yield server, home, env, number


def rest_an_entry_at_robinhood(server: robinhood.Running, home: Path, number: str, attempt: int) -> None:
    """Place an entry of the bot that rests below the market, as the adapter would."""
    headers = {"Authorization": f"Bearer {server.grant()['access_token']}"}

    def read(path: str) -> dict[str, str]:
        rows = requests.get(f"{server.url}{path}", headers=headers, timeout=10).json()["results"]
        row: dict[str, str] = rows[0]
        return row

    last = Decimal(read("/quotes/?symbols=IBM")["last_trade_price"])
    key = f"robinhood:live:{number}"
    request = OrderRequest(
        client_order_id=client_order_id(key, OPEN.date(), "bench", "IBM", Purpose.ENTRY, attempt),
        symbol="IBM",
        side=Side.BUY,
        quantity=Decimal(1),
        type=OrderType.LIMIT,
        time_in_force=TimeInForce.GTC,
        limit_price=round(last * Decimal("0.97"), 2),
    )
    record_sent_order(paths.sent_orders_file(home), request, OPEN)
    place = OrderPlace(f"{server.url}/accounts/{number}/", read("/instruments/?symbol=IBM")["url"])
    body = order_body(request, place)
    requests.post(f"{server.url}/orders/", json=body, headers=headers, timeout=10).raise_for_status()


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


def time_to_first_cancel(server: Running | robinhood.Running, home: Path, env: dict[str, str]) -> float:
    """Seconds from the start of the process until its first cancel was at the server."""
    paths.latch_file(home).unlink(missing_ok=True)
    rmtree(paths.stops_folder(home), ignore_errors=True)
    before, started = len(server.requests()), time.time()
    prepare(tradebot("emergency-stop", "--home", str(home)), env)
    cancels = (float(request["at"]) for request in server.requests()[before:] if request["method"] != "GET")
    return next(cancels) - started


def show_times(name: str, seconds: Sequence[float]) -> None:
    """Print the median and the maximum in milliseconds."""
    print(f"  {name:<46} {1000 * median(seconds):>7.0f} {1000 * max(seconds):>7.0f}")


if __name__ == "__main__":
    main()

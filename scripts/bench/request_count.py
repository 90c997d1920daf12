"""The requests of run-daily to a fake of a broker on this machine, by route, and its wall and processor seconds.

The cases are few and many symbols, a cold and a warm cache of bars, and ten orders and none.

python scripts/bench/request_count.py [--broker alpaca|robinhood] [--symbols 50 500]
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass
from datetime import date
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from scripts.bench.measure import Run, once, tradebot
from tests.stories.processes.wide import FRIDAY, MONDAY, THURSDAY, TUESDAY, WideHome, wide_home

ORDERS = ("POST /v2/orders", "POST /orders/")
#: The session of each case, in order, and whether the cache is emptied before it.
CASES = {
    "cold, orders": (MONDAY, True),
    "warm, orders": (TUESDAY, False),
    "cold, none": (THURSDAY, True),
    "warm, none": (FRIDAY, False),
}


@dataclass(frozen=True, slots=True)
class Measured:
    """One run and its requests."""

    requests: Counter[str]  # by route
    run: Run


def main() -> None:
    """Measure, and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--symbols", type=int, nargs="+", default=[50, 500])
    parser.add_argument("--broker", choices=("alpaca", "robinhood"), default="alpaca")
    options = parser.parse_args()
    counts: list[int] = options.symbols
    measured: dict[str, Measured] = {}
    with tempfile.TemporaryDirectory() as folder:
        for count in counts:
            with wide_home(Path(folder, str(count)), count, options.broker) as home:
                for case, (session, empties) in CASES.items():
                    measured[f"{count}, {case}"] = trade(home, session, empties=empties)
    show(measured)


def trade(home: WideHome, session: date, *, empties: bool) -> Measured:
    """Trade a session in its own process; ``empties`` empties the cache of bars first."""
    home.open(session)
    if empties:
        home.forget_prices()
    with home.counting() as counted:
        run = once(tradebot("run-daily", "--home", str(home.home)), home.environment)
    return Measured(counted, run)


def show(measured: dict[str, Measured]) -> None:
    """Print a table of the cases and one of the routes."""
    print(
        f"{'symbols, cache, orders':<24} {'requests':>9} {'orders':>7} {'besides':>8} {'seconds':>8} {'cpu':>6}  code"
    )
    for name, each in measured.items():
        total, orders = each.requests.total(), sum(each.requests[route] for route in ORDERS)
        print(
            f"{name:<24} {total:>9} {orders:>7} {total - orders:>8} {each.run.seconds:>8.2f} {each.run.cpu:>6.2f}"
            f"  {each.run.exit_code:>4}"
        )
    print()
    print(f"{'route':<40}" + "".join(f"{name:>19}" for name in measured))
    for route in sorted({route for each in measured.values() for route in each.requests}):
        print(f"{route:<40}" + "".join(f"{each.requests[route]:>19}" for each in measured.values()))


if __name__ == "__main__":
    main()

"""How much run-daily asks of Alpaca, which is played on this machine: requests by route, and seconds of the clock and
of the processor, for few symbols and for many, with nothing kept of earlier answers and with what the session before
left, with ten orders and with none.

python scripts/bench/request_count.py [--symbols 50 500]
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

ORDER = "POST /v2/orders"
#: The session of each case, in the order of time, and whether what was fetched before it is forgotten.
CASES = {
    "cold, orders": (MONDAY, True),
    "warm, orders": (TUESDAY, False),
    "cold, none": (THURSDAY, True),
    "warm, none": (FRIDAY, False),
}


@dataclass(frozen=True, slots=True)
class Seen:
    """One run: its requests by route, and what the process took."""

    requests: Counter[str]
    run: Run


def main() -> None:
    """Count the requests of run-daily at a fake Alpaca, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--symbols", type=int, nargs="+", default=[50, 500])
    counts: list[int] = parser.parse_args().symbols
    seen: dict[str, Seen] = {}
    with tempfile.TemporaryDirectory() as folder:
        for count in counts:
            with wide_home(Path(folder, str(count)), count) as home:
                for case, (session, forgets) in CASES.items():
                    seen[f"{count}, {case}"] = trade(home, session, forgets=forgets)
    show(seen)


def trade(home: WideHome, session: date, *, forgets: bool) -> Seen:
    """Trade a session in a process of its own."""
    home.open(session)
    if forgets:
        home.forget_prices()
    with home.counting() as counted:
        run = once(tradebot("run-daily", "--home", str(home.home)), home.environment)
    return Seen(counted, run)


def show(seen: dict[str, Seen]) -> None:
    """Print a row for each case and, below, one for each route."""
    print(
        f"{'symbols, cache, orders':<24} {'requests':>9} {'orders':>7} {'besides':>8} {'seconds':>8} {'cpu':>6}  code"
    )
    for name, each in seen.items():
        total, orders = each.requests.total(), each.requests[ORDER]
        print(
            f"{name:<24} {total:>9} {orders:>7} {total - orders:>8} {each.run.seconds:>8.2f} {each.run.cpu:>6.2f}"
            f"  {each.run.exit_code:>4}"
        )
    print()
    print(f"{'route':<40}" + "".join(f"{name:>19}" for name in seen))
    for route in sorted({route for each in seen.values() for route in each.requests}):
        print(f"{route:<40}" + "".join(f"{each.requests[route]:>19}" for each in seen.values()))


if __name__ == "__main__":
    main()

"""Time and memory of `report --period all` over long histories, against one pass that reads the same rows as Decimal.

python scripts/bench/report.py                          100,000, 300,000 and 1,000,000 fills
python scripts/bench/report.py --fills 100000 ...       other numbers

The rows are made up: two fills in and two out for every round trip, over twenty years, with their lot closures and the
equity of each session. The floor reads what the report needs of each fill with its order and of each lot closure, once,
and makes every number a Decimal. Exit code 1 where the report takes more than twice the floor, or more than 100 MB.
"""

from __future__ import annotations

import argparse
import os
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import closing
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FIRST, DAYS, SYMBOLS = date(1985, 1, 2), 7000, 40
ALLOWED_RATIO, ALLOWED_MB = 2.0, 100.0
FLOOR = """
import sqlite3, sys
from decimal import Decimal
connection = sqlite3.connect(sys.argv[1])
fills = (
    "SELECT fill_id, fill.symbol, fill.strategy, fill.side, at, intent.planned_price, intent.sent_price,"
    " fill.quantity, price, fee FROM fills AS fill LEFT JOIN orders AS intent"
    " ON intent.account_key = fill.account_key AND intent.client_order_id = fill.client_order_id"
)
for *_, planned, sent, quantity, price, fee in connection.execute(fills):
    Decimal(quantity), Decimal(price), Decimal(fee), Decimal(planned or 0), Decimal(sent or 0)
trades = (
    "SELECT trade_id, strategy, symbol, side, opened_at, closed_at, exit_session,"
    " quantity, entry_price, exit_price, fees, pnl FROM trades"
)
for *_, quantity, entry, exit_price, fees, pnl in connection.execute(trades):
    Decimal(quantity), Decimal(entry), Decimal(exit_price), Decimal(fees), Decimal(pnl)
"""


def main() -> int:
    """Measure each history and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--fills", type=int, nargs="+", default=[100_000, 300_000, 1_000_000])
    too_much = False
    print("| fills | report s | floor s | ratio | peak MB |\n|---|---|---|---|---|")
    for fills in parser.parse_args().fills:
        with tempfile.TemporaryDirectory(prefix="report-") as folder:
            home = Path(folder) / "home"
            _tradebot(home, "run-daily")
            _write(home / "trading_robot.db", fills)
            _, _ = _tradebot(home, "report", "--period", "all")  # warms the caches of the machine
            report, peak = _tradebot(home, "report", "--period", "all")
            floor, _ = _measured([sys.executable, "-c", FLOOR, str(home / "trading_robot.db")], home)
        ratio = report / floor
        too_much = too_much or (fills >= 1_000_000 and (ratio > ALLOWED_RATIO or peak > ALLOWED_MB))
        print(f"| {fills:,} | {report:.2f} | {floor:.2f} | {ratio:.2f} | {peak:.0f} |", flush=True)
    return int(too_much)


def _tradebot(home: Path, *arguments: str) -> tuple[float, float]:
    home.mkdir(exist_ok=True)
    return _measured([sys.executable, "-m", "tradebot", *arguments, "--home", str(home)], home)


def _measured(command: list[str], home: Path) -> tuple[float, float]:
    """CPU seconds and peak memory in MB of a command."""
    user = home.parent / "user"
    env = {**os.environ, "PYTHONPATH": str(ROOT), "TRADEBOT_STATE_DIR": str(user), "TRADEBOT_HOME": str(home)}
    process = subprocess.Popen(command, env=env, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    _, status, used = os.wait4(process.pid, 0)
    if os.waitstatus_to_exitcode(status) not in (0, 11):
        assert process.stderr is not None
        raise SystemExit(process.stderr.read().decode())
    return used.ru_utime + used.ru_stime, used.ru_maxrss / 1024


def _write(ledger: Path, fills: int) -> None:
    with closing(sqlite3.connect(ledger)) as connection, connection:
        connection.execute("DROP TRIGGER openings_no_delete")
        connection.execute("DELETE FROM openings")  # so that the bridge begins with the history
        connection.execute("UPDATE accounts SET opening = 'none'")
        (account,) = connection.execute("SELECT account_key FROM accounts").fetchone()
        (number,) = connection.execute("SELECT activities FROM accounts").fetchone()
        names = (
            "account_key, number, fill_id, broker_order_id, client_order_id, symbol, side, quantity, price, fee, at,"
            " session, strategy, booked_at, reverses"
        )
        _insert(connection, "fills", names, _fills(account, number, fills))
        names = (
            "account_key, trade_id, strategy, symbol, side, quantity, entry_price, exit_price, fees, pnl, opened_at,"
            " closed_at, entry_session, exit_session, exit_reason"
        )
        _insert(connection, "trades", names, _closures(account, fills))
        names = "account_key, session, at, equity, cash, long_value, short_value, last_equity, unprotected"
        points = ((account, _day(n), _at(n, 20), "100000", "100000", "0", "0", "100000", "0") for n in range(DAYS))
        _insert(connection, "equity", names, points)


def _insert(connection: sqlite3.Connection, table: str, names: str, rows: Iterable[tuple[object, ...]]) -> None:
    """Insert rows after those of the table."""
    (newest,) = connection.execute(f"SELECT COALESCE(MAX(seq), 0) FROM {table}").fetchone()
    slots = ", ".join("?" * (names.count(",") + 2))
    numbered = ((seq, *row) for seq, row in enumerate(rows, start=newest + 1))
    connection.executemany(f"INSERT INTO {table} (seq, {names}) VALUES ({slots})", numbered)


def _fills(account: str, number: int, fills: int) -> Iterator[tuple[object, ...]]:
    for n in range(fills):
        trip, part = divmod(n, 4)
        day = trip * DAYS // (fills // 4 + 1)
        at, side, price = (
            _at(day, 14 + part),
            ("buy", "sell")[part >= 2],
            _price(trip, ("25.1", "25.2", "25.4", "25.05")[part]),
        )
        symbol, order = f"H{trip % SYMBOLS}", f"made-up-{trip}-{part // 2}"
        row = (account, number + 1 + n, f"M{n:09}", f"o{n}", order, symbol, side, "10", price, "1", at, _day(day))
        yield (*row, f"strategy_{trip % 3}", at, None)


def _closures(account: str, fills: int) -> Iterator[tuple[object, ...]]:
    for trip in range(fills // 4):
        day = trip * DAYS // (fills // 4 + 1)
        for part, (entry, out, pnl) in enumerate((("25.1", "25.4", "1"), ("25.2", "25.05", "-3.5"))):
            ids = f"M{trip * 4 + part:09}/M{trip * 4 + part + 2:09}"
            times = (_at(day, 14 + part), _at(day, 16 + part), _day(day), _day(day))
            strategy, symbol = f"strategy_{trip % 3}", f"H{trip % SYMBOLS}"
            yield (
                account,
                ids,
                strategy,
                symbol,
                "buy",
                "10",
                _price(trip, entry),
                _price(trip, out),
                "2",
                pnl,
                *times,
                "exit signal",
            )


def _price(trip: int, price: str) -> str:
    """Prices differ from trip to trip."""
    return str(Decimal(price) + Decimal(trip % 9973) / 100)


def _day(number: int) -> str:
    return (FIRST + timedelta(days=number)).isoformat()


def _at(number: int, hour: int) -> str:
    return f"{_day(number)}T{hour}:35:00.000000Z"


if __name__ == "__main__":
    sys.exit(main())

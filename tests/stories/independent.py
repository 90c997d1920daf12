"""The figures of an account, worked out a second time from the raw rows of its ledger.

Nothing here imports tradebot. Rows come from SQLite, the ratios from empyrical-reloaded, the arithmetic is the file's
own: round trips run flat to flat by strategy and symbol, tax lots first in, first out by symbol.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections import Counter, defaultdict, deque
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import empyrical
import pandas as pd
import pytest

Row = dict[str, Any]
ZERO = Decimal(0)


def rows(ledger: Path, table: str, order: str = "seq") -> list[Row]:
    """All rows of a table."""
    with closing(sqlite3.connect(ledger)) as connection:
        connection.row_factory = sqlite3.Row
        return [dict(row) for row in connection.execute(f"SELECT * FROM {table} ORDER BY {order}")]


@dataclass
class RoundTrip:
    """What a strategy did in a symbol from flat to flat."""

    strategy: str
    symbol: str
    opened: str
    closed: str = ""
    paid: Decimal = ZERO
    received: Decimal = ZERO
    fees: Decimal = ZERO
    fills: int = 0
    shares: Decimal = field(default=ZERO)  # that are held now

    @property
    def pnl(self) -> Decimal:
        return self.received - self.paid - self.fees


def round_trips(ledger: Path) -> list[RoundTrip]:
    """The round trips that have ended, in the order of their ends. Splits pay no cash for fractions here."""
    happened = [*rows(ledger, "fills"), *rows(ledger, "corporate_actions")]
    under_way: dict[tuple[str, str], RoundTrip] = {}
    ended = []
    for row in sorted(happened, key=lambda row: (row["at"], row["number"])):
        if "ratio" in row:
            for trip in under_way.values():
                if trip.symbol == row["symbol"]:
                    trip.shares *= Decimal(row["ratio"])
            continue
        key = row["strategy"], row["symbol"]
        trip = under_way.setdefault(key, RoundTrip(*key, opened=row["session"]))
        shares, price = Decimal(row["quantity"]), Decimal(row["price"])
        trip.fills += 1
        trip.fees += Decimal(row["fee"])
        if row["side"] == "buy":
            trip.shares += shares
            trip.paid += shares * price
        else:
            trip.shares -= shares
            trip.received += shares * price
        if trip.shares == 0:
            trip.closed = row["session"]
            ended.append(under_way.pop(key))
    return ended


def totals(trips: Iterable[RoundTrip]) -> dict[str, Any]:
    """The sums of round trips under the names of the report."""
    results = [trip.pnl for trip in trips]
    won = sum((pnl for pnl in results if pnl > 0), ZERO)
    lost = -sum((pnl for pnl in results if pnl < 0), ZERO)
    return {
        "trades": len(results),
        "wins": sum(pnl > 0 for pnl in results),
        "losses": sum(pnl < 0 for pnl in results),
        "gross_profit": won,
        "gross_loss": lost,
        "fees": sum((trip.fees for trip in trips), ZERO),
        "best": max(results, default=None),
        "worst": min(results, default=None),
        "pnl": won - lost,
        "win_rate": Decimal(sum(pnl > 0 for pnl in results)) / len(results) if results else None,
        "profit_factor": won / lost if lost else None,
    }


def by_strategy(trips: Iterable[RoundTrip]) -> dict[str, dict[str, Any]]:
    """The sums of each strategy's round trips."""
    grouped: dict[str, list[RoundTrip]] = defaultdict(list)
    for trip in trips:
        grouped[trip.strategy].append(trip)
    return {strategy: totals(group) for strategy, group in grouped.items()}


def closing_equity(ledger: Path) -> dict[str, Decimal]:
    """The last equity of each session."""
    return {row["session"]: Decimal(row["equity"]) for row in rows(ledger, "equity")}


def daily_returns(ledger: Path, base: Decimal, first_flow_after: str = "") -> pd.Series:
    """The return of each session; money that came or went in a session counts from its beginning.

    ``base`` is the equity before the first session; flows up to ``first_flow_after`` are part of it.
    """
    flows: dict[str, Decimal] = defaultdict(Decimal)
    for event in rows(ledger, "cash_events"):
        if event["kind"] in ("deposit", "withdrawal") and event["session"] > first_flow_after:
            flows[event["session"]] += Decimal(event["amount"])
    returns = {}
    before = base
    for session, equity in closing_equity(ledger).items():
        returns[session] = float(equity / (before + flows[session])) - 1
        before = equity
    return pd.Series(list(returns.values()), index=pd.to_datetime(list(returns)))


def ratios(returns: pd.Series) -> dict[str, float]:
    """The ratios of a series of daily returns, as empyrical computes them, under the names of the report."""
    return {
        "total_return": float(empyrical.cum_returns_final(returns)),
        "max_drawdown": float(empyrical.max_drawdown(returns)),
        "sharpe": float(empyrical.sharpe_ratio(returns)),
        "sortino": float(empyrical.sortino_ratio(returns)),
    }


def monthly_returns(returns: pd.Series) -> dict[str, float]:
    """The compounded return of each month, "2007-01"."""
    months: dict[str, float] = defaultdict(lambda: 1.0)
    for session, value in returns.items():
        months[str(session)[:7]] *= 1 + float(value)
    return {month: grown - 1 for month, grown in months.items()}


def unrealised(ledger: Path) -> dict[str, Decimal]:
    """What the open shares of each strategy have earned at the newest closing prices, first in, first out, no fees."""
    prices = json.loads(rows(ledger, "closes")[-1]["prices"])
    happened = [*rows(ledger, "fills"), *rows(ledger, "corporate_actions")]
    held: dict[tuple[str, str], deque[list[Decimal]]] = defaultdict(deque)  # shares, price
    for row in sorted(happened, key=lambda row: (row["at"], row["number"])):
        if "ratio" in row:
            for lot in (lot for key, lots in held.items() if key[1] == row["symbol"] for lot in lots):
                lot[0] *= Decimal(row["ratio"])
                lot[1] /= Decimal(row["ratio"])
            continue
        lots, shares = held[row["strategy"], row["symbol"]], Decimal(row["quantity"])
        if row["side"] == "buy":
            lots.append([shares, Decimal(row["price"])])
            continue
        while shares:
            sold = min(shares, lots[0][0])
            lots[0][0] -= sold
            shares -= sold
            if lots[0][0] == 0:
                lots.popleft()
    earned: dict[str, Decimal] = {}
    for (strategy, symbol), lots in held.items():
        for shares, price in lots:
            earned[strategy] = earned.get(strategy, ZERO) + shares * (Decimal(prices[symbol]) - price)
    return earned


@dataclass(frozen=True)
class TaxLot:
    """Shares that were bought and sold, first in, first out."""

    symbol: str
    shares: Decimal
    acquired: str
    sold: str
    gain: Decimal  # after the fees of both ends, not rounded


def tax_lots(ledger: Path) -> list[TaxLot]:
    """The realised lots of a long account, whoever traded."""
    happened = [*rows(ledger, "fills"), *rows(ledger, "corporate_actions")]
    held: dict[str, deque[list[Any]]] = defaultdict(deque)  # shares, cost of a share with its fee, session
    realised = []
    for row in sorted(happened, key=lambda row: (row["at"], row["number"])):
        lots = held[row["symbol"]]
        if "ratio" in row:
            for lot in lots:
                lot[0] *= Decimal(row["ratio"])
                lot[1] /= Decimal(row["ratio"])
            continue
        shares, price, fee = (Decimal(row[name]) for name in ("quantity", "price", "fee"))
        each = fee / shares
        if row["side"] == "buy":
            lots.append([shares, price + each, row["session"]])
            continue
        while shares:
            lot = lots[0]
            sold = min(shares, lot[0])
            realised.append(TaxLot(row["symbol"], sold, lot[2], row["session"], sold * (price - each - lot[1])))
            lot[0] -= sold
            shares -= sold
            if lot[0] == 0:
                lots.popleft()
    return realised


def compare(said: Row, ledger: Path, base: Decimal) -> None:
    """Compare what `report --period all --json` says with the figures of this file.

    Money is compared to the cent's last digit, ratios to 1e-9. ``base`` is the equity before the first session.
    """
    trips = round_trips(ledger)
    _same_totals(said["totals"], totals(trips))
    assert set(said["by_strategy"]) == {trip.strategy for trip in trips}
    for strategy, expected in by_strategy(trips).items():
        _same_totals(said["by_strategy"][strategy], expected)
    told = [(trade["strategy"], trade["symbol"], Decimal(trade["pnl"])) for trade in said["trades"]]
    assert sorted(told) == sorted((trip.strategy, trip.symbol, trip.pnl) for trip in trips)
    returns = daily_returns(ledger, base, said["first"])
    for name, value in ratios(returns).items():
        assert said["statistics"][name]["value"] == pytest.approx(value, rel=1e-9), name
    _same_months(said, ledger, trips, returns)
    told_open = {name: Decimal(amount) for name, amount in said["unrealised_by_strategy"].items()}
    assert told_open == pytest.approx(unrealised(ledger), abs=Decimal("1e-9"))
    assert Decimal(said["unrealised"]) == pytest.approx(sum(told_open.values(), ZERO))


def compare_taxes(year: int, form: Iterable[Row], ledger: Path) -> None:
    """Compare the rows of `export --tax` for a year with the lots of this file.

    Rows hold whole cents. The gain is that before wash sales: without the losses that are not deductible, which are
    added to the cost of the shares that replace those sold.
    """
    lots: dict[tuple[str, str, str], list[TaxLot]] = defaultdict(list)
    for lot in tax_lots(ledger):
        if lot.sold.startswith(str(year)):
            lots[lot.symbol, lot.acquired, lot.sold].append(lot)
    told: dict[tuple[str, str, str], list[Row]] = defaultdict(list)
    for row in form:
        symbol = row["description"].split()[-1]
        told[symbol, _iso(row["date_acquired"]), _iso(row["date_sold"])].append(row)
    assert told.keys() == lots.keys()
    for key, rows_of_day in told.items():
        shares = sum((Decimal(row["description"].split()[0]) for row in rows_of_day), ZERO)
        gain = sum((_gain_before_wash_sales(row) for row in rows_of_day), ZERO)
        cents = Decimal("0.015") * len(rows_of_day)
        assert shares == sum(lot.shares for lot in lots[key]), key
        assert gain == pytest.approx(sum(lot.gain for lot in lots[key]), abs=cents), key


def _gain_before_wash_sales(row: Row) -> Decimal:
    added = re.search(r"cost includes ([0-9.]+) of disallowed losses", row["note"])
    return Decimal(row["proceeds"]) - Decimal(row["cost_basis"]) + (Decimal(added[1]) if added else ZERO)


def _iso(day: str) -> str:
    """The date 2007-12-31 of 12/31/2007."""
    month, day_of_month, year = day.split("/")
    return f"{year}-{month}-{day_of_month}"


def _same_months(said: Row, ledger: Path, trips: Iterable[RoundTrip], returns: pd.Series) -> None:
    """The lines by month, and the return of each month."""
    expected = {f"{month}-01": value for month, value in monthly_returns(returns).items()}
    assert said["monthly_returns"] == pytest.approx(expected, rel=1e-9)
    ended: dict[str, list[RoundTrip]] = defaultdict(list)
    for trip in trips:
        ended[f"{trip.closed[:7]}-01"].append(trip)
    sessions = Counter(f"{session[:7]}-01" for session in closing_equity(ledger))
    assert [line["month"] for line in said["months"]] == sorted(sessions)
    for line in said["months"]:
        of_month = totals(ended[line["month"]])
        assert (line["sessions"], line["trades"]) == (sessions[line["month"]], of_month["trades"]), line["month"]
        for name, value in (("realised", of_month["pnl"]), ("fees", of_month["fees"])):
            assert Decimal(line[name]) == pytest.approx(value, abs=Decimal("1e-12")), (line["month"], name)
    changes = [Decimal(line["change"]) + Decimal(line["paid"]) for line in said["months"]]
    newest = list(closing_equity(ledger).values())[-1]
    assert sum(changes, ZERO) == newest - Decimal(said["bridge"]["opening_equity"])


def _same_totals(said: Row, expected: dict[str, Any]) -> None:
    for name, value in expected.items():
        if value is None or isinstance(value, int):
            assert said[name] == value, name
        else:
            assert Decimal(said[name]) == pytest.approx(value, abs=Decimal("1e-12")), name

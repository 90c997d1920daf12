"""The autumn of 2008, replayed with a book that holds: the breakers trip on the sessions and at the figures that plain
arithmetic over the bundled prices gives.

40% of the account in four equal parts. Its strategy never leaves, and its stops are half the price away.
"""

from __future__ import annotations

import csv
import gzip
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_CEILING, Decimal
from functools import cache
from pathlib import Path
from typing import Any

from tests.jobs.conftest import MakeHouse
from tests.jobs.house import FREE, House, Script
from tradebot.errors import ExitCode

BOOK = ("AAPL", "GOOG", "IBM", "MSFT")
PRICES = Path(__file__).parents[2] / "tradebot" / "data" / "us_daily_2000_2013.csv.gz"
#: Everything that would keep a tenth of the account from going into each symbol on the first session.
ROOM = {
    "RISK_PER_TRADE_PCT": "5%",
    "MAX_PORTFOLIO_RISK_PCT": "50%",
    "PROBATION_SESSIONS": "0",
    "PRICE_COLLAR_PCT": "20%",
    **FREE,
}


@dataclass(frozen=True)
class Moment:
    """The unstopped book at the open or the close of a session."""

    session: str
    at: str
    equity: Decimal
    yesterday: Decimal
    peak: Decimal

    @property
    def loss(self) -> Decimal:
        return 1 - self.equity / self.yesterday

    @property
    def fall(self) -> Decimal:
        return 1 - self.equity / self.peak


@cache
def bars() -> dict[tuple[str, str], tuple[Decimal, Decimal]]:
    """Open and close by session and symbol."""
    with gzip.open(PRICES, "rt") as file:
        return {
            (row["date"], row["symbol"]): (Decimal(row["open"]), Decimal(row["close"])) for row in csv.DictReader(file)
        }


def unstopped(first: str, last: str) -> Iterator[Moment]:
    """A tenth of 100,000 dollars in each symbol, in whole shares, bought for nothing at the open of ``first``: the
    opening price, and of a broken cent the whole one.
    """
    paid = {symbol: bars()[first, symbol][0].quantize(Decimal("0.01"), ROUND_CEILING) for symbol in BOOK}
    shares = {symbol: 10000 // price for symbol, price in paid.items()}
    cash = 100000 - sum((shares[symbol] * price for symbol, price in paid.items()), Decimal(0))
    yesterday = peak = Decimal(100000)
    for session in sorted({day for day, symbol in bars() if symbol == "IBM" and first <= day <= last}):
        for at, which in (("open", 0), ("close", 1)):
            equity = cash + sum((shares[symbol] * bars()[session, symbol][which] for symbol in BOOK), Decimal(0))
            peak = max(peak, equity)
            yield Moment(session, at, equity, yesterday, peak)
        yesterday = equity


def replayed(make_house: MakeHouse, before: date, first: date, last: date, **settings: str) -> House:
    """A home that bought the book on ``first``, the session after ``before``, and was run to ``last``."""
    script = Script(enter={symbol: [first] for symbol in BOOK}, symbols=BOOK, policy='stop=Decimal("0.50")')
    house = make_house(
        script, bundled=(last - before + timedelta(days=20)).days, first=before, settings={**ROOM, **settings}
    )
    house.replay(last)
    return house


def halts(house: House) -> list[dict[str, Any]]:
    columns = "rule, level, session, until, since, value, limit_value, reason, cleared_reason"
    return house.rows(f"SELECT {columns} FROM halts ORDER BY halt_id")


def closing_equity(house: House) -> dict[str, Decimal]:
    return {row["session"]: Decimal(row["equity"]) for row in house.rows("SELECT * FROM equity ORDER BY seq")}


def test_the_book_loses_4_24_percent_of_the_account_on_one_day() -> None:
    falls = [1 - bars()["2008-09-29", symbol][1] / bars()["2008-09-26", symbol][1] for symbol in BOOK]
    assert round(sum(falls) / 10, 4) == Decimal("0.0424")


def test_the_daily_loss_rule_trips_on_29_september_2008(make_house: MakeHouse) -> None:
    """Bought on the Friday before, the book is worth $100,994.03 at its close and $96,670.13 at that of the Monday."""
    moments = list(unstopped("2008-09-26", "2008-09-29"))
    first = next(moment for moment in moments if moment.loss >= Decimal("0.03"))
    assert (first.session, first.at) == ("2008-09-29", "close")
    assert (first.equity, first.yesterday) == (Decimal("96670.13"), Decimal("100994.03"))
    assert round(first.loss, 6) == Decimal("0.042813")

    house = replayed(make_house, date(2008, 9, 25), date(2008, 9, 26), date(2008, 9, 30))

    (halt,) = halts(house)
    assert (halt["rule"], halt["level"]) == ("daily_loss", "halted")
    assert (halt["session"], halt["until"], halt["limit_value"]) == ("2008-09-29", "2008-09-30", "0.03")
    assert halt["since"] == "2008-09-29T19:45:00.000000Z"  # check-exits, 15 minutes before the close
    assert round(Decimal(halt["value"]), 6) == Decimal("0.042813")
    assert halt["reason"] == "equity $96,670.13 is 4.28% below the last close of $100,994.03, and 3% is the limit"
    assert halt["cleared_reason"] == "the session that it held for is over"

    assert set(house.positions()) == set(BOOK)  # each with its stop, as the emergency stop left them
    shares = {"AAPL": 80, "GOOG": 23, "IBM": 85, "MSFT": 382}
    assert {symbol: house.stops(symbol)[0][0] for symbol in BOOK} == shares
    ended = house.rows(
        "SELECT job, exit_code FROM runs WHERE session >= '2008-09-29' AND job <> 'report' ORDER BY run_id"
    )
    assert [(row["job"], row["exit_code"]) for row in ended] == [
        ("preflight", 0),
        ("run-daily", 0),
        ("check-exits", ExitCode.HALTED),
        ("reconcile", ExitCode.HALTED),
        ("preflight", 0),
        ("run-daily", 0),
        ("check-exits", 0),
        ("reconcile", 0),
    ]


def test_the_drawdown_rule_trips_on_7_october_2008_and_the_rest_of_the_fall_is_missed(make_house: MakeHouse) -> None:
    """Bought on 2 September at $100,000, the book stands at $88,749.22 at the close of 7 October, 11.25 % lower."""
    moments = list(unstopped("2008-09-02", "2008-10-10"))
    first = next(moment for moment in moments if moment.fall >= Decimal("0.10"))
    assert (first.session, first.at) == ("2008-10-07", "close")
    assert (first.equity, first.peak) == (Decimal("88749.22"), Decimal(100000))
    assert round(first.fall, 6) == Decimal("0.112508")
    assert moments[-2].equity == Decimal("86704.26")  # where it would have stood at the open three sessions later

    house = replayed(
        make_house,
        date(2008, 8, 29),
        date(2008, 9, 2),
        date(2008, 10, 10),
        DAILY_LOSS_LIMIT_PCT="50%",
        EMERGENCY_CLOSE_POSITIONS="true",
    )

    (halt,) = halts(house)
    assert (halt["rule"], halt["level"]) == ("drawdown", "halted")
    assert (halt["session"], halt["until"], halt["limit_value"]) == ("2008-10-07", None, "0.1")
    assert halt["since"] == "2008-10-07T19:45:00.000000Z"
    assert Decimal(halt["value"]) == Decimal("0.1125078")
    assert halt["reason"] == "equity $88,749.22 is 11.25% below its peak of $100,000.00, and 10% is the limit"
    assert halt["cleared_reason"] is None

    assert house.positions() == {}
    equity = closing_equity(house)
    for moment in moments:
        if moment.at == "close" and moment.session < "2008-10-07":
            assert equity[moment.session] == moment.equity
    after = [equity[session] for session in ("2008-10-07", "2008-10-08", "2008-10-09", "2008-10-10")]
    assert after == [Decimal("88749.22")] * 4

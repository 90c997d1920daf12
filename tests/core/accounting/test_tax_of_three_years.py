"""The taxes of the replay of 2007 to 2009, against a program that shares no code with them.

It counts the shares of a symbol as they are bought, and as they are sold: number n sold is number n bought. Wash sales
are checked by what they leave alone, the sum of all gains.
"""

from __future__ import annotations

import csv
import gzip
from collections import defaultdict
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest

from tradebot.core.accounting.form_8949 import TaxYear, tax_year
from tradebot.core.accounting.tax_lots import tax_lots
from tradebot.core.model.account import Fill
from tradebot.core.model.orders import Side

FILLS = Path(__file__).parents[2] / "fixtures" / "replay_2007_2009" / "fills.csv.gz"
Row = dict[str, str]


@pytest.fixture(scope="module")
def rows() -> list[Row]:
    with gzip.open(FILLS, "rt", newline="") as lines:
        return list(csv.DictReader(lines))


@pytest.fixture(scope="module")
def fills(rows: list[Row]) -> list[Fill]:
    return [
        Fill(
            fill_id=row["fill_id"],
            broker_order_id=row["client_order_id"],
            client_order_id=row["client_order_id"],
            symbol=row["symbol"],
            side=Side(row["side"]),
            quantity=Decimal(row["quantity"]),
            price=Decimal(row["price"]),
            fee=Decimal(row["fee"]),
            at=datetime.fromisoformat(row["at"]),
            session=date.fromisoformat(row["session"]),
        )
        for row in rows
    ]


def matched(rows: list[Row]) -> dict[tuple[str, str, str], tuple[int, Fraction, Fraction]]:
    """Shares, cost and proceeds with fees by symbol, day bought and day sold; exact."""
    sides: dict[tuple[str, str], list[tuple[int, int, str, Fraction]]] = defaultdict(list)
    for row in sorted(rows, key=lambda row: (row["at"], int(row["number"]))):
        side = sides[row["symbol"], row["side"]]
        first = side[-1][1] if side else 0
        quantity = int(row["quantity"])
        sign = 1 if row["side"] == "buy" else -1
        amount = (Fraction(row["price"]) * quantity + sign * Fraction(row["fee"])) / quantity
        side.append((first, first + quantity, row["session"], amount))
    found: dict[tuple[str, str, str], tuple[int, Fraction, Fraction]] = {}
    for (symbol, name), sold in list(sides.items()):
        if name != "sell":
            continue
        for begin, end, day, proceeds in sold:
            for start, stop, bought, cost in sides[symbol, "buy"]:
                shares = min(end, stop) - max(begin, start)
                if shares > 0:
                    before = found.get((symbol, bought, day), (0, Fraction(0), Fraction(0)))
                    more = (shares, cost * shares, proceeds * shares)
                    found[symbol, bought, day] = (before[0] + more[0], before[1] + more[1], before[2] + more[2])
    return found


def test_each_share_is_matched_with_its_purchase(rows: list[Row], fills: list[Fill]) -> None:
    expected = matched(rows)
    found: dict[tuple[str, str, str], tuple[int, Decimal, Decimal]] = {}
    for each in tax_lots(fills).disposals:
        key = each.lot.symbol, str(each.lot.acquired), str(each.sold)
        shares, cost, proceeds = found.get(key, (0, Decimal(0), Decimal(0)))
        found[key] = (shares + int(each.lot.quantity), cost + each.lot.amount, proceeds + each.amount)
    assert found.keys() == expected.keys()
    for key, (shares, cost, proceeds) in found.items():
        assert shares == expected[key][0], key
        assert abs(Fraction(cost) - expected[key][1]) <= Fraction(2, 100), key  # cents are rounded once a fill
        assert abs(Fraction(proceeds) - expected[key][2]) <= Fraction(2, 100), key


def test_the_gains_of_all_years_and_what_is_held_add_up_to_the_cash(fills: list[Fill]) -> None:
    years = [tax_year(fills, year, date(2010, 6, 1)) for year in (2007, 2008, 2009)]
    gains = sum(total.gain_or_loss for year in years for total in year.by_term)
    held = sum(each.lot.amount for each in tax_lots(fills).open_lots)
    cash = sum(-each.side.sign * each.quantity * each.price - each.fee for each in fills)
    assert abs(gains - held - years[0].carried - cash) <= Decimal("0.005") * len(fills)
    assert all(_adds_up(year) for year in years)
    assert any(row.code == "W" for year in years for row in year.rows)


def _adds_up(year: TaxYear) -> bool:
    rows = [row for row in year.rows if row.gain_or_loss != row.proceeds - row.cost_basis + row.adjustment]
    return not rows and sum(total.rows for total in year.by_term) == len(year.rows)

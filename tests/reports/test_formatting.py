"""Numbers and instants as people read them."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.reports.conftest import NOON
from tradebot.core.model.values import plural
from tradebot.reports import formatting


@pytest.mark.parametrize(
    ("said", "text"),
    [
        (formatting.usd(Decimal("-1234.5")), "-1,234.50"),
        (formatting.usd(Decimal("0.005")), "0.00"),
        (formatting.usd(None), "-"),
        (formatting.signed_usd(Decimal("12")).text, "+12.00"),
        (formatting.signed_usd(Decimal(0)).text, "0.00"),
        (formatting.price(Decimal("25.1")), "25.10"),
        (formatting.price(Decimal("0.4825")), "0.4825"),
        (formatting.price(Decimal("31")), "31.00"),
        (formatting.price(Decimal("31.0000001")), "31.0000"),
        (formatting.shares(Decimal("10.000")), "10"),
        (formatting.number(Decimal("0.1234567")), "0.123457"),
        (formatting.percent_text(Decimal("0.125")), "12.5%"),
        (formatting.percent_text(-0.0107, 2), "-1.07%"),
        (formatting.instant(NOON), "2007-01-03 12:00 EST"),
        (plural(1, "order"), "1 order"),
        (plural(0, "order"), "0 orders"),
    ],
)
def test_numbers_are_said_as_people_read_them(said: str, text: str) -> None:
    assert said == text

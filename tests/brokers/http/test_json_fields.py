"""Numbers and instants beyond all measure, which end no command otherwise than any answer that cannot be read."""

from __future__ import annotations

import pytest

from tradebot.brokers.alpaca.broker import account
from tradebot.brokers.alpaca.json_fields import Fields
from tradebot.errors import BrokerUnavailable


@pytest.mark.parametrize("number", ["1e999999", "-1e999999", "1e-999999", 10**40, "9" * 400, "NaN", "Infinity"])
def test_a_number_beyond_all_measure_is_no_answer(number: object) -> None:
    with pytest.raises(BrokerUnavailable, match="for cash of the account"):
        Fields({"cash": number}, "the account").number("cash")


@pytest.mark.parametrize("instant", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
def test_an_instant_outside_of_the_calendar_is_no_answer(instant: str) -> None:
    with pytest.raises(BrokerUnavailable, match="for timestamp of the clock"):
        Fields({"timestamp": instant}, "the clock").instant("timestamp")


@pytest.mark.parametrize("stamp", [10**13, 10**20, "-1e25"])
def test_a_day_outside_of_the_calendar_is_no_answer(stamp: object) -> None:
    with pytest.raises(BrokerUnavailable, match="for timestamp of a day of the portfolio"):
        account.parse_days({"timestamp": [stamp], "equity": [1], "cashflow": {}})

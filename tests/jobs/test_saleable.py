"""The shares that the broker takes a sale of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal

import pytest

from tests.jobs.brokers import Around
from tests.jobs.conftest import MakeHouse
from tests.jobs.house import Script
from tradebot.core.model.account import Asset
from tradebot.errors import Blocked, BrokerUnavailable, TradebotError
from tradebot.jobs.saleable import saleable_shares


class Tells(Around):
    """Answers about assets with ``told``, or fails with it."""

    told: bool | TradebotError = True

    def assets(self, symbols: Iterable[str]) -> Mapping[str, Asset]:
        if isinstance(self.told, TradebotError):
            raise self.told
        return {symbol: Asset(symbol, tradable=True, fractionable=self.told) for symbol in symbols}


@pytest.mark.parametrize(
    ("shares", "price", "told", "sold"),
    [
        ("40.5", "100", True, "40.5"),
        ("40.5", "100", False, "40"),
        ("0.005", "100", True, "0"),
        ("0.5", "100", False, "0"),
        ("40.5", "100", BrokerUnavailable("timed out"), "40"),
        ("40.5", "100", Blocked("revoked"), "40"),
        ("40", "100", BrokerUnavailable("timed out"), "40"),
    ],
)
def test_a_fraction_is_sold_where_the_broker_takes_it(
    make_house: MakeHouse, shares: str, price: str, told: bool | TradebotError, sold: str
) -> None:
    with make_house(Script()).by_hand() as broker:
        asked = Tells(broker)
        asked.told = told
        assert saleable_shares(asked, "BOLT", Decimal(shares), Decimal(price)) == Decimal(sold)

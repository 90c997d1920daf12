"""Real losses stop the account, whatever money moves beside them and whatever of the broker is out of reach."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any, cast

import pytest

from tests.fakes.alpaca import Kind
from tests.fakes.alpaca.client import broker_of
from tests.jobs.conftest import MakeHouse
from tests.jobs.house import FLAT, House, Script
from tests.stories.real_account.at_alpaca import AtAlpaca, at_alpaca
from tests.stories.real_account.transfers import move_cash, on, tell
from tradebot.core.model.account import Quote
from tradebot.core.model.halts import HaltRule
from tradebot.core.model.schedule import Job
from tradebot.errors import BrokerUnavailable
from tradebot.home import paths
from tradebot.home.halt_file import LatchFile
from tradebot.jobs import check_exits
from tradebot.ports import MarketData

THURSDAY, FRIDAY = date(2007, 1, 4), date(2007, 1, 5)
ROOM = {"RISK_PER_TRADE_PCT": "5%", "MAX_PORTFOLIO_RISK_PCT": "20%"}
WIDE = 'stop=Decimal("0.50")'


@contextmanager
def holding_acme(make_house: MakeHouse, *bars: str, policy: str = WIDE) -> Iterator[AtAlpaca]:
    """A home at Alpaca that bought 100 ACME at 100 USD on Thursday, a tenth of it."""
    house = make_house(
        Script(enter={"ACME": [THURSDAY], "BOLT": [FRIDAY]}, policy=policy),
        prices={"ACME": [FLAT, FLAT, *bars], "BOLT": [FLAT] * 6},
        settings=ROOM,
    )
    with at_alpaca(house) as account:
        account.daily()
        assert house.positions()["ACME"].quantity == 100
        yield account


def rules(house: House) -> list[HaltRule]:
    return [halt.rule for halt in LatchFile(paths.latch_file(house.home)).read()]


@pytest.mark.parametrize("amount", [Decimal(15_000), Decimal(-6_000)])
def test_a_loss_of_3_percent_in_the_hour_of_a_transfer_whose_row_comes_a_day_late_stops_the_account(
    make_house: MakeHouse, amount: Decimal
) -> None:
    with holding_acme(make_house, "100 101 69 70", *["70 71 69 70"] * 3) as account:
        account.house.next()
        assert account.daily().halts == ()
        move_cash(account, amount)
        account.house.passes("16:05")  # ACME has fallen to 70: 3,000 of 100,000 USD
        outcome = account.run(Job.RECONCILE, "16:05")
        assert [halt.rule for halt in outcome.halts if halt.level == "halted"][:1] == [HaltRule.DAILY_LOSS]
        assert rules(account.house) == [HaltRule.DAILY_LOSS]
        (halt,) = (halt for halt in outcome.halts if halt.rule is HaltRule.DAILY_LOSS and halt.source == "ledger")
        assert halt.value == (Decimal("0.03") if amount > 0 else Decimal(3) / 94)

        account.house.next()
        account.daily()
        tell(account, amount, on(FRIDAY, "14:00"))
        account.house.next()
        assert account.daily().halts == ()  # and no drawdown: the peak moved once


def test_the_transfer_alone_stops_nothing(make_house: MakeHouse) -> None:
    with holding_acme(make_house, *[FLAT] * 4) as account:
        account.house.next()
        account.daily()
        move_cash(account, Decimal(-6_000))
        assert [halt.rule for halt in account.run(Job.RECONCILE, "16:05").halts] == []


def test_a_stop_that_gapped_stops_the_account_while_the_activities_cannot_be_read(make_house: MakeHouse) -> None:
    with holding_acme(make_house, *["60 61 59 60"] * 4, policy='stop=Decimal("0.10")') as account:
        account.house.next()
        account.fake.strike(Kind.SERVER_ERROR, path="/v2/account/activities", times=10_000)
        with pytest.raises(BrokerUnavailable):
            account.daily()
        assert account.house.positions() == {}  # its stop at 90 was sold at 60
        assert rules(account.house) == [HaltRule.DAILY_LOSS]
        for at in ("11:45", "15:45"):
            with pytest.raises(BrokerUnavailable):
                account.check_exits(at)
        assert account.house.rows("SELECT rule FROM halts") == [{"rule": "daily_loss"}]


class NoQuotes:
    """Market data whose quotes are out of reach."""

    def __init__(self, market: MarketData) -> None:
        self._market = market

    def __getattr__(self, name: str) -> Any:
        return getattr(self._market, name)

    def quotes(self, symbols: Iterable[str]) -> Mapping[str, Quote]:
        raise BrokerUnavailable("the market data does not answer")


@pytest.mark.parametrize("out_of_reach", [0, 10_000])
def test_a_stop_that_gapped_stops_the_account_while_there_are_no_quotes(
    make_house: MakeHouse, out_of_reach: int
) -> None:
    """Whether the activities can be read or not."""
    with holding_acme(make_house, *["60 61 59 60"] * 4, policy='stop=Decimal("0.10")') as account:
        account.house.next()
        if out_of_reach:
            account.fake.strike(Kind.SERVER_ERROR, path="/v2/account/activities", times=out_of_reach)
        with account.house.desk("10:15") as desk, pytest.raises(BrokerUnavailable):
            check_exits.run(
                replace(desk, broker=broker_of(account.fake), market=cast(MarketData, NoQuotes(desk.market)))
            )
        assert rules(account.house) == [HaltRule.DAILY_LOSS]


def test_a_withdrawal_stops_nothing_while_the_activities_cannot_be_read(make_house: MakeHouse) -> None:
    with holding_acme(make_house, *[FLAT] * 4) as account:
        account.house.next()
        move_cash(account, Decimal(-6_000))
        account.fake.strike(Kind.SERVER_ERROR, path="/v2/account/activities", times=10_000)
        with pytest.raises(BrokerUnavailable):
            account.daily()
        assert rules(account.house) == []

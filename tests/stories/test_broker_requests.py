"""How often a job asks its broker: a budget, so that no change makes it ask more without anybody noticing.

A broker over the network allows so many requests a minute, and each takes its time. What a question costs there in
requests is the adapter's matter; how many are asked, and that their number does not grow with symbols, is the jobs'.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from string import ascii_uppercase

import pytest

from tests.jobs.brokers import Around
from tests.jobs.conftest import MakeHouse
from tests.jobs.house import FLAT, House, Script
from tradebot.brokers.paper.market_data import PaperMarket
from tradebot.core.model.account import Activity, MarketClock
from tradebot.core.model.orders import BrokerOrder, OrderRequest, OrderState
from tradebot.core.model.schedule import Job
from tradebot.errors import BrokerUnavailable
from tradebot.jobs import check_exits, run_daily
from tradebot.jobs.desk import AccountReading
from tradebot.market.price_file import PriceFile
from tradebot.strategy_api import History

SECOND, THIRD = date(2007, 1, 4), date(2007, 1, 5)
SYMBOLS = tuple(f"SYM{letter}" for letter in ascii_uppercase)
ROOM = {
    "MAX_POSITIONS": "50",
    "MAX_DAILY_TRADES": "50",
    "MAX_ORDERS_PER_MINUTE": "50",
    "MAX_POSITION_SIZE_PCT": "3%",
    "MAX_GROSS_EXPOSURE_PCT": "90%",
    "MAX_PORTFOLIO_RISK_PCT": "50%",
}
#: What run-daily asks where nothing is held and nothing is to be settled, whatever it enters.
BUDGET = {"clock": 1, "account": 2, "positions": 2, "open_orders": 2, "activities": 2, "assets": 2}


class Counts(Around):
    """Counts questions, and fills an order only after it was answered, as a broker over the network does."""

    def orders(self, client_order_ids: Iterable[str]) -> Mapping[str, BrokerOrder]:
        return self._pass("orders").orders(client_order_ids)

    def late_activities(self, after: str, is_known: Callable[[str], bool]) -> tuple[Activity, ...]:
        """Not counted: it is answered out of what was read for the activities."""
        return self.inner.late_activities(after, is_known)

    def submit(self, request: OrderRequest) -> BrokerOrder:
        taken = super().submit(request)
        return replace(taken, state=OrderState.ACCEPTED, filled_quantity=Decimal(0), average_fill_price=None)


class NoBars(PaperMarket):
    """Has prices, and no bars."""

    def history(self, symbols: Sequence[str], sessions: int, clock: MarketClock) -> History:
        raise BrokerUnavailable("no bars today")


def home(make_house: MakeHouse, entering: int, leaving: int = 0) -> House:
    script = Script(
        enter={symbol: [SECOND] for symbol in SYMBOLS[:entering]},
        leave={symbol: [THIRD] for symbol in SYMBOLS[:leaving]},
    )
    house = make_house(script, prices={symbol: [FLAT] * 5 for symbol in SYMBOLS}, settings=ROOM)
    house.reconcile(at="09:30")  # first contact costs once what it costs
    return house


def asked(house: House, job: Job = Job.RUN_DAILY, fresh_for: float = 5.0) -> dict[str, int]:
    """What a job asks of a broker whose answers may be used again for so many seconds."""
    at, run = ("09:35", run_daily.run) if job is Job.RUN_DAILY else ("15:45", check_exits.run)
    with house.desk(at) as desk:
        counts = Counts(desk.broker)
        run(replace(desk, broker=counts, fresh_for=timedelta(seconds=fresh_for), opened_on=None))
    return dict(Counter(counts.calls))


def opened(house: House, cash: int) -> dict[str, int]:
    """What run-daily asks when the account was read as its desk was opened, with so much cash in it."""
    with house.desk("09:35") as desk:
        account = replace(desk.broker.account(), cash=Decimal(cash))
        counts = Counts(desk.broker)
        read = AccountReading(account, desk.clock.now())
        run_daily.run(replace(desk, broker=counts, fresh_for=timedelta(seconds=5), opened_on=read))
    return dict(Counter(counts.calls))


def test_the_account_that_a_desk_was_opened_on_serves_once_unless_its_cash_is_not_explained(
    make_house: MakeHouse,
) -> None:
    flat = {**BUDGET, "assets": 1}
    assert opened(home(make_house, entering=0), cash=100_000) == {**flat, "account": flat["account"] - 1}
    assert opened(home(make_house, entering=0), cash=99_000) == flat


def test_ten_entries_cost_one_question_more_than_none_and_their_sending(make_house: MakeHouse) -> None:
    assert asked(home(make_house, entering=10)) == {**BUDGET, "submit": 10, "orders": 1}


def test_what_is_asked_ahead_and_cannot_be_had_keeps_nothing_from_being_settled(make_house: MakeHouse) -> None:
    house = home(make_house, entering=3)
    house.daily()
    house.next()
    with house.desk("09:35") as desk, house.exchange() as exchange:
        counts, market = Counts(desk.broker), NoBars(PriceFile(), exchange)
        with pytest.raises(BrokerUnavailable, match="no bars today"):
            run_daily.run(replace(desk, broker=counts, market=market, fresh_for=timedelta(seconds=5)))
        assert {"activities", "positions", "open_orders"} <= set(counts.calls)
        assert desk.ledger.books.first_of_session(THIRD) is not None


def test_one_entry_and_twenty_cost_as_many_questions(make_house: MakeHouse) -> None:
    for entering in (1, 20):
        assert asked(home(make_house, entering=entering)) == {**BUDGET, "submit": entering, "orders": 1}


def test_what_is_held_costs_no_question_more(make_house: MakeHouse) -> None:
    house = home(make_house, entering=10)
    house.daily()
    house.next()
    assert asked(house) == BUDGET


def test_each_exit_costs_six_questions_and_reading_the_account_again_five(make_house: MakeHouse) -> None:
    told = []
    for leaving in (1, 3):
        house = home(make_house, entering=5, leaving=leaving)
        house.daily()
        house.next()
        told.append(sum(asked(house).values()))
    assert told == [sum(BUDGET.values()) + 5 + 7 * leaving for leaving in (1, 3)]


def test_where_asking_costs_nothing_the_equity_is_read_before_each_order(make_house: MakeHouse) -> None:
    told = asked(home(make_house, entering=10), fresh_for=0)
    assert told == {**BUDGET, "submit": 10, "orders": 1, "account": BUDGET["account"] + 1 + 9}


def test_looking_after_positions_costs_as_many_questions_whatever_is_held(make_house: MakeHouse) -> None:
    told = []
    for entering in (1, 10):
        house = home(make_house, entering=entering)
        house.daily()
        told.append(asked(house, Job.CHECK_EXITS))
    assert told[0] == told[1] == {**BUDGET, "assets": 2}

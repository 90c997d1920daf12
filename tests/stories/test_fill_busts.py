"""Busted, corrected and late fills through the real jobs: the ledger explains what the exchange shows, to the cent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from random import Random

import pytest

from tests.fakes.orders import Requests
from tests.jobs.brokers import Around
from tests.jobs.conftest import MakeHouse
from tests.jobs.house import House, Script
from tradebot.brokers.paper import ExchangeRules, PaperBroker, PaperExchange
from tradebot.core.model.account import Activity, CashEvent, Fill
from tradebot.core.model.breaks import BreakKind
from tradebot.core.model.orders import BrokerOrder, OrderRequest, OrderState
from tradebot.core.model.schedule import Job
from tradebot.core.model.values import ZERO
from tradebot.errors import ExitCode, OrderRefused
from tradebot.home import paths
from tradebot.jobs.desk import Desk
from tradebot.jobs.job_run import open_run
from tradebot.jobs.steps.activities import book_new_activities
from tradebot.jobs.steps.opening import make_opening
from tradebot.jobs.steps.sync import read_account_state
from tradebot.ledger.database import open_database
from tradebot.ledger.verify import verify_ledger
from tradebot.market.calendar import NyseCalendar
from tradebot.market.price_file import PriceFile
from tradebot.runtime.homes import configuration

SECOND, THIRD, FOURTH = date(2007, 1, 4), date(2007, 1, 5), date(2007, 1, 8)
D = Decimal


@pytest.fixture
def house(make_house: MakeHouse) -> House:
    """A home that has bought 50 ACME at 100, with its stop at 90."""
    made = make_house(Script(enter={"ACME": [SECOND]}))
    made.daily()
    return made


def fills(house: House) -> list[Fill]:
    with house.by_hand() as broker:
        return [done for done in broker.activities(None) if isinstance(done, Fill)]


def bust(house: House, number: int = -1) -> None:
    """The exchange takes back a fill, the newest by default."""
    fill_id = fills(house)[number].fill_id
    with house.exchange() as exchange:
        exchange.bust(fill_id)


def assert_explained(house: House) -> None:
    outcome = house.reconcile()
    assert (outcome.exit_code, outcome.breaks) == (ExitCode.OK, ())
    database = open_database(house.database, create=False)
    assert verify_ledger(database) == ()
    database.close()


class Unsaid(Around):
    """Tells of every order, and not in which state it is."""

    def order(self, client_order_id: str) -> BrokerOrder | None:
        order = super().order(client_order_id)
        return order and replace(order, state=OrderState.UNKNOWN)


def test_a_busted_order_whose_state_nobody_says_is_asked_for_until_somebody_does(house: House) -> None:
    bust(house)
    house.check_exits(wrap=Unsaid)
    (intent,) = house.intents()
    assert intent.state is OrderState.UNKNOWN
    house.check_exits()
    (intent,) = house.intents()
    assert intent.state is OrderState.CANCELLED
    assert_explained(house)


def test_a_busted_entry_leaves_no_shares_no_stop_and_the_order_as_it_is_at_the_exchange(house: House) -> None:
    bust(house)
    outcome = house.check_exits()
    assert house.positions() == {}
    assert house.open_orders() == ()
    assert house.holding() is None
    assert any("took back" in note for note in outcome.notes)
    (intent,) = house.intents()
    order = house.order(intent.client_order_id)
    assert order is not None
    assert (
        (intent.state, intent.filled_quantity) == (order.state, order.filled_quantity) == (OrderState.CANCELLED, ZERO)
    )
    assert_explained(house)


def test_a_busted_stop_brings_the_position_back_and_the_next_job_protects_it(make_house: MakeHouse) -> None:
    crash = ["100 101 99 100"] * 2 + ["100 100 89 95"] + ["95 96 94 95"] * 4
    house = make_house(Script(enter={"ACME": [SECOND]}), prices={"ACME": crash})
    house.daily()
    house.next()
    house.check_exits()
    assert house.holding() is None
    bust(house)
    outcome = house.check_exits()
    holding = house.holding()
    assert holding is not None
    assert (holding.quantity, holding.stop_price) == (D(50), D(90))
    assert house.stops() == [(D(50), D(90))]
    assert outcome.unprotected == 0
    assert_explained(house)


def test_a_corrected_entry_moves_cash_and_entry_price_and_nothing_else(house: House) -> None:
    before = house.holding()
    (fill,) = fills(house)
    with house.exchange() as exchange:
        exchange.correct(fill.fill_id, D("99.80"))
    outcome = house.check_exits()
    after = house.holding()
    assert before is not None
    assert after is not None
    assert (after.entry_price, after.quantity, after.stop_price) == (D("99.80"), before.quantity, before.stop_price)
    assert outcome.orders == ()
    (intent,) = house.intents()
    assert (intent.state, intent.average_fill_price) == (OrderState.FILLED, D("99.8"))
    assert_explained(house)


def test_a_busted_entry_whose_shares_were_sold_is_a_short_that_is_explained_and_left(make_house: MakeHouse) -> None:
    house = make_house(Script(enter={"ACME": [SECOND]}, leave={"ACME": [THIRD, FOURTH]}))
    house.daily()
    house.next()
    house.daily()
    assert house.positions() == {}
    bust(house, 0)
    assert house.positions()["ACME"].quantity == -50
    assert [found.kind for found in house.reconcile().breaks] == [BreakKind.UNPROTECTED]
    holding = house.holding()
    assert holding is not None
    assert (holding.quantity, holding.stop_price) == (D(-50), D(102))
    assert house.rows("SELECT trade_id, pnl FROM trades WHERE reverses IS NOT NULL") != []
    house.next()
    house.daily()
    assert (house.positions(), house.open_orders()) == ({}, ())
    assert_explained(house)


class SaysCancelled(Around):
    """Says that an entry was cancelled before it was filled. It was filled; that is told later."""

    def activities(self, after: str | None) -> tuple[Activity, ...]:
        return tuple(done for done in super().activities(after) if not isinstance(done, Fill))

    def order(self, client_order_id: str) -> BrokerOrder | None:
        order = super().order(client_order_id)
        return order and _cancelled(order)

    def submit(self, request: OrderRequest) -> BrokerOrder:
        return _cancelled(super().submit(request))


def _cancelled(order: BrokerOrder) -> BrokerOrder:
    return replace(order, state=OrderState.CANCELLED, filled_quantity=ZERO, average_fill_price=None)


def test_a_late_fill_of_an_order_that_was_over_is_counted_and_moves_it(make_house: MakeHouse) -> None:
    house = make_house(Script(enter={"ACME": [SECOND]}))
    house.daily(wrap=SaysCancelled)
    (intent,) = house.intents()
    assert (intent.state, intent.filled_quantity) == (OrderState.CANCELLED, ZERO)
    house.check_exits()
    (intent,) = house.intents()
    assert (intent.state, intent.filled_quantity, intent.average_fill_price) == (OrderState.FILLED, D(50), D(100))
    holding = house.holding()
    assert holding is not None
    assert (holding.strategy, holding.quantity) == ("scripted", D(50))
    assert house.stops() == [(D(50), D(90))]
    assert_explained(house)


# --- whatever the order ------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(6))
def test_lots_are_positions_and_cash_is_cash_whatever_is_filled_busted_and_split(
    make_house: MakeHouse, seed: int
) -> None:
    chance = Random(seed)
    house = make_house(
        prices={"ACME": bars(chance, {2: "2", 5: "1.5"}), "BOLT": bars(chance, {3: "0.1"})},
        actions=["ACME,2007-01-05,split,2", "ACME,2007-01-10,split,1.5", "BOLT,2007-01-08,split,0.1",
                 "BOLT,2007-01-09,dividend,0.31"],
    )  # fmt: skip
    with house.desk("09:35") as desk, by_hand(house) as exchange:
        make_opening(desk, open_run(desk, Job.RECONCILE))
        walk = Walk(desk, exchange, chance)
        for _ in range(7):
            for _ in range(chance.randint(8, 16)):
                walk.step()
            exchange.next_session()
            exchange.advance_to(exchange.hours().opens)
        walk.take_in()
        assert walk.busted > 5, "too little was busted for a test"
    database = open_database(house.database, create=False)
    assert verify_ledger(database) == ()
    database.close()


def by_hand(house: House) -> PaperExchange:
    """Another handle on the home's exchange, one on which trading costs something."""
    settings = configuration(house.options).settings
    prices = PriceFile(settings.paper_data_path, settings.paper_actions_path)
    rules = ExchangeRules(slippage_pct=ZERO, commission_per_share=D("0.003"), commission_min=D("0.35"))
    return PaperExchange.open(paths.exchange_file(house.home), prices, NyseCalendar(), rules, durable=False)


def bars(chance: Random, splits: Mapping[int, str]) -> list[str]:
    """Nine days around 50 dollars, divided by each split from its day on."""
    made, base = [], D(50)
    for day in range(9):
        base /= D(splits.get(day, "1"))
        low = (base * chance.randint(90, 110) / 100).quantize(D("0.01"))
        made.append(f"{low + D('0.10')} {low + D('0.50')} {low} {low + D('0.30')}")
    return made


class Walk:
    """Trades, busts and corrections by hand, taken in now and then by a desk and held against the exchange."""

    def __init__(self, desk: Desk, exchange: PaperExchange, chance: Random) -> None:
        self.desk, self.exchange, self.chance = desk, exchange, chance
        self.broker = PaperBroker(exchange)
        self.requests = Requests()
        self.busted = 0

    def step(self) -> None:
        self.chance.choice([self.trade, self.trade, self.bust, self.correct, self.take_in])()

    def trade(self) -> None:
        symbol, shares = self.chance.choice(["ACME", "BOLT"]), self.chance.randint(1, 30)
        make = self.chance.choice([self.requests.buy, self.requests.sell])
        try:
            self.broker.submit(make(shares, symbol=symbol))
        except OrderRefused:
            return

    def bust(self) -> None:
        if fill := self.some_fill():
            try:
                self.exchange.bust(fill.fill_id)
            except OrderRefused:
                return
            self.busted += 1

    def correct(self) -> None:
        if fill := self.some_fill():
            try:
                self.exchange.correct(fill.fill_id, fill.price + D("0.37"))
            except OrderRefused:
                return
            self.busted += 1

    def some_fill(self) -> Fill | None:
        done = [each for each in self.broker.activities(None) if isinstance(each, Fill)]
        return self.chance.choice(done[-6:]) if done else None

    def take_in(self) -> None:
        run = open_run(self.desk, Job.RECONCILE)
        book_new_activities(self.desk)
        state = read_account_state(self.desk, run).state
        assert [found.message for found in state.breaks] == []
        assert self.desk.ledger.books.cash() == state.account.cash
        self.adds_up()

    def adds_up(self) -> None:
        """What came in, less what the open lots cost, and what the round trips that stand earned, is the cash."""
        ledger = self.desk.ledger
        moved = [each.amount for each in self.broker.activities(None) if isinstance(each, CashEvent)]
        earned = [trade.pnl for trade in ledger.history.closures()]
        tied_up = [lot.quantity * lot.price + lot.fee for lot in ledger.books.lots()]
        cash = sum(moved, ZERO) + sum(earned, ZERO) - sum(tied_up, ZERO)
        assert abs(cash - self.broker.account().cash) < D("0.000001")

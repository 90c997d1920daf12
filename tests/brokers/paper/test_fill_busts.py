"""What the exchange takes back, or fills anew at another price."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.brokers.conftest import OpenPit
from tests.fakes.pit import Pit, decimals
from tests.fakes.prices import FIRST_SESSION, made, sessions, split
from tradebot.brokers.paper import ExchangeRules
from tradebot.core.model.account import Fill, FillBust
from tradebot.core.model.orders import OrderState
from tradebot.errors import OrderRefused

FLAT = "100 101 99 100"
D = Decimal
CASH = D(100_000)


@pytest.fixture
def world(pit: OpenPit) -> Pit:
    """Flat days, trading costs a cent a share, at 09:35 of the first."""
    rules = ExchangeRules(slippage_pct=D(0), commission_per_share=D("0.01"), commission_min=D(0))
    opened = pit(made({"ACME": [FLAT] * 4}, [split("ACME", sessions(3)[2], "2")]), rules)
    opened.at("09:35")
    return opened


def fill_ids(world: Pit) -> list[str]:
    return [done.fill_id for done in world.happened() if isinstance(done, Fill)]


def states(world: Pit, *ids: str) -> list[tuple[str, Decimal, Decimal]]:
    """State, quantity and what is filled of orders."""
    orders = [world.order(identifier) for identifier in ids]
    return [(order.state.value, order.quantity, order.filled_quantity) for order in orders]


def test_a_bust_gives_cash_fee_and_shares_back(world: Pit) -> None:
    world.buy(10)
    assert world.broker.account().cash == CASH - 1000 - D("0.10")
    world.exchange.bust(*fill_ids(world))
    assert world.broker.account().cash == CASH
    assert world.broker.positions() == ()
    bust = world.happened()[-1]
    assert isinstance(bust, FillBust)
    assert bust.fill_id == fill_ids(world)[0]
    assert bust.at == world.exchange.now()


def test_what_is_left_keeps_the_average_of_what_stands(world: Pit) -> None:
    world.buy(10, limit="100")
    world.at("10:00")
    world.buy(30, limit="101")
    first, second = fill_ids(world)
    world.exchange.correct(second, D("104"))
    assert [(p.quantity, p.average_price) for p in world.broker.positions()] == [decimals(40, 103)]
    world.exchange.bust(first)
    assert [(p.quantity, p.average_price) for p in world.broker.positions()] == [decimals(30, 104)]


def test_a_busted_order_is_cancelled_for_what_does_not_stand(world: Pit) -> None:
    order = world.buy(10)
    world.exchange.bust(*fill_ids(world))
    after = world.order(order.client_order_id)
    assert (after.state, after.filled_quantity, after.average_fill_price) == (OrderState.CANCELLED, D(0), None)
    assert "busted" in after.reason


def test_an_order_that_still_rests_is_over_with_its_busted_part(pit: OpenPit) -> None:
    rules = ExchangeRules(slippage_pct=D(0), commission_min=D(0), max_fill_volume_pct=D("0.1"))
    world = pit(made({"ACME": ["100 101 99 100 40", FLAT]}), rules)
    world.at("09:35")
    order = world.buy(10, stop_loss="90")
    assert states(world, order.client_order_id) == [("partially_filled", D(10), D(4))]
    world.exchange.bust(*fill_ids(world))
    assert states(world, order.client_order_id) == [("cancelled", D(10), D(0))]
    assert world.broker.open_orders() == ()


def test_the_legs_of_a_busted_entry_end_with_the_shares(world: Pit) -> None:
    order = world.buy(10, stop_loss="90", take_profit="120")
    world.exchange.bust(*fill_ids(world))
    legs = [f"{order.client_order_id}.stop", f"{order.client_order_id}.target"]
    assert [state for state, _, _ in states(world, *legs)] == ["cancelled", "cancelled"]


def test_sales_that_rest_for_more_than_is_left_are_cut_down_the_newest_first(world: Pit) -> None:
    world.buy(10)
    world.buy(5)
    older, newer = world.sell(6, stop="90"), world.sell(8, limit="120")
    world.exchange.bust(fill_ids(world)[1])
    assert states(world, older.client_order_id, newer.client_order_id) == [
        ("accepted", D(6), D(0)),
        ("accepted", D(4), D(0)),
    ]
    world.exchange.bust(fill_ids(world)[0])
    assert world.broker.open_orders() == ()


def test_a_busted_sale_gives_the_shares_back(world: Pit) -> None:
    world.buy(10)
    world.sell(10)
    world.exchange.bust(fill_ids(world)[1])
    assert world.held() == 10
    assert world.broker.account().cash == CASH - 1000 - D("0.10")


def test_a_busted_purchase_whose_shares_were_sold_leaves_a_short(world: Pit) -> None:
    world.buy(10)
    world.sell(10)
    world.exchange.bust(fill_ids(world)[0])
    assert world.held() == -10
    assert world.broker.account().cash == CASH + 1000 - D("0.10")


def test_a_correction_moves_the_price_and_nothing_else(world: Pit) -> None:
    order = world.buy(10, stop_loss="90")
    world.exchange.correct(fill_ids(world)[0], D("99.50"))
    assert world.broker.account().cash == CASH - 995 - D("0.10")
    after = world.order(order.client_order_id)
    assert (after.state, after.average_fill_price) == (OrderState.FILLED, D("99.5"))
    assert [(o.remaining, o.stop_price) for o in world.broker.open_orders()] == [decimals(10, 90)]
    old, bust, new = world.happened()[-3:]
    assert isinstance(old, Fill)
    assert isinstance(bust, FillBust)
    assert isinstance(new, Fill)
    assert (new.price, new.quantity, new.client_order_id) == (D("99.5"), D(10), old.client_order_id)


@pytest.mark.parametrize("price", ["0", "-1", "99.505", "NaN"])
def test_a_price_that_is_none_is_refused(world: Pit, price: str) -> None:
    world.buy(10)
    with pytest.raises(OrderRefused, match="corrected price"):
        world.exchange.correct(fill_ids(world)[0], D(price))
    assert world.held() == 10


def test_only_a_fill_that_stands_is_busted(world: Pit) -> None:
    world.buy(10)
    (fill_id,) = fill_ids(world)
    world.exchange.bust(fill_id)
    for unknown in (fill_id, "A-000000001", "A-000000099", "nonsense"):
        with pytest.raises(OrderRefused, match="no such fill stands"):
            world.exchange.bust(unknown)
    assert world.broker.account().cash == CASH


def test_a_fill_from_before_a_split_stands(world: Pit) -> None:
    world.buy(10)
    world.next()
    world.exchange.bust(fill_ids(world)[0])  # the day after, before the split
    world.at("09:35")
    world.buy(10)
    world.next("09:35")
    assert world.exchange.session() == sessions(3, FIRST_SESSION)[2]
    with pytest.raises(OrderRefused, match="from before a split"):
        world.exchange.bust(fill_ids(world)[1])
    assert world.held() == 20


def test_a_bust_is_whole_or_not_at_all_and_is_there_for_the_next_process(world: Pit) -> None:
    world.buy(10)
    world.exchange.bust(*fill_ids(world))
    before = world.happened()
    world.reopen()
    assert world.happened() == before
    assert world.broker.activities(before[-2].fill_id) == before[-1:]  # type: ignore[union-attr]

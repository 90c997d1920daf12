"""What becomes of lost orders, over all histories of looks."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from tests.fakes.orders import Requests
from tradebot.core.model.account import Position
from tradebot.core.model.orders import BrokerOrder, Intent, OrderState, OrderType, Purpose, Side, TimeInForce
from tradebot.core.safety.lost_orders import (
    BETWEEN_LOOKS,
    QUARANTINE,
    TRIES,
    Look,
    LostOrder,
    Verdict,
    holds_nothing_else,
    look_for,
    verdict,
)

LOST_AT = datetime(2007, 1, 4, 14, 35, tzinfo=UTC)
CLOSE = datetime(2007, 1, 4, 21, 0, tzinfo=UTC)
SELL = LostOrder(reduces=True, sends=1, lost_at=LOST_AT)
ENTRY = replace(SELL, reduces=False, ended_at=CLOSE)
FREE = Look(SELL.arrived_by, may_have_filled=False, is_free=True)
HELD = replace(FREE, is_free=False)

_looks = st.builds(
    Look,
    st.integers(0, 8 * 3600).map(lambda seconds: LOST_AT + timedelta(seconds=seconds)),
    may_have_filled=st.booleans(),
    is_free=st.booleans(),
)
_histories = st.lists(_looks, max_size=6).map(lambda looks: sorted(looks, key=lambda look: look.at))
_orders = st.builds(
    LostOrder,
    reduces=st.booleans(),
    sends=st.integers(1, 3),
    lost_at=st.just(LOST_AT),
    ended_at=st.sampled_from((None, CLOSE)),
)


def apart(look: Look, seconds: float) -> Look:
    return replace(look, at=look.at + timedelta(seconds=seconds))


@given(_orders, _histories)
def test_an_entry_is_never_sent_again_and_ends_only_with_its_session(order: LostOrder, looks: list[Look]) -> None:
    entry = replace(order, reduces=False)
    said = verdict(entry, looks)
    assert said is not Verdict.SEND_AGAIN
    if said is Verdict.END:
        assert entry.ended_at is not None
        assert looks[-1].at >= entry.ended_at + QUARANTINE


@given(_orders, _histories)
def test_a_sell_leaves_again_only_where_two_looks_in_a_row_show_its_shares_free(
    order: LostOrder, looks: list[Look]
) -> None:
    said = verdict(order, looks)
    if said is Verdict.SEND_AGAIN:
        first, second = looks[-2:]
        assert order.sends < TRIES
        assert first.is_free
        assert second.is_free
        assert first.at >= order.lost_at + QUARANTINE
        assert second.at - first.at >= BETWEEN_LOOKS


@given(_orders, _histories)
def test_an_order_that_may_have_filled_is_waited_for(order: LostOrder, looks: list[Look]) -> None:
    filled = [*looks[:-1], replace(looks[-1], may_have_filled=True)] if looks else []
    assert verdict(order, filled) is Verdict.WAIT


@given(_orders, _histories)
def test_an_id_is_given_up_only_after_its_tries_or_its_end(order: LostOrder, looks: list[Look]) -> None:
    if verdict(order, looks) is Verdict.END:
        is_over = order.ended_at is not None and looks[-1].at >= order.ended_at + QUARANTINE
        assert is_over or (order.reduces and order.sends >= TRIES)


@given(_orders, _histories, _looks)
def test_looks_within_the_quarantine_change_nothing(order: LostOrder, looks: list[Look], early: Look) -> None:
    soon = replace(early, at=order.lost_at + (early.at - LOST_AT) / (8 * 3600) * 10)
    later = [look for look in looks if look.at >= order.arrived_by]
    if later:
        assert verdict(order, [soon, *later]) is verdict(order, later)


def test_every_history_of_held_and_free_looks_ends_with_shares_that_are_offered_again() -> None:
    """Whatever was seen before, two looks that agree let a sell leave: no burnt id keeps its shares bare."""
    for length in range(4):
        for flags in product((True, False), repeat=length):
            before = [apart(replace(FREE, is_free=free), number) for number, free in enumerate(flags)]
            looks = [*before, apart(FREE, 10), apart(FREE, 14)]
            assert verdict(SELL, looks) is Verdict.SEND_AGAIN
            assert verdict(replace(SELL, sends=TRIES), looks) is Verdict.END


def test_one_held_look_starts_the_count_again() -> None:
    assert verdict(SELL, [FREE, apart(HELD, 5), apart(FREE, 10)]) is Verdict.WAIT
    assert verdict(SELL, [FREE, apart(FREE, 1)]) is Verdict.WAIT
    assert verdict(SELL, [FREE, apart(FREE, 5)]) is Verdict.SEND_AGAIN


def test_a_stop_lives_on_after_the_session_and_an_exit_does_not() -> None:
    evening = [replace(HELD, at=CLOSE + QUARANTINE)]
    assert verdict(SELL, evening) is Verdict.WAIT
    assert verdict(replace(SELL, ended_at=CLOSE), evening) is Verdict.END
    assert verdict(ENTRY, evening) is Verdict.END
    assert verdict(ENTRY, [replace(HELD, at=CLOSE)]) is Verdict.WAIT


# --- what an account shows of them ------------------------------------------------------------------

POSITION = Position("ACME", Decimal(50), Decimal(100), Decimal(100), held_for_sells=Decimal(0))
_NEW = Requests()


def lost(side: Side = Side.SELL) -> Intent:
    request = _NEW.sell(50, stop="90") if side is Side.SELL else _NEW.buy(50)
    purpose = Purpose.STOP if side is Side.SELL else Purpose.ENTRY
    return Intent(request, "robinhood:live:X", date(2007, 1, 4), "scripted", purpose, 1, Decimal(90), "told to")


def listed(quantity: int, *, side: Side = Side.SELL, symbol: str = "ACME") -> BrokerOrder:
    shares = Decimal(quantity)
    gtc = TimeInForce.GTC
    state = OrderState.ACCEPTED
    return BrokerOrder("R-1", "", symbol, side, shares, Decimal(0), OrderType.LIMIT, gtc, state, LOST_AT)


def test_shares_are_free_where_no_sell_that_no_list_has_holds_any() -> None:
    held = replace(POSITION, held_for_sells=Decimal(20))
    assert holds_nothing_else(POSITION, [])
    assert not holds_nothing_else(held, [])
    assert holds_nothing_else(held, [listed(20)])
    assert not holds_nothing_else(held, [listed(19), listed(50, side=Side.BUY), listed(50, symbol="BOLT")])
    assert not holds_nothing_else(replace(POSITION, held_for_sells=None), [])


def test_a_look_tells_a_fill_by_the_shares_that_came_or_went() -> None:
    def may_have_filled(intent: Intent, shown: int, booked: int) -> bool:
        position = replace(POSITION, quantity=Decimal(shown)) if shown else None
        return look_for(intent, LOST_AT, position, [], Decimal(booked)).may_have_filled

    assert may_have_filled(lost(), 0, 50)
    assert may_have_filled(lost(), 30, 50)
    assert not may_have_filled(lost(), 50, 50)
    assert not may_have_filled(lost(), 60, 50)
    assert may_have_filled(lost(Side.BUY), 50, 0)
    assert not may_have_filled(lost(Side.BUY), 0, 0)


def test_a_sell_of_shares_that_are_nowhere_any_more_holds_none() -> None:
    sell = lost()
    assert look_for(sell, LOST_AT, None, [], Decimal(0)).is_free
    assert not look_for(sell, LOST_AT, None, [], Decimal(10)).is_free, "the list of positions may lag"

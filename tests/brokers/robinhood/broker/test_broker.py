"""What is sent, what each answer means, and what is known when no answer came."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest

from tests.brokers.robinhood.conftest import Desk, MakeDesk
from tests.fakes.orders import Requests
from tests.fakes.robinhood import Repeated, Terms
from tests.fakes.wire.faults import Kind
from tradebot.brokers.http.timeouts import Timeouts
from tradebot.core.model.order_ids import ref_id
from tradebot.core.model.orders import OrderRequest, OrderState, TimeInForce
from tradebot.errors import AlreadySent, Blocked, BrokerUnavailable, OrderRefused, OutcomeUnknown
from tradebot.home.sent_orders import read_sent_orders

make = Requests()
SHORT = Timeouts(connect=0.1, send=1.0, idle=0.15, response=0.3, read_with_retries=2.0)
ORDERS = "/orders/"


def entry(client_id: str = "an-entry", limit: str = "90") -> OrderRequest:
    return make.buy(10, limit=limit, tif=TimeInForce.DAY, client_id=client_id)


@contextmanager
def lost(desk: Desk, kind: Kind) -> Iterator[None]:
    desk.broker = desk.command(patience=SHORT)
    desk.broker.assets(["ACME"])
    desk.fake.strike(kind, method="POST", path=ORDERS)
    yield


# --- sending ---------------------------------------------------------------------------------------


def test_an_order_is_written_down_before_it_leaves(robinhood: MakeDesk) -> None:
    desk = robinhood()
    written: list[int] = []
    honest = desk.fake.process

    def watched(arrival: object, exchange: object = None) -> object:
        if getattr(arrival, "method", "") == "POST":
            written.append(len(read_sent_orders(desk.folder / "sent_orders")))
        return honest(arrival, exchange)  # type: ignore[arg-type]

    desk.fake.process = watched  # type: ignore[assignment,method-assign]
    taken = desk.broker.submit(entry())
    assert written == [1]
    (sent,) = read_sent_orders(desk.folder / "sent_orders")
    assert (sent.client_order_id, sent.ref_id) == ("an-entry", ref_id("an-entry"))
    assert (taken.client_order_id, taken.symbol) == ("an-entry", "ACME")
    assert taken.state is OrderState.ACCEPTED and not taken.rests, "what is taken does not rest yet"


def test_an_order_that_cannot_be_written_down_stays_here_unless_an_emergency_stop_sends_it(
    robinhood: MakeDesk, caplog: pytest.LogCaptureFixture
) -> None:
    desk = robinhood()
    (desk.folder / "sent_orders").mkdir()
    with pytest.raises(BrokerUnavailable, match="was not sent, because nobody could tell later whose it is"):
        desk.broker.submit(entry())
    assert desk.fake.order_posts == 0
    desk.command(must_record=False).submit(entry())
    assert desk.fake.order_posts == 1
    assert "is sent all the same" in caplog.text


def test_an_unknown_symbol_is_refused_here(robinhood: MakeDesk) -> None:
    desk = robinhood()
    with pytest.raises(OrderRefused, match="does not know the symbol NONE"):
        desk.broker.submit(make.buy(1, limit="10", symbol="NONE"))
    assert desk.fake.order_posts == 0


def test_a_limit_that_is_far_away_is_taken_and_rejected_later(robinhood: MakeDesk) -> None:
    desk = robinhood()
    assert desk.broker.submit(entry(limit="1")).state is OrderState.ACCEPTED
    found = desk.broker.order("an-entry")
    assert found is not None
    assert (found.state, found.reason) == (OrderState.REJECTED, "Robinhood gives no reason")


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        (Kind.TOO_MANY, BrokerUnavailable),
        (Kind.UNAUTHORIZED, Blocked),
        (Kind.FORBIDDEN, OrderRefused),
        (Kind.RESET_BEFORE, OutcomeUnknown),
        (Kind.RESET_AFTER, OutcomeUnknown),
        (Kind.SILENT_AFTER, OutcomeUnknown),
        (Kind.GATEWAY_TIMEOUT, OutcomeUnknown),
        (Kind.SERVER_ERROR, OutcomeUnknown),
        (Kind.HTML, OutcomeUnknown),
        (Kind.PAGE, OutcomeUnknown),
        (Kind.TRUNCATED, OutcomeUnknown),
        (Kind.ID_BURNT, OutcomeUnknown),
    ],
)
def test_what_an_answer_to_an_order_means(robinhood: MakeDesk, kind: Kind, error: type[Exception]) -> None:
    desk = robinhood()
    with lost(desk, kind), pytest.raises(error) as raised:
        desk.broker.submit(entry())
    assert type(raised.value) is error


def test_an_order_that_did_not_leave_has_certainly_not_arrived(robinhood: MakeDesk) -> None:
    desk = robinhood()
    desk.broker.assets(["ACME"])
    with desk.fake.refusing(), pytest.raises(BrokerUnavailable, match="nothing was sent"):
        desk.broker.submit(entry())


@pytest.mark.parametrize("repeated", [Repeated.CONFLICT, Repeated.EXISTS])
def test_a_used_id_is_an_order_that_was_sent_already(robinhood: MakeDesk, repeated: Repeated) -> None:
    desk = robinhood(terms=Terms(repeated=repeated))
    desk.broker.submit(entry())
    with pytest.raises(AlreadySent):
        desk.broker.submit(entry())


def test_the_first_order_may_be_the_answer_to_a_used_id(robinhood: MakeDesk) -> None:
    desk = robinhood(terms=Terms(repeated=Repeated.RETURNED))
    first = desk.broker.submit(entry())
    assert desk.broker.submit(entry()).broker_order_id == first.broker_order_id


def test_an_answer_with_another_order_leaves_the_outcome_unknown(robinhood: MakeDesk) -> None:
    desk = robinhood()
    honest = desk.fake.process

    def bent(arrival: object, exchange: object = None) -> object:
        answer = honest(arrival, exchange)  # type: ignore[arg-type]
        if getattr(arrival, "method", "") == "POST" and answer.body:
            answer.body["ref_id"] = ref_id("another")
        return answer

    desk.fake.process = bent  # type: ignore[assignment,method-assign]
    with pytest.raises(OutcomeUnknown, match="answered with another order"):
        desk.broker.submit(entry())


# --- lost answers ----------------------------------------------------------------------------------

ARRIVED = (Kind.GATEWAY_TIMEOUT, Kind.RESET_AFTER, Kind.SILENT_AFTER, Kind.TRUNCATED)


@pytest.mark.parametrize("null_refs", [0, 1])
@pytest.mark.parametrize("kind", ARRIVED)
def test_an_order_whose_answer_is_lost_is_found_by_this_command_and_by_another(
    robinhood: MakeDesk, kind: Kind, null_refs: int
) -> None:
    desk = robinhood(terms=Terms(null_refs=null_refs))
    with lost(desk, kind), pytest.raises(OutcomeUnknown):
        desk.broker.submit(entry())
    for broker in (desk.broker, desk.command()):
        found = broker.order("an-entry")
        assert found is not None and found.state.live
        assert [order.client_order_id for order in broker.open_orders()] == ["an-entry"]


@pytest.mark.parametrize("null_refs", [0, 1])
def test_an_order_that_arrives_late_is_found_when_it_is_there(robinhood: MakeDesk, null_refs: int) -> None:
    desk = robinhood(terms=Terms(null_refs=null_refs))
    with lost(desk, Kind.LATE), pytest.raises(OutcomeUnknown):
        desk.broker.submit(entry())
    assert desk.command().order("an-entry") is None
    desk.fake.deliver()
    assert desk.command().order("an-entry") is not None


def test_a_lagging_list_does_not_show_it_and_does_later(robinhood: MakeDesk) -> None:
    desk = robinhood(terms=Terms(list_lag=600.0))
    with lost(desk, Kind.GATEWAY_TIMEOUT), pytest.raises(OutcomeUnknown):
        desk.broker.submit(entry())
    assert desk.command().order("an-entry") is None
    desk.pit.at("09:50")
    assert desk.command().order("an-entry") is not None


@pytest.mark.parametrize("repeated", list(Repeated))
@pytest.mark.parametrize("kind", [Kind.GATEWAY_TIMEOUT, Kind.ID_BURNT])
def test_a_lost_stop_that_is_sent_once_more_offers_no_more_than_is_held(
    robinhood: MakeDesk, kind: Kind, repeated: Repeated
) -> None:
    desk = robinhood(terms=Terms(repeated=repeated, list_lag=600.0))
    desk.broker.submit(make.buy(10, limit="101", tif=TimeInForce.DAY))
    stop = make.sell(10, stop="95", client_id="a-stop")
    with lost(desk, kind), pytest.raises(OutcomeUnknown):
        desk.broker.submit(stop)
    burnt = kind is Kind.ID_BURNT
    (position,) = desk.command().positions()
    assert position.held_for_sells == (0 if burnt else 10)
    with suppress(OrderRefused):
        desk.command().submit(stop)
    (position,) = desk.command().positions()
    assert position.held_for_sells is not None and position.held_for_sells <= 10
    desk.pit.at("09:50")
    shown = desk.command().open_orders()
    assert {order.client_order_id for order in shown} <= {"a-stop"}
    assert sum(order.remaining for order in shown) <= 10
    assert bool(shown) is (not burnt or repeated is Repeated.SECOND)


# --- cancelling ------------------------------------------------------------------------------------


def test_a_cancel_is_only_asked_for_and_the_order_shows_when_it_has_happened(robinhood: MakeDesk) -> None:
    desk = robinhood(terms=Terms(slow_cancels=3))
    order = desk.broker.submit(entry())
    desk.broker.cancel(order.broker_order_id)
    pending = desk.broker.order("an-entry")
    assert pending is not None and pending.state.live and not pending.rests
    with pytest.raises(OrderRefused, match="cannot be cancelled at this time") as again:
        desk.broker.cancel(order.broker_order_id)
    assert again.value.reason == "403"
    for _ in range(3):
        ended = desk.broker.order("an-entry")
    assert ended is not None and ended.state is OrderState.CANCELLED


def test_a_bad_token_blocks_and_is_no_order_that_has_ended(robinhood: MakeDesk) -> None:
    desk = robinhood()
    order = desk.broker.submit(entry())
    desk.fake.logins.revoke()
    with pytest.raises(Blocked):
        desk.broker.cancel(order.broker_order_id)
    with pytest.raises(Blocked):
        desk.broker.open_orders()


@pytest.mark.parametrize("slow", [0, 1, 4])
def test_all_orders_are_cancelled_one_by_one_foreign_ones_too(robinhood: MakeDesk, slow: int) -> None:
    desk = robinhood(terms=Terms(slow_cancels=slow))
    for number in range(4):
        desk.broker.submit(entry(f"entry{number}"))
    desk.pit.buy(1, limit="80", client_id="by-hand")
    desk.forget()
    desk.command().cancel_all()
    assert sum("cancel" in asked for asked in desk.asked) == 5
    for _ in range(5):
        left = desk.command().open_orders()
    assert left == ()


def test_cancelling_all_says_which_order_was_not_cancelled(robinhood: MakeDesk) -> None:
    desk = robinhood()
    desk.broker.submit(entry())
    desk.fake.strike(Kind.FORBIDDEN, method="POST", times=99)
    with pytest.raises(OrderRefused, match=r"1 orders were not cancelled: buy 10 ACME limit 90 \(an-entry\)"):
        desk.broker.cancel_all()


def test_no_order_is_replaced(robinhood: MakeDesk) -> None:
    desk = robinhood()
    order = desk.broker.submit(entry())
    with pytest.raises(OrderRefused, match="replaces no order"):
        desk.broker.replace(order.broker_order_id, entry("another"))
    assert desk.fake.order_posts == 1


# --- reading ---------------------------------------------------------------------------------------


READS = ("positions", "open_orders", "account", "permissions", "client_order_ids", "clock")


@pytest.mark.parametrize("kind", [Kind.SERVER_ERROR, Kind.TRUNCATED, Kind.PAGE, Kind.FORBIDDEN, Kind.TOO_MANY])
def test_a_read_that_fails_is_never_an_empty_account(robinhood: MakeDesk, kind: Kind) -> None:
    desk = robinhood()
    desk.fake.strike(kind, method="GET", times=1000, amount=1)
    for read in READS:
        with pytest.raises(BrokerUnavailable):
            getattr(desk.command(patience=SHORT), read)()

"""Decide, write, send, verify: what is on disk when a request leaves, and what becomes of one whose end nobody saw."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from tests.jobs.brokers import Around, Crash, Dies, LosesAnswers, LosesRequests, Unreachable, Watched
from tests.jobs.conftest import MakeHouse
from tests.jobs.house import ACCOUNT, House, Script
from tradebot.core.model.account import Activity, Fill, Position
from tradebot.core.model.breaks import BreakKind
from tradebot.core.model.holders import Holder
from tradebot.core.model.ledger_rows import RunStatus
from tradebot.core.model.orders import BrokerOrder, OrderRequest, OrderState, Purpose
from tradebot.errors import Blocked, BrokerUnavailable, ExitCode, Locked
from tradebot.home import paths
from tradebot.ledger.database import open_database
from tradebot.ports import Broker

SECOND, THIRD = date(2007, 1, 4), date(2007, 1, 5)
ENTERS = Script(enter={"ACME": [SECOND]})


def state_on_disk(house: House, client_order_id: str) -> str:
    (row,) = house.rows("SELECT state FROM orders WHERE client_order_id = ?", client_order_id)
    assert isinstance(row["state"], str)
    return row["state"]


def fills_at_the_exchange(house: House) -> list[str]:
    with house.by_hand() as broker:
        return [done.client_order_id for done in broker.activities(None) if isinstance(done, Fill)]


class ShowsNoFills(Around):
    """Has traded, and does not tell yet."""

    def activities(self, after: str | None) -> tuple[Activity, ...]:
        return tuple(done for done in super().activities(after) if not isinstance(done, Fill))


def test_an_intent_is_on_disk_as_submitting_when_its_request_leaves(make_house: MakeHouse) -> None:
    house = make_house(Script(enter={"ACME": [SECOND], "BOLT": [SECOND]}, leave={"ACME": [THIRD]}))
    seen: list[tuple[str, list[str]]] = []

    def look(broker: Broker, call: str, asked: object) -> None:
        if isinstance(asked, OrderRequest):
            states = house.rows("SELECT state FROM orders WHERE session = ? ORDER BY seq", house_day.isoformat())
            seen.append((state_on_disk(house, asked.client_order_id), [row["state"] for row in states]))

    house_day = SECOND
    house.daily(wrap=lambda broker: Watched(broker, look))
    house_day = house.next()
    house.daily(wrap=lambda broker: Watched(broker, look))

    # Both entries are written before the first leaves; the second leaves after the first's answer is on disk.
    assert seen == [
        ("submitting", ["submitting", "planned"]),
        ("submitting", ["filled", "submitting"]),
        ("submitting", ["submitting"]),
    ]


def test_a_replacement_is_on_disk_as_submitting_when_it_leaves(make_house: MakeHouse) -> None:
    trails = 'stop=Decimal("0.10"), trail_trigger=Decimal("0.05"), trail_offset=Decimal("0.02")'
    house = make_house(
        Script(enter={"ACME": [SECOND]}, policy=trails), prices={"ACME": ["100 101 99 100", "100 110 99 110"] * 2}
    )
    house.daily()
    seen: list[str] = []

    def look(broker: Broker, call: str, asked: object) -> None:
        if call == "replace" and isinstance(asked, OrderRequest):
            seen.append(state_on_disk(house, asked.client_order_id))

    house.check_exits(wrap=lambda broker: Watched(broker, look))
    assert seen == ["submitting"]


def test_an_answer_that_is_lost_is_made_good_by_asking_for_the_id(make_house: MakeHouse) -> None:
    house = make_house(ENTERS)
    entry = house.id(1, Purpose.ENTRY)
    outcome = house.daily(wrap=LosesAnswers)
    assert outcome.exit_code is ExitCode.BROKER
    assert [line.state for line in outcome.orders] == [OrderState.UNKNOWN]
    assert [failure.what for failure in outcome.failures] == [f"order {entry}"]
    assert state_on_disk(house, entry) == "filled"  # found before the run ended
    assert outcome.unprotected == Decimal(0)


def test_what_stays_unknown_is_found_by_its_id_in_the_next_run(make_house: MakeHouse) -> None:
    house = make_house(ENTERS)
    entry = house.id(1, Purpose.ENTRY)
    with pytest.raises(BrokerUnavailable):
        house.daily(wrap=lambda broker: Unreachable(LosesAnswers(broker), "order"))
    assert state_on_disk(house, entry) == "unknown"

    outcome = house.daily()
    assert outcome.exit_code is ExitCode.OK
    assert state_on_disk(house, entry) == "filled"
    assert fills_at_the_exchange(house) == [entry]
    held = house.holding()
    assert held is not None
    assert (held.strategy, held.quantity, held.stop_price) == ("scripted", Decimal(50), Decimal(90))


def test_an_unknown_outcome_locks_its_symbol(make_house: MakeHouse) -> None:
    house = make_house(Script(enter={"ACME": [SECOND, THIRD], "BOLT": [THIRD]}))
    entry = house.id(1, Purpose.ENTRY)

    class StillUnknown(ShowsNoFills):
        """Shows the order in a state that this version does not know, and no position yet."""

        def order(self, client_order_id: str) -> BrokerOrder | None:
            found = super().order(client_order_id)
            return found and (replace(found, state=OrderState.UNKNOWN) if client_order_id == entry else found)

        def positions(self) -> tuple[Position, ...]:
            return tuple(position for position in super().positions() if position.symbol != "ACME")

    house.daily(wrap=lambda broker: StillUnknown(LosesAnswers(broker)))
    house.next()
    outcome = house.daily(wrap=StillUnknown)

    assert ("ACME", "SYMBOL_LOCKED") in [(denial.symbol, denial.code) for denial in outcome.denials]
    locked = next(denial for denial in outcome.denials if denial.code == "SYMBOL_LOCKED")
    assert entry in locked.message
    assert [line.symbol for line in outcome.orders] == ["BOLT"]
    assert outcome.exit_code is ExitCode.BROKER
    assert ExitCode.BREAKS in outcome.codes
    assert ("unknown_outcome", "ACME") in [(found.kind, found.symbol) for found in outcome.breaks]


def test_a_request_that_never_arrived_is_sent_once_more_under_its_id(make_house: MakeHouse) -> None:
    house = make_house(ENTERS)
    entry = house.id(1, Purpose.ENTRY)
    with pytest.raises(BrokerUnavailable):
        house.daily(wrap=lambda broker: Unreachable(LosesRequests(broker), "order"))
    assert state_on_disk(house, entry) == "unknown"

    outcome = house.daily()
    assert outcome.status is RunStatus.RAN
    assert fills_at_the_exchange(house) == [entry]
    assert state_on_disk(house, entry) == "filled"
    assert [row["sends"] for row in house.rows("SELECT sends FROM orders")] == [2]


def test_a_request_that_never_arrives_twice_is_given_up(make_house: MakeHouse) -> None:
    house = make_house(ENTERS)
    entry = house.id(1, Purpose.ENTRY)
    for _ in range(2):
        house.daily(wrap=LosesRequests)
    assert state_on_disk(house, entry) == "abandoned"
    house.daily()
    assert house.order(entry) is None
    assert house.positions() == {}


def test_a_request_that_certainly_did_not_arrive_is_a_plan_that_the_next_run_sends(make_house: MakeHouse) -> None:
    house = make_house(ENTERS)
    entry = house.id(1, Purpose.ENTRY)
    outcome = house.daily(wrap=lambda broker: Unreachable(broker, "submit"))
    assert outcome.exit_code is ExitCode.BROKER
    assert outcome.status is RunStatus.FAILED
    assert [line.state for line in outcome.orders] == [OrderState.PLANNED]
    assert house.positions() == {}

    assert house.daily().status is RunStatus.RAN
    assert fills_at_the_exchange(house) == [entry]


class LetsNobodyIn(Around):
    """Refuses the login of every order."""

    def submit(self, request: OrderRequest) -> BrokerOrder:
        raise Blocked("the login has ended")


def test_an_order_that_was_not_let_in_is_a_plan_that_the_next_run_sends(make_house: MakeHouse) -> None:
    house = make_house(ENTERS)
    entry = house.id(1, Purpose.ENTRY)
    with pytest.raises(Blocked):
        house.daily(wrap=LetsNobodyIn)
    assert state_on_disk(house, entry) == "planned"
    assert house.daily().status is RunStatus.RAN
    assert fills_at_the_exchange(house) == [entry]


class Limited(Around):
    """Asks for more seconds without a request than a run can wait."""

    def wait_to_send(self) -> None:
        raise BrokerUnavailable("it asks for 600 seconds without a request")


def test_the_rate_limit_is_waited_for_before_anything_is_committed(make_house: MakeHouse) -> None:
    house = make_house(ENTERS)
    with pytest.raises(BrokerUnavailable, match="600 seconds"):
        house.daily(wrap=Limited)
    assert [(each.state, each.sends) for each in house.intents()] == [(OrderState.PLANNED, 0)]
    assert house.daily().exit_code is ExitCode.OK
    assert [(each.state, each.sends) for each in house.intents()] == [(OrderState.FILLED, 1)]


def test_a_run_that_another_has_taken_the_account_from_stores_and_sends_nothing_more(make_house: MakeHouse) -> None:
    house = make_house(ENTERS)

    def take(inner: Broker, call: str, asked: object) -> None:
        if call == "assets":  # between two steps of the run
            with closing(open_database(house.database, create=False)) as elsewhere:
                elsewhere.bind(ACCOUNT).epochs.take(Holder(7, "run-daily", datetime.now(UTC), "server"), "")

    with pytest.raises(Locked, match=r"to another: pid 7, .* on server"):
        house.daily(wrap=lambda broker: Watched(broker, take))
    assert house.intents() == ()


def test_a_resend_that_is_refused_because_the_first_had_arrived_is_adopted(make_house: MakeHouse) -> None:
    house = make_house(ENTERS)
    entry = house.id(1, Purpose.ENTRY)

    class HidesUntilResent(ShowsNoFills):
        """Took the order, and shows it only once it is sent again."""

        resent = False

        def order(self, client_order_id: str) -> BrokerOrder | None:
            return super().order(client_order_id) if self.resent else None

        def submit(self, request: OrderRequest) -> BrokerOrder:
            self.resent = True
            return super().submit(request)

    house.daily(wrap=lambda broker: ShowsNothing(LosesAnswers(broker)))
    assert state_on_disk(house, entry) == "planned"
    house.daily(wrap=HidesUntilResent)
    house.check_exits()
    assert fills_at_the_exchange(house) == [entry]
    assert state_on_disk(house, entry) == "filled"


class ShowsNothing(ShowsNoFills):
    """Has the order and does not show it yet."""

    def order(self, client_order_id: str) -> BrokerOrder | None:
        return None


def test_an_order_that_shows_up_after_it_was_given_up_is_still_ours(make_house: MakeHouse) -> None:
    house = make_house(ENTERS)
    entry = house.id(1, Purpose.ENTRY)

    house.daily(wrap=lambda broker: ShowsNothing(LosesAnswers(broker)))
    assert state_on_disk(house, entry) == "planned"

    outcome = house.check_exits()
    assert state_on_disk(house, entry) == "filled"
    held = house.holding()
    assert held is not None
    assert (held.strategy, held.quantity, held.stop_price) == ("scripted", Decimal(50), Decimal(90))
    assert outcome.unprotected == Decimal(0)
    assert outcome.breaks == ()

    house.told(Script(enter={"ACME": [SECOND]}, leave={"ACME": [THIRD]}))
    house.next()
    house.daily()  # and its stop is known as ours, so that the position can be left
    assert house.positions() == {}


@pytest.mark.parametrize("at", ["before it is sent", "after it is sent"])
def test_a_crash_around_the_sending_leaves_one_order(make_house: MakeHouse, at: str) -> None:
    house = make_house(ENTERS)
    entry = house.id(1, Purpose.ENTRY)
    with pytest.raises(Crash):
        house.daily(wrap=lambda broker: Dies(broker, "submit", after=at.startswith("after")))
    assert state_on_disk(house, entry) == "submitting"

    outcome = house.daily()
    assert outcome.status is RunStatus.RAN
    assert fills_at_the_exchange(house) == [entry]
    assert state_on_disk(house, entry) == "filled"
    assert house.stops() == [(Decimal(50), Decimal(90))]


class LosesSight(Around):
    """Takes the first order without filling it in sight, and is gone from then on."""

    sent = False

    def before(self, call: str, asked: object = None) -> None:
        if self.sent:
            raise BrokerUnavailable("no route to host")

    def submit(self, request: OrderRequest) -> BrokerOrder:
        filled = super().submit(request)
        self.sent = True
        return replace(filled, state=OrderState.ACCEPTED, filled_quantity=Decimal(0), average_fill_price=None)


def test_what_was_written_and_never_sent_is_sent_under_its_id_by_the_next_run(make_house: MakeHouse) -> None:
    house = make_house(Script(enter={"ACME": [SECOND], "BOLT": [SECOND]}))
    first, second = house.id(1, Purpose.ENTRY, "ACME"), house.id(1, Purpose.ENTRY, "BOLT")
    with pytest.raises(BrokerUnavailable):
        house.daily(wrap=LosesSight)
    assert (state_on_disk(house, first), state_on_disk(house, second)) == ("accepted", "planned")

    outcome = house.daily()

    assert outcome.status is RunStatus.RAN
    assert fills_at_the_exchange(house) == [first, second]
    assert (state_on_disk(house, first), state_on_disk(house, second)) == ("filled", "filled")
    assert len(house.rows("SELECT 1 FROM orders")) == 2
    kinds = [row["kind"] for row in house.rows("SELECT kind FROM audit WHERE subject = ? ORDER BY seq", second)]
    assert kinds[:2] == ["intent_written", "intent_rewritten"]


def test_what_was_written_and_never_sent_lapses_with_its_session(make_house: MakeHouse) -> None:
    house = make_house(Script(enter={"ACME": [SECOND], "BOLT": [SECOND]}))
    with pytest.raises(BrokerUnavailable):
        house.daily(wrap=LosesSight)
    house.next()
    house.daily()
    (row,) = house.rows("SELECT state, note FROM orders WHERE symbol = 'BOLT'")
    assert row["state"] == "abandoned"
    assert "its session is over" in row["note"]
    assert set(house.positions()) == {"ACME"}


def test_what_an_earlier_run_sent_counts_against_the_day(make_house: MakeHouse) -> None:
    house = make_house(Script(enter={"ACME": [SECOND], "BOLT": [SECOND]}), settings={"MAX_DAILY_TRADES": "1"})
    with pytest.raises(Crash):
        house.daily(wrap=lambda broker: Dies(broker, "submit", after=True))
    outcome = house.daily()
    assert ("BOLT", "MAX_DAILY_TRADES") in [(denial.symbol, denial.code.value) for denial in outcome.denials]
    assert set(house.positions()) == {"ACME"}


def test_an_order_that_can_not_be_found_for_a_while_has_not_ended(make_house: MakeHouse) -> None:
    house = make_house(ENTERS)
    entry = house.id(1, Purpose.ENTRY)

    class FillsLater(Around):
        """Takes the order and does not show it afterwards."""

        def submit(self, request: OrderRequest) -> BrokerOrder:
            filled = super().submit(request)
            return replace(filled, state=OrderState.ACCEPTED, filled_quantity=Decimal(0), average_fill_price=None)

        def order(self, client_order_id: str) -> BrokerOrder | None:
            return None

    outcome = house.daily(wrap=lambda broker: FillsLater(ShowsNoFills(broker)))
    assert outcome.exit_code is ExitCode.BROKER
    assert state_on_disk(house, entry) == "accepted"
    assert any("no longer knows this order" in failure.message for failure in outcome.failures)

    assert house.check_exits().exit_code is ExitCode.OK
    assert state_on_disk(house, entry) == "filled"


def test_without_its_lock_a_run_sends_nothing_more(make_house: MakeHouse) -> None:
    house = make_house(Script(enter={"ACME": [SECOND], "BOLT": [SECOND]}))

    class SomebodyTidiesUp(Around):
        def submit(self, request: OrderRequest) -> BrokerOrder:
            paths.lock_file(house.home).unlink()
            return super().submit(request)

    with pytest.raises(Locked, match="was removed"):
        house.daily(wrap=SomebodyTidiesUp)
    assert set(house.positions()) == {"ACME"}
    assert house.stops() == [(Decimal(50), Decimal(90))]
    (run,) = house.rows("SELECT status, exit_code FROM runs")
    assert run == {"status": "failed", "exit_code": ExitCode.LOCKED}

    house.daily()
    assert set(house.positions()) == {"ACME", "BOLT"}


class Shows(Around):
    """Shows the orders of ACME in a state that they are not in."""

    def __init__(self, broker: Broker, state: OrderState, filled: int) -> None:
        super().__init__(broker)
        self._as = {"state": state, "filled_quantity": Decimal(filled)}

    def submit(self, request: OrderRequest) -> BrokerOrder:
        return self._shown(super().submit(request))

    def order(self, client_order_id: str) -> BrokerOrder | None:
        order = super().order(client_order_id)
        return None if order is None else self._shown(order)

    def _shown(self, order: BrokerOrder) -> BrokerOrder:
        return replace(order, **self._as) if order.symbol == "ACME" else order  # type: ignore[arg-type]


def test_an_order_that_went_where_none_can_go_fails_alone_and_locks_its_symbol(make_house: MakeHouse) -> None:
    house = make_house(Script(enter={"ACME": [SECOND], "BOLT": [THIRD]}))
    entry = house.id(1, Purpose.ENTRY)
    house.daily(wrap=lambda broker: Shows(broker, OrderState.PARTIALLY_FILLED, 20))
    assert state_on_disk(house, entry) == "partially_filled"

    house.next()
    outcome = house.daily(wrap=lambda broker: Shows(broker, OrderState.REJECTED, 0))

    told = [line.message for line in outcome.failures if line.what == f"order {entry}"]
    assert told and all("which no order can do" in message for message in told)
    assert {line.symbol for line in outcome.orders if line.filled_quantity} == {"BOLT"}
    house.reconcile()
    assert state_on_disk(house, entry) == "filled"


def test_while_the_broker_shows_what_cannot_be_the_outcome_is_unknown(make_house: MakeHouse) -> None:
    house = make_house(ENTERS)
    entry = house.id(1, Purpose.ENTRY)
    house.daily(wrap=lambda broker: Shows(broker, OrderState.PARTIALLY_FILLED, 20))

    outcome = house.reconcile(wrap=lambda broker: Shows(broker, OrderState.ACCEPTED, 0))

    assert state_on_disk(house, entry) == "unknown"
    assert BreakKind.UNKNOWN_OUTCOME in {found.kind for found in outcome.breaks if found.symbol == "ACME"}
    assert house.reconcile().breaks == ()
    assert state_on_disk(house, entry) == "filled"


def test_the_price_at_sending_is_stored_with_every_order(make_house: MakeHouse) -> None:
    """An entry's is asked for before it leaves; a sale's is that of the last look, since nothing may hold it up."""
    house = make_house(
        Script(enter={"ACME": [SECOND]}, leave={"ACME": [THIRD]}),
        prices={"ACME": ["100 101 99 100", "103 104 102 103", "101 102 100 101", "100 101 99 100"]},
    )
    house.daily()
    house.next()
    house.daily()
    stored = "SELECT purpose, planned_price, sent_price, sent_price_at <= sent_at AS before FROM orders ORDER BY seq"
    rows = [(row["purpose"], row["sent_price"] == row["planned_price"], row["before"]) for row in house.rows(stored)]
    assert rows == [("entry", True, 1), ("exit", True, 1)]
    assert {row["sent_price"] for row in house.rows("SELECT sent_price FROM orders")} == {"103", "101"}

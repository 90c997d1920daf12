"""One look is one moment: what happens between two reads of a job is no difference, and one that stays is confirmed."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import date

import pytest

from tests.fakes.alpaca import Arrival, Fault, Kind
from tests.fakes.alpaca.client import broker_of
from tests.jobs.brokers import Around
from tests.jobs.conftest import MakeHouse
from tests.jobs.house import FLAT, House, Script
from tests.stories.real_account.at_alpaca import AtAlpaca, at_alpaca
from tradebot.core.model.account import Position
from tradebot.core.model.breaks import BreakKind
from tradebot.core.model.schedule import Job
from tradebot.errors import BrokerUnavailable, ExitCode, UsageError
from tradebot.home import paths
from tradebot.jobs import preflight, reconcile_accept, status

SECOND, THIRD = date(2007, 1, 4), date(2007, 1, 5)
DIPS = "100 101 89 95"  # through the stop at 90, and back
SYMBOLS = ("ACME", "BOLT", "CORD")
HALTS = {"BREAK_HALT_VALUE": "1000"}


def home(make_house: MakeHouse, *bars: str, leave: bool = False) -> House:
    """A home that is to hold 50 ACME from the second session, with a stop at 90, and to enter others on the third."""
    return make_house(
        Script(
            enter={"ACME": [SECOND], "BOLT": [THIRD], "CORD": [THIRD]},
            leave={"ACME": [THIRD]} if leave else {},
            symbols=SYMBOLS,
        ),
        prices={"ACME": [FLAT, FLAT, *bars, *[FLAT] * 4], "BOLT": [FLAT] * 8, "CORD": [FLAT] * 8},
        settings=HALTS,
    )


def holding(make_house: MakeHouse) -> House:
    """The same at the embedded exchange, in the third session."""
    house = home(make_house)
    house.daily()
    house.next()
    return house


@contextmanager
def holding_there(house: House) -> Iterator[AtAlpaca]:
    """A home at Alpaca that has bought ACME, in the third session. The server's requests count from now on."""
    with at_alpaca(house) as account:
        assert account.daily().exit_code is ExitCode.OK
        house.next()
        account.waited.clear()
        account.fake.served.clear()
        yield account


def lose_shares(house: House, shares: int = 20) -> None:
    """Shares are gone at the broker, and nothing will ever say why."""
    with closing(sqlite3.connect(paths.exchange_file(house.home), isolation_level=None)) as exchange:
        exchange.execute(f"UPDATE positions SET quantity = quantity - {shares} WHERE symbol = 'ACME'")


def appear_shares(house: House) -> None:
    """Shares of BOLT are there, and nothing will ever say from where."""
    with closing(sqlite3.connect(paths.exchange_file(house.home), isolation_level=None)) as exchange:
        exchange.execute("INSERT INTO positions VALUES ('BOLT', '7', '100')")


def alerts(house: House) -> list[str]:
    return [row["title"] for row in house.rows("SELECT title FROM alerts ORDER BY seq")]


# --- what happens between two reads ---------------------------------------------------------------------


@pytest.mark.parametrize("read", ["/v2/account", "/v2/positions", "/v2/orders"])
@pytest.mark.parametrize("job", [Job.RECONCILE, Job.CHECK_EXITS])
def test_a_stop_that_fills_between_two_reads_is_explained_at_once(make_house: MakeHouse, job: Job, read: str) -> None:
    house = home(make_house, DIPS)
    booked: list[str] = []
    filled: list[str] = []

    def the_stop_fills(arrival: Arrival) -> Fault | None:
        if arrival.path.startswith("/v2/account/activities"):
            booked.append(arrival.path)
        elif booked and arrival.path == read and house.positions().get("ACME"):
            house.passes("09:40")
            filled.append(arrival.path)
        return None

    with holding_there(house) as account:
        account.happens = the_stop_fills
        outcome = account.run(job, "09:33")
    assert filled == [read], "between two reads"
    assert house.positions() == {}
    assert (outcome.breaks, outcome.halts, outcome.exit_code) == ((), (), ExitCode.OK)
    assert house.rows("SELECT 1 FROM breaks") == []
    assert alerts(house) == []
    assert sum(account.waited) < 3, "what is explained needs no second look"


class Moves(Around):
    """ACME is bought and sold by somebody else, faster than it can be read."""

    def positions(self) -> tuple[Position, ...]:
        shown = super().positions()
        more = self.calls.count("positions")
        return tuple(replace(p, quantity=p.quantity + more) if p.symbol == "ACME" else p for p in shown)


def test_a_symbol_that_moves_with_each_look_is_unsettled_and_delays_no_other(make_house: MakeHouse) -> None:
    house = holding(make_house)
    house.told(Script(enter={"ACME": [THIRD], "BOLT": [THIRD]}, symbols=SYMBOLS))
    looks: list[Moves] = []

    def watch(broker: object) -> Moves:
        looks.append(Moves(broker))  # type: ignore[arg-type]
        return looks[-1]

    outcome = house.daily(wrap=watch)
    assert outcome.breaks == ()
    assert outcome.halts == ()
    assert ("ACME", "SYMBOL_LOCKED") in [(denial.symbol, denial.code) for denial in outcome.denials]
    assert "BOLT" in house.positions()
    assert any("seen once, not confirmed: ACME" in note for note in outcome.notes)
    assert house.rows("SELECT 1 FROM breaks WHERE confirmed = 1") == []
    assert looks[0].calls.count("positions") <= 4 * 4, "a bounded number of times"


def test_nothing_is_asked_twice_where_nothing_differs(make_house: MakeHouse) -> None:
    house = home(make_house)
    with holding_there(house) as account:
        account.run(Job.RECONCILE, "10:00")
        assert [arrival.path for arrival in account.fake.requests].count("/v2/positions") == 1


# --- a difference that stays ------------------------------------------------------------------------------


def test_a_difference_is_a_break_once_a_second_look_has_shown_it(make_house: MakeHouse) -> None:
    house = home(make_house)
    with holding_there(house) as account:
        lose_shares(house)
        outcome = account.run(Job.RECONCILE, "10:00")
    assert 3 <= sum(account.waited) < 5
    assert (BreakKind.QUANTITY, "ACME") in [(found.kind, found.symbol) for found in outcome.breaks]
    assert outcome.exit_code is ExitCode.HALTED
    assert ExitCode.BREAKS in outcome.codes


def test_exits_leave_before_the_second_look_and_entries_after_it(make_house: MakeHouse) -> None:
    house = home(make_house, leave=True)
    house.set(BREAK_HALT_VALUE="1000000")
    sent: list[tuple[str, bool]] = []

    def note(arrival: Arrival) -> Fault | None:
        if arrival.method == "POST":
            assert isinstance(arrival.body, dict)
            sent.append((arrival.body["symbol"], sum(account.waited) >= 3))
        return None

    with holding_there(house) as account:
        appear_shares(house)
        account.happens = note
        outcome = account.daily()
    assert sent[0] == ("ACME", False)
    assert sent[1:] == [("CORD", True)]
    assert ("BOLT", "SYMBOL_LOCKED") in [(denial.symbol, denial.code) for denial in outcome.denials]
    assert ExitCode.BREAKS in outcome.codes


def test_a_second_look_that_fails_leaves_it_to_the_next_job(make_house: MakeHouse) -> None:
    house = home(make_house)

    def goes(arrival: Arrival) -> Fault | None:
        is_second = sum(account.waited) >= 3 and arrival.path.startswith("/v2/account/activities")
        return Fault(Kind.RESET_BEFORE) if is_second else None

    with holding_there(house) as account:
        lose_shares(house)
        account.happens = goes
        outcome = account.run(Job.RECONCILE, "10:00")
        assert (outcome.breaks, outcome.halts, outcome.exit_code) == ((), (), ExitCode.OK)
        assert any("the second look failed" in note for note in outcome.notes)
        assert any("seen once, not confirmed: ACME" in note for note in outcome.notes)
        account.happens = lambda arrival: None
        with house.desk() as desk:
            shown = status.run(replace(desk, broker=broker_of(account.fake)), "")
            warned = preflight.run(replace(desk, broker=broker_of(account.fake)))
        assert shown.breaks == ()
        assert any("seen once, not confirmed: ACME" in note for note in shown.notes)
        (check,) = (check for check in warned.checks if check.name == "breaks")
        assert "seen once, not confirmed: ACME" in check.figure
        waited = sum(account.waited)
        outcome = account.run(Job.RECONCILE, "10:15")
        assert sum(account.waited) == waited, "the first look was the earlier job's"
    assert ExitCode.BREAKS in outcome.codes
    assert outcome.halts != ()


def test_until_it_is_confirmed_its_symbol_takes_no_entry(make_house: MakeHouse) -> None:
    house = holding(make_house)
    appear_shares(house)

    class HangsUpOnTheSecond(Around):
        def before(self, call: str, asked: object = None) -> None:
            if call == "positions" and self.calls.count("positions") == 3:
                raise BrokerUnavailable("positions: no route to host")

    outcome = house.daily(wrap=HangsUpOnTheSecond)
    (denial,) = (each for each in outcome.denials if each.symbol == "BOLT" and each.code == "SYMBOL_LOCKED")
    assert "seen once, not confirmed" in denial.message
    assert "CORD" in house.positions()


def test_what_one_look_shows_cannot_be_accepted(make_house: MakeHouse) -> None:
    house = holding(make_house)

    class EmptyAtFirst(Around):
        def positions(self) -> tuple[Position, ...]:
            shown = super().positions()
            return shown if self.calls.count("positions") > 2 else ()

    with house.desk(wrap=EmptyAtFirst) as desk, pytest.raises(UsageError, match="ACME has no break"):
        reconcile_accept.run(desk, "ACME", "the broker says so")
    assert house.holding() is not None

"""With any one of the three latches set or unreadable, no job sends anything but cancels, closes and protective stops.

Each job has everything at hand that it could send: an entry that a strategy asks for, an exit, a trailing stop to
raise, and a stop that is missing.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing, suppress
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import partial
from itertools import product

import pytest

from tests.jobs.brokers import Watched
from tests.jobs.conftest import MakeHouse
from tests.jobs.house import FLAT, House, Script
from tests.long_form import every
from tradebot.core.model.halts import Halt, HaltLevel, HaltRule, HaltScope, HaltSource
from tradebot.core.model.order_ids import parse
from tradebot.core.model.orders import OrderRequest, OrderType, Purpose, Side
from tradebot.core.model.schedule import Job
from tradebot.errors import ConfigError, ExitCode, LedgerError
from tradebot.home import paths
from tradebot.home.halt_file import LatchFile
from tradebot.jobs import resume
from tradebot.jobs.steps.halts import halt_by_hand
from tradebot.ports import Broker

SECOND, THIRD, FOURTH = date(2007, 1, 4), date(2007, 1, 5), date(2007, 1, 8)
HELD, WANTED = ("ACME", "COAL", "DUNE"), ("BOLT", "EAST")
FIRST_STOP = [(Decimal(50), Decimal(90))]
JOBS = (Job.RUN_DAILY, Job.CHECK_EXITS, Job.RECONCILE)


# --- the latches, set and unreadable ------------------------------------------------------------------


def flag_set(house: House) -> None:
    house.set(EMERGENCY_STOP_ENABLED="true")


def flag_unreadable(house: House) -> None:
    house.set(EMERGENCY_STOP_ENABLED="perhaps")


def file_set(house: House) -> None:
    halt = Halt(HaltSource.LATCH_FILE, HaltRule.OPERATOR, HaltLevel.HALTED, "a drill")
    LatchFile(paths.latch_file(house.home)).set(halt)


def file_damaged(house: House) -> None:
    paths.latch_file(house.home).write_bytes(b'{"format": 1, "rule": "oper')


def file_empty(house: House) -> None:
    paths.latch_file(house.home).touch()


def file_not_readable(house: House) -> None:
    paths.latch_file(house.home).mkdir()


def ledger_set(house: House) -> None:
    with house.desk() as desk:
        halt = Halt(HaltSource.LEDGER, HaltRule.DRAWDOWN, HaltLevel.HALTED, "fell far")
        desk.ledger.halts_and_breaks.latch(halt, desk.clock.now())


def ledger_reducing(house: House) -> None:
    with house.desk() as desk:
        halt = Halt(HaltSource.LEDGER, HaltRule.OPERATOR, HaltLevel.REDUCING, "exits only")
        desk.ledger.halts_and_breaks.latch(halt, desk.clock.now())


def ledger_missing(house: House) -> None:
    house.database.unlink()


def ledger_damaged(house: House) -> None:
    house.database.write_bytes(b"not a database at all" * 100)


def ledger_cannot_say(house: House) -> None:
    """The table of the halts is gone; everything else can be read."""
    with closing(sqlite3.connect(house.database)) as connection:
        connection.executescript("DROP VIEW v_halts; DROP TABLE halts;")


#: Those that a job can work with, and those that end it before it sends anything.
LETS_JOBS_WORK = (flag_set, file_set, file_damaged, file_empty, file_not_readable, ledger_set, ledger_reducing)
ENDS_JOBS = (flag_unreadable, ledger_missing, ledger_damaged)


@pytest.fixture
def house(make_house: MakeHouse) -> House:
    """A home at its third session: it holds ACME, which is to be left, COAL, whose stop is gone, and DUNE, whose stop
    is to be raised; and it is to enter BOLT and EAST.
    """
    script = Script(
        enter={**{symbol: [SECOND] for symbol in HELD}, **{symbol: [THIRD, FOURTH] for symbol in WANTED}},
        leave={"ACME": [THIRD, FOURTH]},
        symbols=(*HELD, *WANTED),
        policy='stop=Decimal("0.10"), trail_trigger=Decimal("0.02"), trail_offset=Decimal("0.03")',
    )
    rising = [FLAT, FLAT, "110 111 109 110", "110 111 109 110"]
    prices = {**{symbol: [FLAT] * 4 for symbol in (*HELD, *WANTED)}, "DUNE": rising}
    made = make_house(script, prices=prices, settings={"PROBATION_SESSIONS": "0", "PRICE_COLLAR_PCT": "20%"})
    made.daily()
    assert set(made.positions()) == set(HELD)
    with made.by_hand() as broker:
        (stop,) = (order for order in broker.open_orders() if order.symbol == "COAL")
        broker.cancel(stop.broker_order_id)
    made.next()
    return made


def sent_by(house: House, job: Job) -> tuple[list[OrderRequest], list[str], ExitCode]:
    """What a job sends and cancels, and how it ends."""
    sent: list[OrderRequest] = []
    cancelled: list[str] = []

    def look(broker: Broker, call: str, asked: object) -> None:
        if isinstance(asked, OrderRequest):
            sent.append(asked)
        elif call == "cancel":
            cancelled.append(str(asked))

    outcome = house.run(job, wrap=lambda broker: Watched(broker, look))
    return sent, cancelled, outcome.exit_code


def entries(sent: list[OrderRequest]) -> list[str]:
    """The symbols of what is sent that could open or add."""
    return [request.symbol for request in sent if request.side is Side.BUY]


@pytest.mark.parametrize(("latch", "job"), every(4, *product(LETS_JOBS_WORK, JOBS)))
def test_a_latch_that_is_set_or_unreadable_lets_nothing_through_that_opens(
    house: House, latch: Callable[[House], None], job: Job
) -> None:
    held = {symbol: position.quantity for symbol, position in house.positions().items()}
    latch(house)
    sent, _, code = sent_by(house, job)
    assert code is ExitCode.HALTED
    for request in sent:
        made = parse(request.client_order_id)
        assert made is not None
        assert made.purpose.reduces
        assert request.side is Side.SELL
        assert request.quantity <= held[request.symbol]
        assert request.stop_loss is None
        assert request.take_profit is None
        assert request.type is (OrderType.STOP if made.purpose is Purpose.STOP else OrderType.MARKET)
    assert set(house.positions()) <= set(HELD)


@pytest.mark.parametrize("latch", LETS_JOBS_WORK)
def test_what_reduces_goes_on_under_every_latch(house: House, latch: Callable[[House], None]) -> None:
    latch(house)
    house.check_exits()
    assert set(house.positions()) == {"COAL", "DUNE"}  # ACME was left
    assert house.stops("COAL") == [(Decimal(50), Decimal(90))]  # armed again
    (raised,) = house.stops("DUNE")
    assert raised[1] is not None
    assert raised[1] > 100


@pytest.mark.parametrize(("latch", "job"), every(2, *product(ENDS_JOBS, JOBS)))
def test_a_latch_that_cannot_be_asked_ends_the_job_before_it_sends_anything(
    house: House, latch: Callable[[House], None], job: Job
) -> None:
    latch(house)
    with pytest.raises((ConfigError, LedgerError)):
        sent_by(house, job)
    house.set(EMERGENCY_STOP_ENABLED="false")
    assert set(house.positions()) == set(HELD)
    assert [house.stops(symbol) for symbol in HELD] == [FIRST_STOP, [], FIRST_STOP]


@pytest.mark.parametrize("job", JOBS)
def test_a_ledger_that_can_tell_everything_but_its_halts_counts_as_halted(house: House, job: Job) -> None:
    ledger_cannot_say(house)
    with suppress(LedgerError):  # what else needs the table ends the job
        sent, _, code = sent_by(house, job)
        assert code is ExitCode.HALTED
        assert entries(sent) == []
    assert set(house.positions()) <= set(HELD)


def test_without_a_latch_each_of_these_would_have_been_sent(house: House) -> None:
    """What the tests above are worth: the entries are there to be sent."""
    sent, cancelled, code = sent_by(house, Job.RUN_DAILY)
    assert code is ExitCode.OK
    assert sorted(entries(sent)) == sorted(WANTED)
    assert {request.symbol for request in sent if request.side is Side.SELL} == set(HELD)
    assert cancelled


# --- between two orders --------------------------------------------------------------------------------


@pytest.mark.parametrize("latch", [file_set, file_damaged, file_empty])
def test_a_latch_set_between_two_entries_stops_the_second(house: House, latch: Callable[[House], None]) -> None:
    sent: list[str] = []

    def look(broker: Broker, call: str, asked: object) -> None:
        if isinstance(asked, OrderRequest) and asked.side is Side.BUY:
            sent.append(asked.symbol)
            latch(house)

    outcome = house.daily(wrap=lambda broker: Watched(broker, look))
    assert len(sent) == 1
    assert outcome.exit_code is ExitCode.HALTED
    assert "HALTED" in [denial.code for denial in outcome.denials]


# --- halts of a strategy and of a symbol ---------------------------------------------------------------


def halted_by_hand(house: House, scope: HaltScope, name: str) -> None:
    latch, now = LatchFile(paths.latch_file(house.home)), datetime(2007, 1, 5, 14, tzinfo=UTC)
    halt_by_hand(latch, now, HaltLevel.HALTED, "a reason", scope, name)


def test_a_halted_symbol_is_not_entered_and_everything_else_is(house: House) -> None:
    halted_by_hand(house, HaltScope.SYMBOL, "BOLT")
    outcome = house.daily()
    assert outcome.exit_code is ExitCode.OK
    assert set(house.positions()) == {"COAL", "DUNE", "EAST"}
    (denial,) = [denial for denial in outcome.denials if denial.symbol == "BOLT"]
    assert (denial.code, denial.message) == ("HALTED", "symbol BOLT is halted: a reason")
    rows = house.rows("SELECT scope, scope_name, rule FROM halts")
    assert rows == [{"scope": "symbol", "scope_name": "BOLT", "rule": "operator"}]


def test_a_halted_strategy_enters_nothing_and_leaves_what_it_wants_to_leave(house: House) -> None:
    halted_by_hand(house, HaltScope.STRATEGY, "scripted")
    outcome = house.daily()
    assert outcome.exit_code is ExitCode.OK
    assert set(house.positions()) == {"COAL", "DUNE"}
    assert {denial.message for denial in outcome.denials} == {"strategy scripted is halted: a reason"}


def test_another_strategy_is_not_halted(house: House) -> None:
    halted_by_hand(house, HaltScope.STRATEGY, "another")
    assert house.daily().exit_code is ExitCode.OK
    assert set(WANTED) <= set(house.positions())


def test_a_symbol_halted_between_two_entries_is_not_entered(house: House) -> None:
    def look(broker: Broker, call: str, asked: object) -> None:
        if isinstance(asked, OrderRequest) and asked.side is Side.BUY:
            other = next(symbol for symbol in WANTED if symbol != asked.symbol)
            halted_by_hand(house, HaltScope.SYMBOL, other)

    outcome = house.daily(wrap=lambda broker: Watched(broker, look))
    assert len(set(house.positions()) & set(WANTED)) == 1
    assert outcome.exit_code is ExitCode.OK
    (row,) = house.rows("SELECT note FROM orders WHERE state = 'abandoned'")
    assert row["note"].endswith("was halted before it was sent: a reason")


def test_a_symbol_is_resumed_by_itself(house: House) -> None:
    look: Callable[..., resume.ResumePreview] = partial(resume.resume_preview, scope=HaltScope.SYMBOL, name="BOLT")
    for symbol in WANTED:
        halted_by_hand(house, HaltScope.SYMBOL, symbol)
    file_set(house)
    house.check_exits()
    with house.desk() as desk:
        outcome = resume.run(desk, "looked at it", look(desk))
    assert outcome.headline == "symbol BOLT is running again: 1 halt cleared (looked at it)"
    assert outcome.exit_code is ExitCode.HALTED  # the account is, still
    left = {(halt.scope, halt.scope_name) for halt in outcome.halts}
    assert left == {(HaltScope.SYMBOL, "EAST"), (HaltScope.ACCOUNT, "")}

    assert house.resume().headline == "the account is running again: 1 halt cleared (looked at it)"
    assert {halt.scope_name for halt in house.check_exits().halts} == {"EAST"}

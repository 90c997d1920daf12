"""rebuild: a fresh ledger from what the broker knows, with which the next run trades on."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from tests.fakes.orders import Requests
from tests.jobs.brokers import Around, Unreachable
from tests.jobs.conftest import CopyHouse, MakeHouse
from tests.jobs.house import ACCOUNT, House, Script
from tradebot.brokers.paper import ExchangeRules, PaperExchange
from tradebot.core.model.account import Activity, Fill
from tradebot.core.model.halts import Halt, HaltLevel, HaltRule, HaltSource
from tradebot.core.model.holdings import FOREIGN
from tradebot.core.model.ledger_rows import PinnedAccount
from tradebot.core.model.order_ids import account_hash, client_order_id
from tradebot.core.model.orders import OrderState, Purpose
from tradebot.core.model.schedule import Job
from tradebot.core.results.outcomes import Outcome
from tradebot.core.results.report_periods import AskedPeriod, Period
from tradebot.errors import Blocked, BrokerUnavailable, ExitCode, LedgerError
from tradebot.home import chain_heads, paths
from tradebot.home.latch import HomeLatch
from tradebot.jobs import rebuild as job
from tradebot.jobs import report
from tradebot.ledger.database import open_database
from tradebot.ledger.verify import verify
from tradebot.market.calendar import NyseCalendar
from tradebot.market.price_file import PriceFile
from tradebot.ports import Broker
from tradebot.runtime.open_desk import open_desk
from tradebot.runtime.rebuild import Rebuild, open_rebuild

SECOND, THIRD, FOURTH, FIFTH = date(2007, 1, 4), date(2007, 1, 5), date(2007, 1, 8), date(2007, 1, 9)
TRAILING = 'stop=Decimal("0.10"), target=Decimal("0.50"), trail_trigger=Decimal("0.02"), trail_offset=Decimal("0.05")'
RISING = [
    "100 101 99 100",
    "100 101 99 100",
    "104 106 103 105",
    "105 107 104 106",
    "106 108 105 107",
    "107 109 106 108",
]
D = Decimal


def traded_for_two_sessions(make_house: MakeHouse) -> House:
    """ACME bought on the second day with a stop that has been raised since, BOLT bought and sold again."""
    made = make_house(
        Script(enter={"ACME": [SECOND], "BOLT": [SECOND]}, leave={"BOLT": [THIRD]}, policy=TRAILING),
        prices={"ACME": RISING * 2, "BOLT": ["50 51 49 50"] * 12},
    )
    for _ in range(2):
        made.daily()
        made.check_exits()
        made.reconcile()
        made.next()
    made.daily()
    return made


@pytest.fixture
def house(copy_house: CopyHouse) -> House:
    return copy_house(traded_for_two_sessions)


def lose(house: House) -> None:
    house.database.unlink()


def damage(house: House) -> None:
    """Overwrite the middle of the file, where its tables are."""
    content = house.database.read_bytes()
    house.database.write_bytes(content[:4096] + b"\xff" * (len(content) - 4096))


def cancel_all(house: House) -> None:
    """By hand: whatever rests."""
    with house.by_hand() as broker:
        while resting := broker.open_orders():
            broker.cancel(resting[0].broker_order_id)


@contextmanager
def rebuilding_desk(house: House, wrap: Callable[[Broker], Broker] | None = None) -> Iterator[Rebuild]:
    with open_rebuild(house.options) as rebuild:
        wrapped = wrap(rebuild.desk.broker) if wrap else rebuild.desk.broker
        yield replace(rebuild, desk=replace(rebuild.desk, broker=wrapped))


def rebuild(house: House, wrap: Callable[[Broker], Broker] | None = None) -> Outcome:
    with rebuilding_desk(house, wrap) as opened:
        return job.run(opened.desk, opened.previous, opened.kept)


def assert_sound(house: House) -> None:
    database = open_database(house.database, create=False)
    outside = [(head.seq, head.hash) for head in chain_heads.read_heads(paths.chain_heads_file(house.home))]
    assert verify(database, heads_outside=lambda: outside).findings == ()
    database.close()


def explained(house: House) -> tuple[object, ...]:
    """What the ledger says is held, earned and lies in cash."""
    with house.desk() as desk:
        books = desk.ledger.books
        trades = [(t.trade_id, t.pnl, t.strategy) for t in desk.ledger.history.trades()]
        lots = [(lot.lot_id, lot.quantity, lot.price, lot.strategy) for lot in books.lots()]
        return books.cash(), books.cursor(), trades, lots, desk.ledger.history.fills()


def test_positions_round_trips_cash_and_fills_are_as_they_were(house: House) -> None:
    before = explained(house)
    lose(house)
    outcome = rebuild(house)
    assert (outcome.exit_code, outcome.breaks) == (ExitCode.OK, ())
    assert explained(house) == before
    assert_sound(house)


def test_stops_and_equity_are_those_of_the_exchange(house: House) -> None:
    held, resting = house.holding(), house.stops()
    assert held is not None
    assert held.stop_price > 95, "the stop had been raised"
    lose(house)
    outcome = rebuild(house)
    after = house.holding()
    assert after is not None
    assert (after.strategy, after.quantity, after.stop_price) == (held.strategy, held.quantity, held.stop_price)
    assert (after.target_price, after.opened_session) == (held.target_price, held.opened_session)
    assert house.stops() == resting
    assert outcome.unprotected == 0
    assert outcome.account is not None
    with house.desk() as desk:
        assert desk.ledger.history.closing_equity()[-1].equity == outcome.account.equity


def test_the_next_jobs_go_on_as_if_nothing_had_happened(house: House) -> None:
    lose(house)
    rebuild(house)
    assert house.check_exits().exit_code is ExitCode.OK
    assert house.reconcile().exit_code is ExitCode.OK
    house.next()
    outcome = house.daily()
    assert (outcome.exit_code, outcome.failures) == (ExitCode.OK, ())
    assert_sound(house)


def test_what_was_entered_today_is_not_entered_again(make_house: MakeHouse) -> None:
    house = make_house(Script(enter={"ACME": [SECOND]}))
    house.daily()
    lose(house)
    rebuild(house)
    outcome = house.daily(at="09:36")
    assert outcome.orders == ()
    assert house.positions()["ACME"].quantity == 50
    with house.desk() as desk:
        assert desk.ledger.orders.entries_sent(SECOND) == 1


def test_what_was_entered_and_left_today_is_not_entered_again(make_house: MakeHouse) -> None:
    house = make_house(Script(enter={"ACME": [SECOND]}))
    house.daily()
    cancel_all(house)
    with house.by_hand() as broker:
        broker.submit(Requests("ACME").sell(50, client_id="mine"))
    lose(house)
    rebuild(house)
    assert house.daily(at="09:36").orders == ()
    assert house.positions() == {}


def test_an_entry_of_today_that_never_filled_is_refused_by_its_id_and_found(make_house: MakeHouse) -> None:
    """Nothing at the broker leads to such an order but its id, which the same decision makes again."""
    house = make_house(Script(enter={"ACME": [SECOND]}))
    order_id = house.id(1, Purpose.ENTRY)
    with house.by_hand() as broker:
        order = broker.submit(Requests("ACME").buy(50, client_id=order_id, limit="90"))
        broker.cancel(order.broker_order_id)
    lose(house)
    rebuild(house)
    outcome = house.daily()
    assert [(line.client_order_id, line.state) for line in outcome.orders] == [(order_id, OrderState.CANCELLED)]
    assert house.positions() == {}


def test_the_equity_is_explained_from_the_first_moment_whose_prices_are_known(house: House) -> None:
    lose(house)
    rebuild(house)
    with house.desk() as desk:
        first = report.run(desk, AskedPeriod(Period.ALL))
    assert (first.bridge, bool(first.equity)) == (None, True)
    house.reconcile()
    house.next()
    house.reconcile()
    with house.desk() as desk:
        bridge = report.run(desk, AskedPeriod(Period.ALL)).bridge
    assert bridge is not None
    assert (bridge.opened_at.date(), bridge.closed_at.date()) == (FOURTH, FIFTH)
    assert (bridge.not_explained, bridge.notes) == (D(0), ())


def test_the_old_file_is_kept_and_no_rebuild_takes_its_name(house: House) -> None:
    damage(house)
    first = house.database.read_bytes()
    rebuild(house)
    damage(house)
    rebuild(house)
    names = sorted(path.name for path in house.home.glob("trading_robot.db*"))
    assert names == ["trading_robot.db", "trading_robot.db.before-rebuild-1", "trading_robot.db.before-rebuild-2"]
    assert (house.home / names[1]).read_bytes() == first
    assert len(list(paths.state_folder(house.home).glob("ledger_heads.before-rebuild-*"))) == 2
    assert_sound(house)


def test_a_ledger_that_can_be_read_keeps_the_history_before_and_its_heads(house: House) -> None:
    before = explained(house)
    old = house.rows("SELECT * FROM audit ORDER BY seq")
    heads = paths.chain_heads_file(house.home).read_text()
    outcome = rebuild(house)
    assert f"the old ledger is kept: {house.database}, as generation 1 of the account" in outcome.notes
    assert [path.name for path in house.home.glob("trading_robot.db*")] == ["trading_robot.db"]
    assert explained(house) == before
    assert house.rows("SELECT * FROM audit WHERE account_key = '1' ORDER BY seq")[: len(old)] == old
    assert paths.chain_heads_file(house.home).read_text().startswith(heads)
    assert_sound(house)
    house.next()
    assert house.daily().exit_code is ExitCode.OK
    rebuild(house)
    assert_sound(house)
    assert house.rows("SELECT generation, why, replaced_sound FROM generations ORDER BY generation") == [
        {"generation": 2, "why": "rebuild", "replaced_sound": 1},
        {"generation": 3, "why": "rebuild", "replaced_sound": 1},
    ]


def test_the_chain_heads_of_a_ledger_that_was_gone_are_kept_too(house: House) -> None:
    """Should it turn up again, they say whether it is whole."""
    lose(house)
    told = paths.chain_heads_file(house.home).read_text()
    rebuild(house)
    damage(house)
    rebuild(house)
    kept = paths.chain_heads_file(house.home).with_name("ledger_heads.before-rebuild-1")
    assert kept.read_text() == told
    assert (house.home / "trading_robot.db.before-rebuild-2").exists(), "under the number of its heads"


def test_what_cannot_be_known_is_said_and_kept(house: House) -> None:
    lose(house)
    outcome = rebuild(house)
    said = "\n".join(outcome.notes)
    for words in ("decisions and denials", "trailing", "why each order was sent", "runs of jobs", "halts", "peak"):
        assert words in said
    assert "ACME of scripted is left at its stop 99.75 and its target 150, and by exit signals" in said
    (row,) = house.rows("SELECT detail FROM audit WHERE kind = 'rebuilt'")
    assert "decisions and denials" in row["detail"]


def test_halts_and_the_peak_are_taken_over_from_a_ledger_that_can_be_read(house: House) -> None:
    halt = Halt(HaltSource.LEDGER, HaltRule.DRAWDOWN, HaltLevel.HALTED, "fell far")
    with house.desk() as desk:
        desk.ledger.halts_and_breaks.latch(halt, desk.clock.now())
        desk.ledger.books.rebase_peak(D(123456), desk.clock.now())
    rebuild(house)
    with house.desk() as desk:
        assert desk.ledger.halts_and_breaks.halts() == (replace(halt, account=ACCOUNT),)
        assert desk.ledger.books.peak() == 123456
    house.next()
    assert house.daily().exit_code is ExitCode.HALTED


def test_a_lost_peak_begins_with_todays_equity_and_says_what_the_history_shows(make_house: MakeHouse) -> None:
    house = make_house(Script(enter={"ACME": [SECOND]}, policy=TRAILING), prices={"ACME": [RISING[0], "100 101 91 92"]})
    house.daily()
    house.reconcile()
    lose(house)
    outcome = rebuild(house)
    with house.desk() as desk:
        assert desk.ledger.books.peak() == desk.broker.account().equity == 100_000 - 50 * 8
    (said,) = [note for note in outcome.notes if "equity peak" in note]
    assert "today's equity, $99,600.00" in said
    assert "$100,000.00 at least" in said
    assert house.check_exits().exit_code is not ExitCode.HALTED


def test_a_ledger_that_another_process_holds_is_not_taken_for_lost(house: House) -> None:
    with closing(sqlite3.connect(house.database, isolation_level=None)) as browser:
        browser.execute("PRAGMA locking_mode = EXCLUSIVE")
        browser.execute("BEGIN EXCLUSIVE")
        with pytest.raises(LedgerError, match="locked by another process"):
            rebuild(house)
    assert not list(house.home.glob("*.before-rebuild*"))


def test_the_latch_file_stays_as_it_is_and_is_told(house: House) -> None:
    house.emergency_stop()
    latch = paths.latch_file(house.home).read_bytes()
    lose(house)
    outcome = rebuild(house)
    assert (outcome.exit_code, {halt.reason for halt in outcome.halts}) == (ExitCode.HALTED, {"a drill"})
    assert paths.latch_file(house.home).read_bytes() == latch


@pytest.mark.parametrize("keeps_ledger", [True, False])
def test_the_halts_of_another_account_stay_when_this_one_is_rebuilt_and_resumed(
    house: House, keeps_ledger: bool
) -> None:
    """A halt for every account is over for this one alone; of a lost ledger, the heads tell the other by its hash."""
    live, latch = "alpaca:live:77", HomeLatch(house.home)
    fell = Halt(HaltSource.LEDGER, HaltRule.DRAWDOWN, HaltLevel.HALTED, "live fell far", account=live)
    in_file = replace(fell, source=HaltSource.LATCH_FILE)
    for_all = Halt(HaltSource.LATCH_FILE, HaltRule.OPERATOR, HaltLevel.HALTED, "by hand")
    with house.desk() as desk, closing(open_database(house.database, create=False)) as database:
        now, (home,) = desk.clock.now(), database.homes.all()
        database.pinned_accounts.pin(home.home_id, PinnedAccount(live, "alpaca", "live", "77", now))
        database.bind(live).halts_and_breaks.latch(fell, now)
    latch.set(in_file)
    if not keeps_ledger:
        head = chain_heads.ChainHead(7, "5" * 64, account_hash(live))
        chain_heads.append_head(paths.chain_heads_file(house.home), head)
        lose(house)
    latch.set(for_all)
    rebuild(house)
    house.resume()
    kept = [halt for halt in latch.read() if halt.holds_for(live)]
    assert kept == [in_file, replace(for_all, account=live if keeps_ledger else account_hash(live))]
    assert [halt for halt in latch.read() if halt.holds_for(ACCOUNT)] == []
    if keeps_ledger:
        with closing(open_database(house.database, create=False)) as database:
            assert database.bind(live).halts_and_breaks.halts() == (fell,)
            assert database.pinned_accounts.pinned(home.home_id, "alpaca", "live") is not None


@pytest.mark.parametrize("content", [b"", b"not a database\n" * 400])
def test_a_ledger_that_cannot_be_read_is_kept_too(house: House, content: bytes) -> None:
    house.database.write_bytes(content)
    assert rebuild(house).exit_code is ExitCode.OK
    assert (house.home / "trading_robot.db.before-rebuild-1").read_bytes() == content
    assert_sound(house)


def test_foreign_shares_and_orders_are_foreign_again(house: House) -> None:
    with house.by_hand() as broker:
        broker.submit(Requests("BOLT").buy(7, client_id="mine"))
        broker.submit(Requests("BOLT").sell(7, limit="80", client_id="mine too"))
    lose(house)
    outcome = rebuild(house)
    assert (outcome.breaks, outcome.exit_code) == ((), ExitCode.OK)
    (lot,) = house.rows("SELECT strategy FROM lots WHERE symbol = 'BOLT'")
    assert lot["strategy"] == FOREIGN


def test_shares_that_were_adopted_are_told_with_the_stop_that_they_lose(house: House) -> None:
    stop = client_order_id(ACCOUNT, FOURTH, "scripted", "BOLT", Purpose.STOP, 1)
    with house.by_hand() as broker:
        broker.submit(Requests("BOLT").buy(7, client_id="mine"))
        broker.submit(Requests("BOLT").sell(7, stop="40", client_id=stop))
    lose(house)
    outcome = rebuild(house)
    (note,) = (each for each in outcome.notes if each.startswith("BOLT: a stop of scripted at 40 rests for 7 shares"))
    assert "`tradebot adopt BOLT --strategy scripted --stop 40 --reason ...`" in note


def test_a_position_without_a_stop_gets_the_accounts_default(house: House) -> None:
    cancel_all(house)
    lose(house)
    outcome = rebuild(house)
    holding = house.holding()
    assert holding is not None
    assert holding.stop_price == 98  # 2% below the entry
    assert outcome.unprotected == 50 * 105
    assert outcome.exit_code is ExitCode.BREAKS
    assert any("no stop at the broker, and that price is the account's default" in note for note in outcome.notes)
    house.check_exits()
    assert house.stops() == [(D(50), D(98))]


def test_an_emergency_stops_close_is_ours(house: House) -> None:
    house.emergency_stop(close=True)
    lose(house)
    rebuild(house)
    assert house.holding() is None
    assert {row["strategy"] for row in house.rows("SELECT strategy FROM trades")} == {"scripted"}
    assert_sound(house)


def test_busts_and_splits_are_booked_again(make_house: MakeHouse) -> None:
    house = make_house(
        Script(enter={"ACME": [SECOND], "BOLT": [SECOND]}),
        prices={"ACME": ["100 101 99 100"] * 2 + ["66 67 65 66"] * 8, "BOLT": ["50 51 49 50"] * 10},
        actions=["ACME,2007-01-05,split,1.5"],
    )
    house.daily()
    with house.by_hand() as broker:
        busted = next(f.fill_id for f in broker.activities(None) if isinstance(f, Fill) and f.symbol == "BOLT")
    with house.exchange() as exchange:
        exchange.bust(busted)
    house.next()
    house.daily()
    before, held = explained(house), house.holding()
    lose(house)
    assert rebuild(house).breaks == ()
    assert explained(house) == before
    after = house.holding()
    assert held is not None
    assert after is not None
    assert (after.quantity, after.stop_price) == (held.quantity, held.stop_price)
    assert_sound(house)


# --- what the broker's history does not reach back to ------------------------------------


class ShortMemory(Around):
    """Tells of nothing before the third session."""

    def activities(self, after: str | None) -> tuple[Activity, ...]:
        return tuple(done for done in super().activities(after) if done.session > SECOND)


def test_shares_from_before_the_brokers_history_belong_to_whose_stop_rests_for_them(house: House) -> None:
    lose(house)
    outcome = rebuild(house, ShortMemory)
    assert outcome.breaks == ()
    holding = house.holding()
    assert holding is not None
    assert (holding.strategy, holding.quantity, holding.stop_price) == ("scripted", D(50), house.stops()[0][1])
    assert any("does not reach back" in note for note in outcome.notes)
    adjusted = {row["symbol"]: row["strategy"] for row in house.rows("SELECT symbol, strategy FROM adjustments")}
    assert adjusted == {"ACME": "scripted", "BOLT": FOREIGN, "USD": FOREIGN}  # of BOLT the sale is told alone
    assert house.reconcile().breaks == ()
    assert_sound(house)


# --- what is refused ---------------------------------------------------------------------


def test_it_sends_nothing(house: House) -> None:
    calls: list[Around] = []

    def watched(broker: Broker) -> Broker:
        calls.append(Around(broker))
        return calls[-1]

    lose(house)
    rebuild(house, watched)
    assert not {"submit", "cancel", "replace"} & set(calls[0].calls)


def test_one_that_fails_leaves_the_old_ledger_where_it_is(house: House) -> None:
    before = explained(house)
    with pytest.raises(BrokerUnavailable):
        rebuild(house, lambda broker: Unreachable(broker, "positions"))
    assert explained(house) == before
    assert not list(house.home.glob("*.before-rebuild*"))
    assert rebuild(house).exit_code is ExitCode.OK  # what it left behind is in nobody's way
    assert not list(house.home.glob("*.making*"))


def test_it_pins_the_account_that_the_broker_shows(house: House) -> None:
    lose(house)
    rebuild(house)
    (row,) = house.rows("SELECT account_id FROM accounts JOIN pins USING (account_key)")
    assert row["account_id"] == "PAPER-0001"


def test_another_account_is_not_rebuilt_over_the_one_that_is_pinned(house: House) -> None:
    prices = PriceFile(house.home / "bars.csv", None)
    PaperExchange.reset(
        paths.exchange_file(house.home), prices, NyseCalendar(), ExchangeRules(), account_id="PAPER-0002"
    ).close()
    with pytest.raises(Blocked, match=r"PAPER-0001.*PAPER-0002"):
        rebuild(house)


def test_a_newer_ledger_and_another_programs_database_are_nothing_to_replace(house: House) -> None:
    with closing(sqlite3.connect(house.database)) as database:
        database.execute("PRAGMA user_version = 99")
    with pytest.raises(LedgerError, match="newer version"):
        rebuild(house)
    house.database.unlink()
    with closing(sqlite3.connect(house.database)) as database:
        database.execute("CREATE TABLE bookmarks (url TEXT)")
    with pytest.raises(LedgerError, match="another program"):
        rebuild(house)
    assert not list(house.home.glob("*.before-rebuild*"))


@pytest.mark.parametrize("job", [Job.RUN_DAILY, Job.CHECK_EXITS, Job.RECONCILE])
def test_without_its_ledger_a_home_sends_nothing_and_names_the_way_out(house: House, job: Job) -> None:
    orders = house.open_orders()
    house.next()
    lose(house)
    with pytest.raises(LedgerError, match="tradebot rebuild") as error:
        house.run(job)
    assert error.value.exit_code is ExitCode.LEDGER
    assert house.open_orders() == orders


@pytest.mark.parametrize("job", [Job.REPORT, Job.CHECK_EXITS])
def test_a_job_that_is_not_let_in_moves_no_exchange(house: House, job: Job) -> None:
    lose(house)
    with house.exchange() as exchange:
        before = exchange.now()
    with pytest.raises(LedgerError), open_desk(house.options, job):
        pass
    with house.exchange() as exchange:
        assert exchange.now() == before


def test_an_emergency_stop_needs_no_ledger(house: House) -> None:
    lose(house)
    house.emergency_stop(close=True)
    assert house.positions() == {}
    assert rebuild(house).exit_code is ExitCode.HALTED
    house.resume()
    assert house.daily(at="09:40").exit_code is ExitCode.OK

"""A holding that is renamed at the broker goes on under its new name, with its stop, strategy, trade and history."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from tests.jobs.conftest import MakeHouse
from tests.jobs.house import FLAT, House, Script
from tests.stories.real_account.reorganised import Reorganised, reorganised
from tradebot.core.model.account import CASH, ActionKind
from tradebot.core.model.breaks import BreakKind
from tradebot.errors import ExitCode
from tradebot.jobs import reconcile_accept

SECOND, THIRD, FOURTH = date(2007, 1, 4), date(2007, 1, 5), date(2007, 1, 8)
HELD, STOP = Decimal(50), [(Decimal(50), Decimal(90))]


def home(
    make_house: MakeHouse, *entries: date, leave: tuple[date, ...] = (), falls_on: int = 10, other: str = ""
) -> House:
    """A home that buys 50 ACME at 100 with a stop at 90. NEWN has the same prices; the strategy knows ACME alone."""
    told = Script(enter={"ACME": [SECOND, *entries]}, leave={"ACME": leave}, symbols=("ACME",))
    bars = [FLAT] * falls_on + ["85 86 84 85"] * (10 - falls_on)
    return make_house(told, prices={"ACME": bars, "NEWN": [other] * 10 if other else bars})


def renamed(account: Reorganised, *, announced: bool = True, orders_stay: bool = False) -> None:
    """ACME is held, and is NEWN on the morning after."""
    account.daily()
    account.house.next()
    if announced:
        account.announce(ActionKind.NAME_CHANGE, THIRD, new="NEWN")
    if not orders_stay:
        account.cancel_orders()
    account.fake.house.terms.renames["ACME"] = "NEWN"


def exchanged_by_hand(account: Reorganised) -> None:
    """ACME is held; on the morning after as many NEWN are there in its place, and no activity tells of it."""
    account.daily()
    account.house.next()
    account.cancel_orders()
    account.withhold("FILL")
    account.trade(sell=50)
    account.trade(buy=50, symbol="NEWN")


def test_an_announced_name_is_followed_and_the_stop_rests_under_it(make_house: MakeHouse) -> None:
    with reorganised(home(make_house)) as account:
        renamed(account)
        outcome = account.daily()
        assert outcome.exit_code is ExitCode.OK, outcome.failures
        assert account.breaks() == ()
        assert account.stops("NEWN") == STOP
        assert outcome.unprotected == 0
        assert account.house.holding("ACME") is None
        held = account.house.holding("NEWN")
        assert held is not None
        assert (held.strategy, held.quantity, held.stop_price, held.opened_session) == (
            "scripted",
            HELD,
            Decimal(90),
            SECOND,
        )
        assert any("name change to NEWN" in note for note in outcome.notes)


def test_the_id_of_the_asset_is_enough(make_house: MakeHouse) -> None:
    with reorganised(home(make_house)) as account:
        renamed(account, announced=False)
        assert account.daily().exit_code is ExitCode.OK
        assert account.house.holding("NEWN") is not None
        assert account.stops("NEWN") == STOP


def test_a_stop_that_rests_on_under_the_new_name_stays(make_house: MakeHouse) -> None:
    with reorganised(home(make_house)) as account:
        renamed(account, orders_stay=True)
        outcome = account.daily()
        assert outcome.exit_code is ExitCode.OK, outcome.failures
        assert account.stops("NEWN") == STOP
        assert outcome.orders == ()


@pytest.mark.parametrize("falls_on", [2, 3])
def test_a_stop_that_fills_under_the_new_name_ends_the_trade(make_house: MakeHouse, falls_on: int) -> None:
    """On the morning of the change, before a job has seen it, or on the morning after."""
    with reorganised(home(make_house, falls_on=falls_on)) as account:
        renamed(account, orders_stay=True)
        account.daily()
        account.house.next()
        assert account.daily().exit_code is ExitCode.OK
        assert account.positions() == {}
        assert account.breaks() == ()
        (trade,) = account.house.rows("SELECT * FROM trades")
        assert (trade["symbol"], trade["entry_price"], trade["exit_price"]) == ("NEWN", "100", "85")
        assert trade["exit_reason"] == "stop"
        assert account.house.holding("ACME") is None and account.house.holding("NEWN") is None
        assert account.findings() == ()


def test_the_strategy_leaves_the_new_name_by_its_signal_for_the_old_one(make_house: MakeHouse) -> None:
    with reorganised(home(make_house, leave=(FOURTH,))) as account:
        renamed(account)
        account.daily()
        account.house.next()
        outcome = account.daily()
        assert outcome.exit_code is ExitCode.OK, outcome.failures
        assert account.positions() == {}
        (trade,) = account.house.rows("SELECT * FROM trades")
        assert (trade["symbol"], trade["strategy"], trade["entry_price"]) == ("NEWN", "scripted", "100")
        assert trade["entry_session"] == SECOND.isoformat()


def test_entries_of_the_old_name_are_denied(make_house: MakeHouse) -> None:
    with reorganised(home(make_house, THIRD, FOURTH)) as account:
        renamed(account)
        account.daily()
        account.house.next()
        outcome = account.daily()
        assert [order for order in outcome.orders if order.symbol == "ACME"] == []
        assert any("name change to NEWN" in denial.message for denial in outcome.denials if denial.symbol == "ACME")


def test_the_ledger_verifies_afterwards(make_house: MakeHouse) -> None:
    with reorganised(home(make_house, leave=(FOURTH,))) as account:
        renamed(account, orders_stay=True)
        account.daily()
        account.house.next()
        account.daily()
    assert account.findings() == ()


@pytest.mark.parametrize("close", [False, True])
def test_an_emergency_stop_knows_the_holding_before_any_job_does(make_house: MakeHouse, *, close: bool) -> None:
    with reorganised(home(make_house)) as account:
        renamed(account)
        account.house.passes("09:31")
        outcome = account.emergency_stop(close=close)
        assert outcome.exit_code is ExitCode.OK, outcome.lines
        assert account.stops("NEWN") == ([] if close else STOP)
        assert account.positions().keys() == (set() if close else {"NEWN"})
        assert ExitCode.BREAKS not in account.check_exits("10:15").codes
        assert account.breaks() == ()
    assert account.findings() == ()


def test_an_emergency_stop_leaves_a_symbol_that_another_company_takes(make_house: MakeHouse) -> None:
    with reorganised(home(make_house)) as account:
        account.daily()
        account.house.next()
        account.cancel_orders()
        account.fake.house.terms.asset_ids["ACME"] = "11111111-2222-3333-4444-555555555555"
        account.house.passes("09:31")
        account.emergency_stop(close=True)
        assert account.positions()["ACME"].quantity == HELD


def test_an_emergency_stop_says_what_it_cannot_follow(make_house: MakeHouse) -> None:
    with reorganised(home(make_house)) as account:
        exchanged_by_hand(account)
        account.house.passes("09:31")
        outcome = account.emergency_stop(close=True)
        assert outcome.exit_code is ExitCode.INCOMPLETE
        (failure,) = (each for each in outcome.failures if each.what == "NEWN")
        assert "probably those of ACME (scripted)" in failure.message
        assert account.positions()["NEWN"].quantity == HELD


def test_what_cannot_be_followed_is_told_locked_and_has_a_stop(make_house: MakeHouse) -> None:
    """Nothing is announced, and the asset has another id. As many shares of the same cost are probably the holding."""
    with reorganised(home(make_house)) as account:
        exchanged_by_hand(account)
        outcome = account.daily()
        assert outcome.exit_code is ExitCode.BREAKS
        kinds = {each.symbol: each.kind for each in account.breaks()}
        assert kinds == {"ACME": BreakKind.MISSING_THERE, "NEWN": BreakKind.MISSING_HERE}
        assert any("NEWN: its shares are probably those of ACME" in note for note in outcome.notes)
        assert account.stops("NEWN") == STOP
        assert account.house.holding("ACME") is not None
        account.withhold()  # a person has traded: what is foreign keeps no stop of ours
        assert account.check_exits("10:15").exit_code is ExitCode.OK
        assert account.breaks() == ()
        assert account.stops("NEWN") == []


def test_as_many_shares_of_another_cost_count_as_bare(make_house: MakeHouse) -> None:
    with reorganised(home(make_house, other="60 61 59 60")) as account:
        exchanged_by_hand(account)
        outcome = account.daily()
        assert outcome.unprotected == 3000
        assert account.stops("NEWN") == []


def test_a_symbol_that_another_company_takes_is_neither_sold_nor_protected(make_house: MakeHouse) -> None:
    with reorganised(home(make_house, leave=(THIRD, FOURTH))) as account:
        account.daily()
        account.house.next()
        account.cancel_orders()
        account.fake.house.terms.asset_ids["ACME"] = "11111111-2222-3333-4444-555555555555"
        outcome = account.daily()
        assert outcome.exit_code is ExitCode.BREAKS
        assert {each.kind for each in account.breaks()} == {BreakKind.IDENTITY, BreakKind.MISSING_THERE}
        assert outcome.orders == ()
        assert account.positions()["ACME"].quantity == HELD
        assert account.stops("ACME") == []
        for minute, reason in ("01", "what was bought is gone"), ("02", "and these are mine"):
            with account.desk(f"10:{minute}") as desk:
                reconcile_accept.run(desk, "ACME", reason)
        assert account.breaks() == ()
        assert [row["strategy"] for row in account.house.rows("SELECT * FROM lots")] == ["foreign"]
        assert account.check_exits("10:15").orders == ()


def test_the_end_of_a_holding_that_the_broker_does_not_show_any_more_is_accepted(make_house: MakeHouse) -> None:
    """As after a delisting that nothing tells of. Its stop, which rests on, is cancelled by the next job."""
    with reorganised(home(make_house)) as account:
        account.daily()
        account.house.next()
        account.withhold("FILL")
        stop = account.stops("ACME")
        with account.house.by_hand() as broker:
            (order,) = broker.open_orders()
            broker.cancel(order.broker_order_id)
        account.trade(sell=50)
        assert stop == STOP
        assert account.daily().exit_code is ExitCode.BREAKS
        with account.desk("10:00") as desk:
            reconcile_accept.run(desk, "ACME", "delisted, the broker wrote")
        with account.desk("10:01") as desk:
            reconcile_accept.run(desk, CASH, "paid for it")
        assert account.house.holding("ACME") is None
        assert account.breaks() == ()
        assert account.check_exits("10:15").exit_code is ExitCode.OK
        (row,) = account.house.rows("SELECT * FROM adjustments WHERE symbol = 'ACME'")
        assert (row["quantity"], row["reason"]) == ("-50", "delisted, the broker wrote")
        assert account.house.rows("SELECT * FROM lots") == []
        assert account.findings() == ()

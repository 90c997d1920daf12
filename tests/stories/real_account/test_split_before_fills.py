"""A split or a new name that no job has seen before shares of it are sold: the ledger books it before the sale."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from tests.jobs.conftest import MakeHouse
from tests.jobs.house import FLAT, House, Script
from tests.stories.real_account.reorganised import BOUGHT, Reorganised, reorganised, splitting_home
from tradebot.core.model.account import ActionKind
from tradebot.core.model.breaks import BreakKind
from tradebot.errors import ExitCode

#: A session that opens below half of the stop.
FALLEN = "44 45 43 44"


def until_ex_date(account: Reorganised) -> None:
    """ACME has split, its stop with it; no row of the activities tells it, and no job has looked since."""
    account.daily()
    account.house.next()
    account.daily()
    account.withhold("SPLIT")
    account.house.next()


def trades(account: Reorganised) -> list[tuple[str, ...]]:
    """The standing round trips."""
    with account.house.desk() as desk:
        figures = [
            (trade.symbol, trade.quantity, trade.entry_price, trade.exit_price, trade.pnl, trade.exit_reason)
            for trade in desk.ledger.history.closures()
        ]
    return [tuple(map(str, each)) for each in figures]


# --- splits --------------------------------------------------------------------------------


def test_our_stop_over_all_shares_that_fills_at_the_open_ends_the_holding_with_its_profit(
    make_house: MakeHouse,
) -> None:
    with reorganised(splitting_home(make_house, FALLEN)) as account:
        until_ex_date(account)
        account.house.next()
        assert account.positions() == {}
        outcome = account.daily()
        assert outcome.exit_code is ExitCode.OK, outcome.failures
        assert account.breaks() == ()
        assert account.house.holding() is None
        assert trades(account) == [("ACME", "100", "50", "44", "-600", "stop")]
        assert any("an announced split made 100 shares of 50" in note for note in outcome.notes)
        assert account.findings() == ()


def test_the_row_that_comes_days_later_changes_nothing(make_house: MakeHouse) -> None:
    with reorganised(splitting_home(make_house, FALLEN)) as account:
        until_ex_date(account)
        account.house.next()
        account.daily()
        account.house.next()
        account.withhold()
        assert account.daily().exit_code is ExitCode.OK
        assert trades(account) == [("ACME", "100", "50", "44", "-600", "stop")]
        assert account.positions() == {} and account.house.holding() is None


def test_a_row_that_comes_after_the_sale_is_booked_before_it(make_house: MakeHouse) -> None:
    """Nothing announces the split, so that the ledger is wrong until its row is told."""
    with reorganised(splitting_home(make_house, FALLEN)) as account:
        account.fake.house.terms.announces = False
        until_ex_date(account)
        account.house.next()
        assert account.daily().exit_code is ExitCode.BREAKS
        assert [each.kind for each in account.breaks()] == [BreakKind.MISSING_THERE]
        account.house.next()
        account.withhold()
        outcome = account.daily()
        assert ExitCode.BREAKS not in outcome.codes
        assert account.breaks() == ()
        assert account.house.holding() is None
        assert trades(account) == [("ACME", "100", "50", "44", "-600", "stop")]
        assert account.findings() == ()


def test_shares_that_a_sale_of_all_that_the_ledger_knew_has_left_have_their_stop(make_house: MakeHouse) -> None:
    with reorganised(splitting_home(make_house)) as account:
        until_ex_date(account)
        account.cancel_orders()
        account.trade(sell=50)
        outcome = account.daily()
        assert outcome.exit_code is ExitCode.OK, outcome.failures
        assert account.breaks() == ()
        held = account.house.holding()
        assert held is not None
        assert (held.strategy, held.quantity, held.stop_price) == ("scripted", Decimal(50), Decimal(45))
        assert account.stops("ACME") == [(Decimal(50), Decimal(45))]
        assert outcome.unprotected == 0
        assert account.findings() == ()


def test_a_sale_of_half_on_the_day_of_the_split_is_told_apart_from_it(make_house: MakeHouse) -> None:
    with reorganised(splitting_home(make_house)) as account:
        until_ex_date(account)
        account.cancel_orders()
        account.trade(sell=70)
        outcome = account.daily()
        assert outcome.exit_code is ExitCode.OK, outcome.failures
        held = account.house.holding()
        assert held is not None and (held.quantity, held.entry_price) == (Decimal(30), Decimal(50))
        assert account.stops("ACME") == [(Decimal(30), Decimal(45))]
        assert trades(account) == [("ACME", "70", "50", "50", "0", "closed outside tradebot")]


def test_a_purchase_from_before_the_split_that_is_told_after_it_is_booked_before_it(make_house: MakeHouse) -> None:
    with reorganised(splitting_home(make_house)) as account:
        account.daily()
        account.house.next()
        account.withhold("FILL")
        account.trade(buy=10)
        account.house.next()
        assert account.daily().exit_code is ExitCode.BREAKS
        assert [each.kind for each in account.breaks()][:1] == [BreakKind.QUANTITY]
        account.withhold()
        outcome = account.check_exits("10:15")
        assert outcome.exit_code is ExitCode.OK, outcome.failures
        assert account.breaks() == ()
        lots = account.house.rows("SELECT strategy, quantity, price FROM lots ORDER BY strategy DESC")
        assert [tuple(lot.values()) for lot in lots] == [("scripted", "100", "50"), ("foreign", "20", "50")]
        assert account.findings() == ()


# --- names ---------------------------------------------------------------------------------


def names(make_house: MakeHouse, after: str) -> House:
    """A home that buys 50 ACME at 100 with a stop at 90. NEWN has the same prices; the strategy knows ACME alone."""
    prices = [FLAT] * 2 + [after] * 8
    told = Script(enter={"ACME": [BOUGHT]}, symbols=("ACME",))
    return make_house(told, prices={"ACME": prices, "NEWN": prices})


def renamed(account: Reorganised) -> None:
    """ACME is held, and is NEWN on the morning after, its stop too."""
    account.daily()
    account.house.next()
    account.announce(ActionKind.NAME_CHANGE, date(2007, 1, 5), new="NEWN")
    account.fake.house.terms.renames["ACME"] = "NEWN"


def test_a_stop_that_fills_under_the_new_name_ends_the_holding_of_the_old_one(make_house: MakeHouse) -> None:
    with reorganised(names(make_house, "85 86 84 85")) as account:
        renamed(account)
        account.house.next()
        assert account.positions() == {}
        outcome = account.daily()
        assert outcome.exit_code is ExitCode.OK, outcome.failures
        assert account.breaks() == ()
        assert account.house.holding() is None and account.house.holding("NEWN") is None
        assert trades(account) == [("NEWN", "50", "100", "85", "-750", "stop")]
        assert account.findings() == ()


def test_what_a_sale_under_the_new_name_has_left_goes_on_with_its_stop(make_house: MakeHouse) -> None:
    with reorganised(names(make_house, FLAT)) as account:
        renamed(account)
        account.cancel_orders()
        account.trade(sell=20)
        outcome = account.daily()
        assert outcome.exit_code is ExitCode.OK, outcome.failures
        assert account.breaks() == ()
        held = account.house.holding("NEWN")
        assert held is not None
        assert (held.strategy, held.quantity, held.stop_price) == ("scripted", Decimal(30), Decimal(90))
        assert account.stops("NEWN") == [(Decimal(30), Decimal(90))]
        assert trades(account) == [("NEWN", "20", "100", "100", "0", "closed outside tradebot")]
        assert account.findings() == ()

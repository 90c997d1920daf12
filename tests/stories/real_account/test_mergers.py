"""A holding whose company merges, is taken off the exchange, or spins another one off."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from tests.jobs.conftest import MakeHouse
from tests.jobs.house import FLAT, House, Script
from tests.stories.real_account.reorganised import Reorganised, reorganised
from tradebot.core.model.account import ActionKind
from tradebot.core.model.breaks import BreakKind
from tradebot.errors import ExitCode

SECOND, THIRD = date(2007, 1, 4), date(2007, 1, 5)


def home(make_house: MakeHouse, other: str = FLAT) -> House:
    """A home that buys 50 ACME at 100 with a stop at 90, which is worth 120 on the morning after."""
    prices = {"ACME": [FLAT] * 2 + ["120 121 119 120"] * 8, "NEWN": [other] * 10}
    return make_house(Script(enter={"ACME": [SECOND]}, symbols=("ACME",)), prices=prices)


def morning_after(account: Reorganised) -> None:
    """ACME is held; of what happens from now on no activity tells."""
    account.daily()
    account.house.next()
    account.cancel_orders()
    account.withhold("FILL", "CSD")


def test_a_merger_for_cash_ends_the_holding_at_its_price(make_house: MakeHouse) -> None:
    with reorganised(home(make_house)) as account:
        morning_after(account)
        account.announce(ActionKind.CASH_MERGER, THIRD, "120")
        account.trade(sell=50)
        outcome = account.daily()
        assert outcome.exit_code is ExitCode.OK, outcome.failures
        assert account.breaks() == ()
        assert account.house.holding() is None
        (trade,) = account.house.rows("SELECT * FROM trades")
        assert (trade["exit_price"], trade["pnl"], trade["exit_reason"]) == ("120", "1000", "merger for cash")
        (paid,) = account.house.rows("SELECT * FROM cash_events WHERE kind = 'cash_in_lieu'")
        assert (paid["amount"], paid["symbol"]) == ("6000", "ACME")
        assert account.findings() == ()


def test_shares_that_are_gone_while_their_price_is_not_there_stay_a_break(make_house: MakeHouse) -> None:
    with reorganised(home(make_house)) as account:
        morning_after(account)
        account.announce(ActionKind.CASH_MERGER, THIRD, "130")
        account.trade(sell=50)
        outcome = account.daily()
        assert ExitCode.BREAKS in outcome.codes
        assert {each.kind for each in account.breaks()} == {BreakKind.MISSING_THERE, BreakKind.CASH}
        assert account.house.rows("SELECT * FROM reorganisations") == []


def test_a_merger_for_stock_goes_on_as_shares_of_the_buyer_with_its_stop(make_house: MakeHouse) -> None:
    with reorganised(home(make_house, "240 241 239 240")) as account:
        morning_after(account)
        account.announce(ActionKind.STOCK_MERGER, THIRD, "0.5", new="NEWN")
        account.trade(sell=50)
        account.trade(buy=25, symbol="NEWN")
        outcome = account.daily()
        assert outcome.exit_code is ExitCode.OK, outcome.failures
        held = account.house.holding("NEWN")
        assert held is not None
        assert (held.strategy, held.quantity, held.stop_price) == ("scripted", Decimal(25), Decimal(180))
        assert account.stops("NEWN") == [(Decimal(25), Decimal(180))]
        assert account.findings() == ()


def test_the_shares_of_a_spin_off_have_a_stop_of_their_own(make_house: MakeHouse) -> None:
    with reorganised(home(make_house, "20 21 19 20")) as account:
        morning_after(account)
        account.announce(ActionKind.SPIN_OFF, THIRD, "0.1", new="NEWN")
        account.deposit("100")
        account.trade(buy=5, symbol="NEWN")
        outcome = account.daily()
        assert outcome.exit_code is ExitCode.OK, outcome.failures
        assert account.breaks() == ()
        parent, spun_off = account.house.holding("ACME"), account.house.holding("NEWN")
        assert parent is not None and spun_off is not None
        assert (parent.quantity, parent.stop_price) == (Decimal(50), Decimal(90))
        assert (spun_off.strategy, spun_off.quantity) == ("scripted", Decimal(5))
        assert account.stops("NEWN") == [(Decimal(5), spun_off.stop_price)]
        assert account.stops("ACME") == [(Decimal(50), Decimal(90))]
        assert outcome.unprotected == 0

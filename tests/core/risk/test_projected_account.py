"""The account with planned entries counted in: who owns a symbol, and what is left of each limit."""

from __future__ import annotations

from decimal import Decimal

from tests.core.builders import holding, intent, limits_with, order, position, situation, stop
from tradebot.core.model.holdings import FOREIGN
from tradebot.core.model.orders import OrderState
from tradebot.core.risk.projected_account import Claim, ProjectedAccount

D = Decimal


def test_who_holds_a_symbol_owns_it_before_who_has_an_order_in_it() -> None:
    account = ProjectedAccount(
        situation(
            holdings=(holding("AAPL"),),
            positions=(position("AAPL"), position("IBM")),
            unsettled=(intent("MSFT", strategy="swing", state=OrderState.SUBMITTING),),
            open_orders=(order("GOOG"), order("AAPL")),
        )
    )
    assert {symbol: claim.owner for symbol, claim in account.claims.items()} == {
        "AAPL": "trend", "IBM": FOREIGN, "MSFT": "swing", "GOOG": FOREIGN,
    }  # fmt: skip
    assert account.claims["AAPL"] == Claim("trend", "a position")
    assert account.pending.keys() == {"MSFT", "GOOG", "AAPL"}


def test_our_own_resting_stop_is_no_order_that_is_pending() -> None:
    held = situation(holdings=(holding("AAPL"),), positions=(position("AAPL"),), open_orders=(stop("AAPL"),))
    assert ProjectedAccount(held).pending == {}


def test_an_entry_takes_from_what_the_next_one_may_use() -> None:
    limits = limits_with(
        max_position_size_pct=D("0.2"), max_gross_exposure_pct=D("0.5"), max_portfolio_risk_pct=D("0.01")
    )
    account = ProjectedAccount(situation(limits=limits))
    account.take("trend", "AAPL", D(100), price=D(50), stop=D(49))  # 5,000 USD, 100 of them at risk
    here, elsewhere = account.headroom("AAPL"), account.headroom("IBM")
    assert (here.position_value, elsewhere.position_value) == (D(15000), D(20000))
    assert (here.gross_exposure, elsewhere.gross_exposure) == (D(45000), D(45000))
    assert elsewhere.portfolio_risk == D(900)
    assert elsewhere.buying_power <= D(95000)
    assert (account.position_count, account.entries, account.orders_sent) == (1, 1, 1)
    assert account.claims["AAPL"].owner == "trend"


def test_an_order_that_the_broker_does_not_show_yet_has_its_cost_reserved() -> None:
    unseen = intent("AAPL", "100", state=OrderState.SUBMITTING)
    free, reserved = (ProjectedAccount(situation(unsettled=each)).buying_power for each in ((), (unseen,)))
    assert free - reserved >= D(5000)

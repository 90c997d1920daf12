"""The use of limits: the figures that breakers and rules compare, whether they are exceeded or not."""

from __future__ import annotations

from tests.core.builders import D, account, counters, holding, intent, limits_with, position, quote, signal, situation
from tradebot.core.model.breaks import Break, BreakKind
from tradebot.core.model.limits import LimitUsed
from tradebot.core.model.orders import Side
from tradebot.core.model.plan import DenialCode
from tradebot.core.model.repetition import EntryKey, Repetition
from tradebot.core.model.signals import ExitPolicy
from tradebot.core.planning.entries import plan
from tradebot.core.risk.circuit_breakers import LimitInputs
from tradebot.core.risk.limits_used import account_limits_used, entry_limits_used, most_used, risen

LIMITS = limits_with(max_positions=5, max_gross_exposure_pct=D("0.5"), break_halt_value=D(5000))


def test_an_account_uses_its_limits_by_what_it_holds_lost_and_sent() -> None:
    held = (position("AAPL", "100", "50"), position("IBM", "50", "40"))  # 100 AAPL are ours, IBM is foreign
    inputs = LimitInputs(D(100000), held, (holding("AAPL", "100", "50", "49"),), (), (), {}, LIMITS)
    today = counters("101000", "110000", 3, orders_sent=7, orders_last_minute=2)
    short = Break(BreakKind.QUANTITY, "IBM", D(50), D(40), "10 shares", dollars=D(400))
    used = {each.setting: each for each in account_limits_used(inputs, account("99990"), today, [short])}
    assert {name: str(each.used) for name, each in used.items()} == {
        "MAX_POSITIONS": "2",
        "MAX_POSITION_SIZE_PCT": "0.050000",
        "MAX_GROSS_EXPOSURE_PCT": "0.070000",
        "MAX_PORTFOLIO_RISK_PCT": "0.001400",  # 100 x 1 USD, and 2% of 2,000 USD without a known stop
        "DAILY_LOSS_LIMIT_PCT": "0.010000",
        "EMERGENCY_STOP_LOSS_PCT": "0.091000",
        "MAX_DAILY_TRADES": "3",
        "MAX_ORDERS_PER_MINUTE": "2",
        "MAX_ORDERS_PER_SESSION": "7",
        "BREAK_HALT_VALUE": "400",
    }
    assert (used["MAX_POSITIONS"].share, used["MAX_GROSS_EXPOSURE_PCT"].share) == (D("0.4"), D("0.14"))


def test_exposure_and_risk_used_are_those_that_the_rules_compare() -> None:
    """The position gained, which the circuit breaker leaves out. A denial tells its use and one share more."""
    held, ours = (position("AAPL", "1000", "50", market_price=D(60)),), (holding("AAPL", "1000", "50", "45"),)
    quotes = {"AAPL": quote("AAPL", "60"), "MSFT": quote("MSFT", "100")}
    tight = limits_with(
        max_gross_exposure_pct=D("0.6"), max_portfolio_risk_pct=D("0.15"), min_order_value=D(100), max_positions=9
    )
    inputs = LimitInputs(D(100000), held, ours, (), (), quotes, tight)
    used = {each.setting: each.used for each in account_limits_used(inputs, account("100000"), counters(), [])}
    asked = signal("MSFT", policy=ExitPolicy(stop=D("0.02")))
    now = situation([asked], account=account("100000"), positions=held, holdings=ours, quotes=quotes, limits=tight)
    compared = {denial.code: denial.value for denial in plan(now).denials}
    assert compared[DenialCode.MAX_GROSS_EXPOSURE] == used["MAX_GROSS_EXPOSURE_PCT"] * 100000 + 100 == D(60100)
    assert compared[DenialCode.MAX_PORTFOLIO_RISK] == used["MAX_PORTFOLIO_RISK_PCT"] * 100000 + 2 == D(15002)
    assert used["MAX_POSITION_SIZE_PCT"] == D("0.5"), "a gain breaks no limit on a position"


def test_entries_use_the_limits_on_single_orders_by_the_largest() -> None:
    entries = (intent("AAPL", "100"), intent("MSFT", "40"))
    repeated = {
        EntryKey("trend", "MSFT", Side.BUY): Repetition(8, 12, recent=3),
        EntryKey("another", "MSFT", Side.BUY): Repetition(7, 7, recent=7),
    }
    volumes = {"AAPL": D(1000000), "MSFT": D(4000)}
    now = situation(
        account=account("100000"),
        quotes={"AAPL": quote("AAPL")},
        average_volume=volumes,
        repetitions=repeated,
        limits=LIMITS,
    )
    used = {each.setting: str(each.used) for each in entry_limits_used(entries, now)}
    assert used == {
        "MAX_ORDER_VALUE": "5000",
        "RISK_PER_TRADE_PCT": "0.001000",
        "MAX_ORDER_ADV_PCT": "0.010000",
        "REPEAT_ORDER_LIMIT": "4",
    }
    assert entry_limits_used((), now) == ()


def test_a_use_counts_by_its_share_of_the_setting_then_in_force() -> None:
    three, four = LimitUsed("MAX_POSITIONS", D(3), D(5)), LimitUsed("MAX_POSITIONS", D(4), D(10))
    assert most_used([four, three]) == {"MAX_POSITIONS": three}
    assert risen([four], {"MAX_POSITIONS": three}) == ()
    assert risen([three], {"MAX_POSITIONS": four}) == (three,)

"""Every limit is set by the setting of its name, and has its default there alone."""

from __future__ import annotations

from dataclasses import MISSING, fields
from decimal import Decimal as D

from tests.settings.conftest import LoadHome
from tradebot.core.model.limits import BreaksHaltEnds, Limits, LossAction
from tradebot.settings import Settings
from tradebot.settings.limit_model import EmergencySettings, LimitSettings

#: For every limit a text other than its default, and the value that core gets.
CHANGED: dict[str, tuple[str, object]] = {
    "MAX_POSITIONS": ("3", 3),
    "MAX_POSITION_SIZE_PCT": ("11%", D("0.11")),
    "MAX_PORTFOLIO_RISK_PCT": ("6%", D("0.06")),
    "MAX_GROSS_EXPOSURE_PCT": ("150%", D("1.5")),
    "RISK_PER_TRADE_PCT": ("0.7%", D("0.007")),
    "DEFAULT_STOP_LOSS_PCT": ("8%", D("0.08")),
    "DEFAULT_TAKE_PROFIT_PCT": ("9%", D("0.09")),
    "DAILY_LOSS_LIMIT_PCT": ("1%", D("0.01")),
    "EMERGENCY_STOP_LOSS_PCT": ("12%", D("0.12")),
    "MAX_DAILY_TRADES": ("13", 13),
    "MIN_ORDER_VALUE": ("140", D(140)),
    "MAX_ORDER_VALUE": ("15000", D(15_000)),
    "ALLOW_SYMBOLS": ("MSFT,AAPL", frozenset({"AAPL", "MSFT"})),
    "DENY_SYMBOLS": ("IBM", frozenset({"IBM"})),
    "PRICE_COLLAR_PCT": ("16%", D("0.16")),
    "MAX_ORDER_ADV_PCT": ("17%", D("0.17")),
    "MAX_ORDERS_PER_MINUTE": ("18", 18),
    "MAX_ORDERS_PER_SESSION": ("19", 19),
    "REPEAT_ORDER_LIMIT": ("20", 20),
    "REPEAT_ORDER_SESSIONS": ("21", 21),
    "PROBATION_SESSIONS": ("22", 22),
    "PROBATION_SIZE_PCT": ("23%", D("0.23")),
    "DAILY_LOSS_ACTION": ("reduce", LossAction.REDUCE),
    "LIMIT_BREACH_TOLERANCE_PCT": ("24%", D("0.24")),
    "FAILED_RUNS_LIMIT": ("26", 26),
    "BREAK_HALT_VALUE": ("27000", D(27_000)),
    "BREAKS_HALT_ENDS": ("resume", BreaksHaltEnds.RESUME),
}
#: Settings beside them that say what an emergency stop does; no limit is compared with them.
OF_THE_STOP = {"EMERGENCY_STOP_ENABLED", "EMERGENCY_CLOSE_POSITIONS", "EMERGENCY_SHUTDOWN_TIMEOUT"}


def test_every_limit_is_the_one_that_was_set(load_home: LoadHome) -> None:
    written = "".join(f"{name}={text}\n" for name, (text, _) in CHANGED.items())
    limits, defaults = load_home(written).settings.limits(), Settings().limits()
    found = {item.name.upper(): getattr(limits, item.name) for item in fields(Limits)}
    assert found == {name: value for name, (_, value) in CHANGED.items()}
    for name in CHANGED:
        assert found[name] != getattr(defaults, name.lower()), f"the test sets {name} to its default"


def test_no_setting_of_a_limit_is_forgotten() -> None:
    named = {item.name.upper() for section in (LimitSettings, EmergencySettings) for item in fields(section)}
    assert named - OF_THE_STOP == CHANGED.keys()


def test_a_limit_has_its_default_in_the_settings_alone() -> None:
    assert [item.name for item in fields(Limits) if item.default is not MISSING] == []

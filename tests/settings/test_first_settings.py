"""The questions of `tradebot init`, and the first `.env` that the answers make."""

from __future__ import annotations

from pathlib import Path

import pytest

from tradebot.settings import Settings, TradingMode, inspect_text
from tradebot.settings.documentation import rows
from tradebot.settings.field_types import InvalidValue
from tradebot.settings.first_settings import (
    SCHEDULE,
    TEMPLATE,
    Answers,
    Question,
    broker_question,
    env_text,
    questions_after,
)

HOME = Path("/home/user/tradebot")
KEY, SECRET = "PK0123456789ABCDEF", "s3cr3t#of=it"


def settings_of(answers: Answers) -> Settings:
    """The settings of the `.env` that the answers make; it must be valid."""
    inspected = inspect_text(HOME, env_text(answers), {"HOME": "/home/user"})
    assert inspected.problems == ()
    return inspected.loaded.settings


def question(broker: str, text: str) -> Question:
    (found,) = (each for each in questions_after(broker) if text in each.text)
    return found


def test_there_are_at_most_six_questions() -> None:
    numbers = {broker: 1 + len(questions_after(broker)) for broker in ("paper", "alpaca", "robinhood")}
    assert numbers == {"paper": 4, "alpaca": 6, "robinhood": 4}


def test_enter_at_every_question_gives_the_defaults() -> None:
    answers: Answers = broker_question().read(broker_question().default)
    for each in questions_after("paper"):
        answers = {**answers, **each.read(each.default)}
    assert settings_of(answers) == Settings(tradebot_home=HOME)


def test_the_limits_stand_in_the_file_with_their_meaning() -> None:
    text = env_text({"BROKER": "paper"})
    for name in TEMPLATE:
        assert f"# {rows()[name].meaning}\n{name}={rows()[name].default}\n" in text


def test_limits_are_changed_by_name() -> None:
    read = question("paper", "limits").read
    settings = settings_of({"BROKER": "paper", **read("max_positions=3  RISK_PER_TRADE_PCT=0.25% MAX_DAILY_TRADES=5")})
    assert (settings.max_positions, str(settings.risk_per_trade_pct), settings.max_daily_trades) == (3, "0.0025", 5)


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        ("MAX_POSITIONS", "no limit with its value"),
        ("MAX_POSITIONS=none", "MAX_POSITIONS: "),
        ("MAX_POSITIONS=0", "MAX_POSITIONS: "),
        ("LIVE_TRADING_ENABLED=true", "no limit with its value"),
        ("TRADING_MODE=live", "no limit with its value"),
        ("yes", "no limit with its value"),
    ],
)
def test_what_is_no_limit_is_refused(reply: str, words: str) -> None:
    with pytest.raises(InvalidValue, match=words):
        question("paper", "limits").read(reply)


def test_no_answer_switches_live_trading_on() -> None:
    for reply in ("live", "robinhood live", "", "paper live"):
        with pytest.raises(InvalidValue):
            broker_question().read(reply)
    for answers in ({"BROKER": "alpaca", "ALPACA_API_KEY": KEY, "ALPACA_SECRET_KEY": SECRET}, {"BROKER": "robinhood"}):
        settings = settings_of(answers)
        assert (settings.trading_mode, settings.live_trading_enabled) == (TradingMode.PAPER, False)


def test_keys_are_hidden_needed_and_checked_by_their_type() -> None:
    for text in ("key id", "secret"):
        asked = question("alpaca", text)
        assert asked.hidden
        for reply in ("", "two words", '"quoted"'):
            with pytest.raises(InvalidValue):
                asked.read(reply)
    assert question("alpaca", "key id").read(KEY) == {"ALPACA_API_KEY": KEY}


@pytest.mark.parametrize("address", ["ntfys://ntfy.sh/topic", "json://host/#a", "mailto://u:p'w@x.org?to=a@b.c"])
def test_what_is_typed_is_what_is_read(address: str) -> None:
    answers = {
        "BROKER": "alpaca", "ALPACA_API_KEY": KEY, "ALPACA_SECRET_KEY": SECRET,
        **question("alpaca", "alerts").read(address),
    }  # fmt: skip
    settings = settings_of(answers)
    assert settings.secrets() == (KEY, SECRET, address)


def test_an_address_that_is_none_is_refused_and_none_is_one_too_few() -> None:
    asked = question("paper", "alerts")
    assert (asked.read(""), asked.hidden) == ({}, True)
    with pytest.raises(InvalidValue):
        asked.read("me@example.com")


def test_a_schedule_on_the_embedded_exchange_begins_sessions_by_itself() -> None:
    answers = question("paper", "scheduler").read("yes")
    assert (answers[SCHEDULE], settings_of({"BROKER": "paper", **answers}).paper_advance) == ("yes", "daily")
    assert question("alpaca", "scheduler").read("Y") == {SCHEDULE: "yes"}
    assert question("alpaca", "scheduler").read("no") == {}
    with pytest.raises(InvalidValue):
        question("alpaca", "scheduler").read("perhaps")

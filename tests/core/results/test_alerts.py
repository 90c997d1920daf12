"""What is news, when a channel is tried again, and when the operator counts as told."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from tradebot.core.results.alerts import (
    Alert,
    AlertLevel,
    DeliveryAttempt,
    DeliveryState,
    QueuedAlert,
    delivery_state,
    next_attempt_at,
    should_raise,
)

AT = datetime(2007, 1, 3, 14, 35, tzinfo=UTC)
TOLD = Alert("warning", "breaks", "AAPL: 10 here, 5 there", AT, "breaks")
POSTED = QueuedAlert(1, "paper:paper:PAPER-0001", TOLD, DeliveryState.WAITING, AT)
ANSWERS, REFUSES = DeliveryAttempt("mail"), DeliveryAttempt("mail", "no answer")


@pytest.mark.parametrize(
    ("level", "before", "hours", "news"),
    [
        ("warning", "warning", 1, False),
        ("warning", "warning", 7 * 24 - 1, False),
        ("warning", "warning", 7 * 24, True),
        ("critical", "critical", 19, False),
        ("critical", "critical", 20, True),
        ("critical", "warning", 0, True),
        ("info", "critical", 1, False),
    ],
)
def test_what_was_told_is_told_again_when_it_gets_worse_or_goes_on_too_long(
    level: AlertLevel, before: AlertLevel, hours: int, news: bool
) -> None:
    assert should_raise(level, replace(TOLD, level=before), AT + timedelta(hours=hours)) is news


def test_what_was_never_told_is_news() -> None:
    assert should_raise("info", None, AT)


def test_a_channel_is_tried_again_after_longer_and_longer_but_within_the_hour() -> None:
    waits = [(next_attempt_at(attempts, AT) - AT) / timedelta(minutes=1) for attempts in (1, 2, 3, 4, 5, 6, 1000)]
    assert waits == [5, 10, 20, 40, 60, 60, 60]


@pytest.mark.parametrize(
    ("first", "second", "tried", "state"),
    [
        (["mail"], [], [ANSWERS], DeliveryState.DELIVERED),
        (["mail"], [], [REFUSES], DeliveryState.WAITING),
        (["mail", "ntfy"], [], [ANSWERS, DeliveryAttempt("ntfy", "no answer")], DeliveryState.WAITING),
        (["mail"], ["ntfy"], [REFUSES, DeliveryAttempt("ntfy")], DeliveryState.DELIVERED),
        ([], ["ntfy"], [DeliveryAttempt("ntfy")], DeliveryState.DELIVERED),
        ([], ["ntfy"], [], DeliveryState.WAITING),
        ([], [], [], DeliveryState.KEPT),
    ],
)
def test_an_alert_is_delivered_when_each_first_channel_or_else_a_second_one_took_it(
    first: list[str], second: list[str], tried: list[DeliveryAttempt], state: DeliveryState
) -> None:
    assert delivery_state(POSTED, first, second, tried, AT) is state


def test_a_channel_that_took_it_earlier_counts() -> None:
    half = replace(POSTED, taken_by=("ntfy",))
    assert delivery_state(half, ["mail", "ntfy"], [], [ANSWERS], AT) is DeliveryState.DELIVERED


def test_after_three_days_it_is_no_news_any_more() -> None:
    late = AT + timedelta(days=3)
    assert delivery_state(POSTED, ["mail"], [], [REFUSES], late - timedelta(seconds=1)) is DeliveryState.WAITING
    assert delivery_state(POSTED, ["mail"], [], [REFUSES], late) is DeliveryState.GIVEN_UP
    heard = replace(POSTED, taken_by=("ntfy",))
    assert delivery_state(heard, ["mail", "ntfy"], [], [REFUSES], late) is DeliveryState.DELIVERED

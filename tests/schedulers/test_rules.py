"""Moments of the week at a host."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from tests.schedulers.conftest import FIRST
from tradebot.core.model.schedule import Job
from tradebot.schedulers import HostZone
from tradebot.schedulers.rules import host_rules


def test_days_shift_where_new_york_trades_at_night() -> None:
    sydney = HostZone("Australia/Sydney", ZoneInfo("Australia/Sydney"))
    moments = {slot for rule in host_rules(Job.RUN_DAILY, sydney, FIRST) for slot in rule.slots()}
    assert {(slot.weekday, slot.hour) for slot in moments} == {
        *((day, 23) for day in range(5)), *((day, hour) for day in range(1, 6) for hour in (0, 1)),
    }  # fmt: skip

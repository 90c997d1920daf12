"""Alerts in the log."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

from tradebot.alerts.sinks import LogAlerts
from tradebot.core.results.alerts import AlertLevel
from tradebot.ports import Alerts


@pytest.fixture
def alerts() -> Alerts:
    return LogAlerts()


@pytest.mark.parametrize(
    ("level", "number"),
    [("info", logging.INFO), ("warning", logging.WARNING), ("critical", logging.CRITICAL)],
)
def test_an_alert_is_one_line_at_its_level(
    level: AlertLevel, number: int, alerts: Alerts, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG, logger="tradebot.alerts"):
        alerts.send(level, "100 % unprotected", "AAPL has no stop")

    said = [record for record in caplog.record_tuples if record[0] == "tradebot.alerts"]
    assert said == [("tradebot.alerts", number, "100 % unprotected: AAPL has no stop")]


class Broken(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        raise OSError("the disk is full")


@pytest.fixture
def broken_log() -> Iterator[None]:
    handler = Broken()
    logging.getLogger("tradebot.alerts").addHandler(handler)
    yield
    logging.getLogger("tradebot.alerts").removeHandler(handler)


@pytest.mark.usefixtures("broken_log")
def test_a_log_that_fails_stops_nobody(alerts: Alerts) -> None:
    alerts.send("critical", "halted", "drawdown")

"""The pages of the alerts commands."""

from __future__ import annotations

from dataclasses import replace

from tests.reports.builders import Plain
from tests.reports.conftest import NOON
from tradebot.core.results.alerts import Alert, DeliveryAttempt, DeliveryState, QueuedAlert
from tradebot.reports.pages.alerts import alerts_page, channels_page, delivery_page

WAITING = QueuedAlert(
    1,
    "paper:paper:PAPER-0001",
    Alert("critical", "AAPL is unprotected", "10,526 USD", NOON),
    DeliveryState.WAITING,
    NOON,
)


def test_each_channel_has_a_line_with_its_error(plain: Plain) -> None:
    text = plain(channels_page([DeliveryAttempt("mail"), DeliveryAttempt("json", "404 Not Found")]))
    mail, json = (line.split() for line in text.splitlines() if line.split() and line.split()[0] in ("mail", "json"))
    assert mail == ["mail", "delivered"]
    assert json == ["json", "FAILED", "404", "Not", "Found"]


def test_an_alert_is_listed_with_what_became_of_it(plain: Plain) -> None:
    for alert, words in (
        (WAITING, "waiting"),
        (replace(WAITING, trouble="no answer", taken_by=("mail",)), "waiting, delivered by mail: no answer"),
        (replace(WAITING, state=DeliveryState.DELIVERED, taken_by=("mail", "json")), "delivered by mail, json"),
        (replace(WAITING, state=DeliveryState.GIVEN_UP, trouble="no answer"), "given up: no answer"),
        (replace(WAITING, state=DeliveryState.KEPT), "not sent: no channel was configured"),
    ):
        text = " ".join(plain(alerts_page([alert])).split())
        assert "2007-01-03 12:00 EST critical AAPL is unprotected" in text
        assert words in text
    assert "no alert has been raised" in plain(alerts_page([]))


def test_a_delivery_names_what_no_channel_took(plain: Plain) -> None:
    text = plain(delivery_page(1, ["AAPL is unprotected"], [("mail", "no answer")]))
    for words in ("1 alert delivered", "not delivered by any channel: AAPL is unprotected", "mail failed: no answer"):
        assert words in text

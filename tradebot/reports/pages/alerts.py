"""The pages of alerts: channels, recorded alerts and deliveries."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tradebot.core.model.values import plural
from tradebot.core.results.alerts import GIVEN_UP_AFTER, AlertLevel, DeliveryAttempt, DeliveryState, QueuedAlert
from tradebot.reports.formatting import instant
from tradebot.reports.layout import Cell, Line, Page, Tone, table

_LEVEL_TONES: dict[AlertLevel, Tone] = {
    "summary": Tone.PLAIN,
    "info": Tone.PLAIN,
    "warning": Tone.WARN,
    "critical": Tone.BAD,
}


def channels_page(attempts: Iterable[DeliveryAttempt]) -> Page:
    """The result of a test message at each channel."""
    rows = [
        (attempt.channel, Cell("delivered", Tone.GOOD) if attempt.taken else Cell("FAILED", Tone.BAD), attempt.trouble)
        for attempt in attempts
    ]
    return (*table("channel | result | ~what went wrong", rows),)


def alerts_page(alerts: Sequence[QueuedAlert]) -> Page:
    """The recorded alerts, oldest first, each with its delivery."""
    if not alerts:
        return (Line("no alert has been raised", Tone.GOOD),)
    rows = (
        (
            instant(queued.alert.raised_at),
            Cell(queued.alert.level, _LEVEL_TONES[queued.alert.level]),
            queued.alert.title,
            queued.alert.message,
            _delivery_text(queued),
        )
        for queued in alerts
    )
    return (*table("raised | level | ~title | ~message | ~delivery", rows),)


def delivery_page(
    delivered: int, unheard: Sequence[str], failed: Iterable[tuple[str, str]], waiting: Iterable[QueuedAlert] = ()
) -> Page:
    """The result of one delivery.

    delivered: number of alerts.
    unheard: titles of the alerts that no channel took.
    failed: name and error of each failed channel.
    waiting: the alerts that still wait.
    """
    return (
        Line(f"{plural(delivered, 'alert')} delivered", Tone.GOOD if not unheard else Tone.PLAIN),
        *(Line(f"not delivered by any channel: {title}", Tone.BAD) for title in unheard),
        *(Line(f"{name} failed: {trouble}", Tone.WARN) for name, trouble in failed),
        *map(_waiting_line, waiting),
    )


def _waiting_line(queued: QueuedAlert) -> Line:
    due = f"until {instant(queued.next_try)}" if queued.next_try else "for the next delivery"
    given_up = f"; given up after {instant(queued.since + GIVEN_UP_AFTER)}"
    return Line(f"waits {due}: {queued.alert.title}{given_up}; `tradebot alerts deliver --now` sends it now", Tone.WARN)


def _delivery_text(queued: QueuedAlert) -> str:
    match queued.state:
        case DeliveryState.DELIVERED:
            return f"delivered by {', '.join(queued.taken_by)}" if queued.taken_by else "delivered"
        case DeliveryState.KEPT:
            return "not sent: no channel was configured"
        case DeliveryState.GIVEN_UP:
            return f"given up: {queued.trouble}"
        case DeliveryState.WAITING:
            taken = f", delivered by {', '.join(queued.taken_by)}" if queued.taken_by else ""
            return f"waiting{taken}" + (f": {queued.trouble}" if queued.trouble else "")

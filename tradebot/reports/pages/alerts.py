"""alerts: channels, and what was raised and who heard of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tradebot.core.model.values import plural
from tradebot.core.results.alerts import AlertLevel, DeliveryAttempt, DeliveryState, QueuedAlert
from tradebot.reports.formatting import instant
from tradebot.reports.layout import Cell, Line, Page, Tone, table

_TONES: dict[AlertLevel, Tone] = {"info": Tone.PLAIN, "warning": Tone.WARN, "critical": Tone.BAD}


def channels_page(attempts: Iterable[DeliveryAttempt]) -> Page:
    """What each channel made of a test message."""
    rows = [
        (attempt.channel, Cell("taken", Tone.GOOD) if attempt.taken else Cell("FAILED", Tone.BAD), attempt.trouble)
        for attempt in attempts
    ]
    return (*table("channel | result | ~what went wrong", rows),)


def alerts_page(alerts: Sequence[QueuedAlert]) -> Page:
    """The alerts, oldest first."""
    if not alerts:
        return (Line("no alert was ever raised", Tone.GOOD),)
    rows = (
        (
            instant(posted.alert.raised_at),
            Cell(posted.alert.level, _TONES[posted.alert.level]),
            posted.alert.title,
            posted.alert.message,
            _fate(posted),
        )
        for posted in alerts
    )
    return (*table("raised | level | ~title | ~message | ~fate", rows),)


def delivery_page(delivered: int, unheard: Sequence[str], failed: Iterable[tuple[str, str]]) -> Page:
    """What one delivery came to."""
    return (
        Line(f"{plural(delivered, 'alert')} delivered", Tone.GOOD if not unheard else Tone.PLAIN),
        *(Line(f"no channel took: {title}", Tone.BAD) for title in unheard),
        *(Line(f"{name} failed: {trouble}", Tone.WARN) for name, trouble in failed),
    )


def _fate(posted: QueuedAlert) -> str:
    match posted.state:
        case DeliveryState.DELIVERED:
            return f"taken by {', '.join(posted.taken_by)}" if posted.taken_by else "delivered"
        case DeliveryState.KEPT:
            return "kept here: there was no channel for it"
        case DeliveryState.GIVEN_UP:
            return f"given up: {posted.trouble}"
        case DeliveryState.WAITING:
            taken = f", taken by {', '.join(posted.taken_by)}" if posted.taken_by else ""
            return f"waiting{taken}" + (f": {posted.trouble}" if posted.trouble else "")

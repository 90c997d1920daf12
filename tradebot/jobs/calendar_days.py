"""Takes over the days on which the broker's calendar differs from the one here: stores them and says each once."""

from __future__ import annotations

from datetime import date

from tradebot.core.model.account import CalendarDay, MarketClock
from tradebot.core.model.exchange_time import new_york_date
from tradebot.core.safety.calendar_changes import CalendarChanges, calendar_changes, hours_text
from tradebot.jobs.desk import Desk


def take_over_calendar(desk: Desk, market: MarketClock) -> tuple[str, ...]:
    """Store the days that the broker's calendar changes, and go by them. Returns a note on each.

    A broker without a calendar of its own changes nothing. An answer that can't be believed is told, and changes
    nothing either.
    """
    found = changes_at(desk, market)
    if found.doubt:
        text = f"the broker's calendar is not believed: {found.doubt}"
        desk.alerts.send("warning", "the broker's calendar is not believed", f"{text}. {_ADVICE}", key=text[:200])
        return (text,)
    if not found.days:
        return ()
    today, known = new_york_date(market.now), {each.day for each in desk.ledger.calendar_days.all()}
    notes = []
    with desk.ledger.transaction():
        for each in found.days:
            if desk.ledger.calendar_days.store(each, desk.clock.now()):
                notes.append(_said(each, today, was_known=each.day in known))
                desk.alerts.send("warning", _title(each, today), f"{notes[-1]}. {_AROUND}")
    desk.calendar.correct(found.days)
    return tuple(notes)


def changes_at(desk: Desk, market: MarketClock) -> CalendarChanges:
    """What the broker's calendar would change here. A day that has passed and is stored stays as it is."""
    if market.sessions is None:
        return CalendarChanges()
    today = new_york_date(market.now)
    settled = {each.day for each in desk.ledger.calendar_days.all() if each.day < today}
    return calendar_changes(market.sessions, desk.calendar.hours, today, settled)


_AROUND = "The jobs go by the broker's calendar and trade around it; there is nothing to do"
_ADVICE = "The installed calendar counts meanwhile. See `tradebot preflight`, and https://www.nyse.com/markets/hours-calendars"


def _title(change: CalendarDay, today: date) -> str:
    """What the exchange does on a day: "the exchange will be closed on 2025-01-09"."""
    if change.hours is None:
        return f"the exchange {'will be' if change.day >= today else 'was'} closed on {change.day}"
    return f"the exchange {'trades' if change.day >= today else 'traded'} {hours_text(change.hours)} on {change.day}"


def _said(change: CalendarDay, today: date, *, was_known: bool) -> str:
    """The sentence on a change, in New York time."""
    before = "it was announced otherwise before" if was_known else "the installed calendar did not know"
    return f"{_title(change, today)}; {before}"

"""The sessions of a replay: those that its options ask for, or what is left of the same one that was interrupted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from tradebot.core.model.values import plural
from tradebot.errors import UsageError
from tradebot.home.replay_record import Asked, ReplayRecord, read_record, write_record
from tradebot.jobs.replay import Course, has_ended
from tradebot.jobs.replay_halts import OnHalt
from tradebot.runtime.open_desk import OpenDesk


@dataclass(slots=True)
class BegunReplay:
    """A replay whose record is written. ``note``: what it goes on with or begins anew, for people; "" for neither."""

    home: Path
    record: ReplayRecord
    course: Course
    note: str

    def remember(self, halts: Sequence[str]) -> None:
        """Store the keys of the halts that its jobs set. Raises ConfigError."""
        self._write(replace(self.record, halts=tuple(halts)))

    def finish(self) -> None:
        """Store that it has finished. Raises ConfigError."""
        self._write(replace(self.record, has_finished=True))

    def _write(self, record: ReplayRecord) -> None:
        self.record = record
        write_record(self.home, record)


def begin_replay(opened: OpenDesk, asked: Asked, on_halt: OnHalt) -> BegunReplay:
    """Go on with the interrupted replay that was asked for in the same way, else begin a new one.

    Raises UsageError for sessions in the past, and for more than the prices have.
    """
    account, present = opened.desk.account_key, opened.exchange.status().session
    last = read_record(opened.context.home)
    is_ours = last is not None and last.account == account
    is_same = is_ours and last is not None and last.asked == asked
    if last is not None and is_same and not last.has_finished and present <= last.ends:
        return _go_on(opened, last, present, on_halt)
    days = _days(opened, asked, after=is_ours and last is not None and last.has_finished and present == last.ends)
    note = ""
    if is_same and last is not None:
        note = (
            f"the same replay, of {last.begins} to {last.ends}, had finished: "
            f"this begins a new one, of {days[0]} to {days[-1]}"
        )
    record = ReplayRecord(account, asked, days[0], days[-1])
    return _begun(opened, record, Course(days, on_halt=on_halt), note)


def _go_on(opened: OpenDesk, record: ReplayRecord, present: date, on_halt: OnHalt) -> BegunReplay:
    days = _between(opened, record.begins, record.ends)
    left = [day for day in days if day >= present]
    if len(left) > 1 and left[0] == present and has_ended(opened.desk, present):
        left = left[1:]
    done = len(days) - len(left)
    course = Course(left, done, on_halt, own_halts=record.halts)
    of_all = plural(len(days), "session")
    note = f"this goes on with the replay of {record.begins} to {record.ends} at {left[0]}: {done} of {of_all} are done"
    return _begun(opened, record, course, note)


def _begun(opened: OpenDesk, record: ReplayRecord, course: Course, note: str) -> BegunReplay:
    begun = BegunReplay(opened.context.home, record, course, note)
    begun.course = replace(course, remember=begun.remember)
    write_record(begun.home, record)
    return begun


def _days(opened: OpenDesk, asked: Asked, *, after: bool) -> list[date]:
    """The sessions of a new replay, from the exchange's session on.

    ``after``: leave that one out of a number of sessions, as the last replay has ended with it.
    """
    exchange, last_session = opened.exchange.status(), opened.exchange.last_session()
    if asked.first is not None and (past := _between(opened, asked.first, exchange.session)[:-1]):
        raise UsageError(
            f"this home stands at {exchange.session} and cannot go back to {past[0]}. "
            "Leave --from out to go on from there, or use another --home."
        )
    if asked.last is not None and not exchange.session <= asked.last <= last_session:
        raise UsageError(
            f"this home stands at {exchange.session} and its prices end at {last_session}: "
            "give --to a date from the one to the other."
        )
    begin = max(exchange.session, asked.first or exchange.session)
    days = _between(opened, begin, asked.last or last_session)
    if after and asked.sessions is not None and days[:1] == [exchange.session]:
        days = days[1:]
    if len(days) < (asked.sessions or 1):
        raise UsageError(f"only {plural(len(days), 'session')} left until the prices end at {last_session}.")
    return days[: asked.sessions]


def _between(opened: OpenDesk, first: date, last: date) -> list[date]:
    return [hours.session for hours in opened.desk.calendar.between(first, last)]

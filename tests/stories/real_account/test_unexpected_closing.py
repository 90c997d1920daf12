"""The exchange closes, or closes early, on a day that the installed calendar takes for a usual session.

The broker announces it the day before. The crontab goes on starting every job on every weekday.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import date, datetime
from datetime import time as at_time
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.alpaca import FakeAlpaca, Terms
from tests.fakes.pauses import record_pauses
from tests.fakes.pit import FREE
from tests.fakes.prices import MadePrices, bar
from tests.fakes.wire.times import go_to
from tests.jobs.house import FLAT, Script
from tests.stories.processes.played import KEYS, Played, differences, new_york
from tradebot.__main__ import main
from tradebot.brokers.paper import PaperExchange
from tradebot.core.model.account import CalendarDay, SessionHours
from tradebot.core.model.exchange_time import new_york_instant
from tradebot.market.calendar import CorrectedCalendar, NyseCalendar

FRIDAY, MONDAY, TUESDAY, WEDNESDAY, THURSDAY = (date(2007, 1, day) for day in (5, 8, 9, 10, 11))
SYMBOLS = ("ACME", "BOLT", "CORD")
#: The jobs of a whole day and of one that closes at 13:00, at the times of the crontab.
JOBS = {"preflight": (9, 0), "run-daily": (9, 35), "check-exits": (15, 45), "reconcile": (16, 5), "report": (16, 15)}
EARLY = {**JOBS, "check-exits": (12, 45), "reconcile": (13, 5), "report": (13, 15)}
CLOSED_ON_TUESDAY = CalendarDay(TUESDAY, None)
EARLY_ON_TUESDAY = CalendarDay(
    TUESDAY,
    SessionHours(TUESDAY, new_york_instant(TUESDAY, at_time(9, 30)), new_york_instant(TUESDAY, at_time(13)), True),
)


@dataclass
class Account:
    """A home at a played Alpaca, whose calendar can be corrected."""

    machine: Played
    exchange: Path
    open_exchange: Callable[[], PaperExchange]
    calendar: CorrectedCalendar  # the broker's
    monkeypatch: pytest.MonkeyPatch
    capsys: pytest.CaptureFixture[str]

    def run(self, at: datetime, *command: str) -> tuple[int, dict[str, Any]]:
        """The exit code and the JSON object of a command that begins at an instant."""
        with self.open_exchange() as exchange:
            go_to(exchange, at)
        with self.monkeypatch.context() as patch:
            for name, value in self.machine.environment(TRADEBOT_NOW=at.isoformat()).items():
                patch.setenv(name, value)
            code = main([*command, "--json"])
        return code, json.loads(self.capsys.readouterr().out)

    def day(self, day: date, jobs: Mapping[str, tuple[int, int]] = JOBS) -> dict[str, dict[str, Any]]:
        """What a crontab starts on a day, which ends with 0 each time."""
        said = {}
        for job, (hour, minute) in jobs.items():
            code, said[job] = self.run(new_york(day, hour, minute), job, "--scheduled")
            assert code == 0, f"{day} {job}: {said[job]}"
        return said

    def alerts(self) -> list[tuple[str, str]]:
        """The level and the title of every alert so far, but of summaries."""
        _, said = self.run(new_york(THURSDAY, 17), "alerts", "list", "--last", "100")
        alerts = [each["alert"] for each in said["alerts"]]
        return [(each["level"], each["title"]) for each in alerts if each["level"] != "summary"]

    def schedule(self, at: datetime) -> dict[str, set[str]]:
        """The marks of the jobs of each session, as `status` shows them."""
        marks: dict[str, set[str]] = {}
        for cell in self.run(at, "status")[1]["schedule"]:
            marks.setdefault(cell["session"], set()).add(cell["mark"])
        return marks


MakeAccount = Callable[[list[date], dict[str, list[date]]], Account]


@pytest.fixture
def make_account(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[MakeAccount]:
    """Makes a home that buys symbols on given days, at an exchange with bars of ``sessions`` alone."""
    monkeypatch.chdir(tmp_path)
    record_pauses(monkeypatch)
    with ExitStack() as stack:

        def make(sessions: list[date], bought: dict[str, list[date]]) -> Account:
            prices = MadePrices(bar(symbol, day, FLAT) for symbol in SYMBOLS for day in sessions)
            rules, file = replace(FREE, start=FRIDAY), tmp_path / "exchange.db"
            calendar = CorrectedCalendar(NyseCalendar())
            PaperExchange.create(file, prices, calendar, rules, durable=False).close()

            def opened() -> PaperExchange:
                return PaperExchange.open(file, prices, calendar, rules, durable=False)

            fake = stack.enter_context(FakeAlpaca(opened, terms=Terms(keys=KEYS), calendar=calendar))
            machine = Played(tmp_path)
            machine.url = fake.url
            machine.settle_in("STRATEGIES=scripted", "PROBATION_SESSIONS=0")
            script = Script(enter=bought)
            script.write(machine.home / "strategies", lambda day: sessions[sessions.index(day) - 1], SYMBOLS)
            account = Account(machine, file, opened, calendar, monkeypatch, capsys)
            assert account.run(new_york(FRIDAY, 8), "init-db")[0] == 0
            return account

        yield make


def bought(jobs: dict[str, dict[str, Any]]) -> list[str]:
    """The symbols that run-daily bought."""
    return [order["symbol"] for order in jobs["run-daily"]["orders"] if order["state"] == "filled"]


def check(preflight: dict[str, Any], name: str) -> tuple[str, str]:
    """Result and figure of a check."""
    return next((each["result"], each["figure"]) for each in preflight["checks"] if each["name"] == name)


def test_trading_goes_on_around_a_day_on_which_the_exchange_closes(make_account: MakeAccount) -> None:
    account = make_account(
        [date(2007, 1, 3), date(2007, 1, 4), FRIDAY, MONDAY, WEDNESDAY, THURSDAY],
        {"ACME": [FRIDAY], "BOLT": [MONDAY], "CORD": [WEDNESDAY]},
    )
    assert bought(account.day(FRIDAY)) == ["ACME"]

    account.calendar.correct([CLOSED_ON_TUESDAY])
    before = account.day(MONDAY)
    assert bought(before) == ["BOLT"]
    assert before["preflight"]["notes"] == [
        "the exchange will be closed on 2007-01-09; the installed calendar did not know"
    ]
    assert check(before["preflight"], "calendar") == ("warn", "the installed one did not know: 2007-01-09 closed")

    closed = account.day(TUESDAY)
    assert {job: said["status"] for job, said in closed.items()} == dict.fromkeys(JOBS, "idle")

    after = account.day(WEDNESDAY)
    assert bought(after) == ["CORD"]
    assert check(after["preflight"], "calendar")[0] == "pass"
    assert check(after["preflight"], "bars")[0] == "pass"

    assert account.alerts() == [("warning", "the exchange will be closed on 2007-01-09")]
    evening = new_york(WEDNESDAY, 17)
    assert account.schedule(evening) == {str(day): {"ran"} for day in (FRIDAY, MONDAY, WEDNESDAY)}
    assert account.run(evening, "reconcile")[1]["breaks"] == []
    assert account.run(evening, "verify")[0] == 0
    assert list(differences(account.machine.home, account.exchange)) == []


def test_a_session_that_is_to_end_early_ends_early(make_account: MakeAccount) -> None:
    sessions = [date(2007, 1, 3), date(2007, 1, 4), FRIDAY, MONDAY, TUESDAY, WEDNESDAY]
    account = make_account(sessions, {"ACME": [MONDAY], "BOLT": [TUESDAY], "CORD": [WEDNESDAY]})
    account.day(FRIDAY)
    account.calendar.correct([EARLY_ON_TUESDAY])
    assert [bought(account.day(day, jobs)) for day, jobs in ((MONDAY, JOBS), (TUESDAY, EARLY), (WEDNESDAY, JOBS))] == [
        ["ACME"], ["BOLT"], ["CORD"],
    ]  # fmt: skip
    assert account.alerts() == [("warning", "the exchange trades 09:30 to 13:00 on 2007-01-09")]
    marks = account.schedule(new_york(WEDNESDAY, 17))
    assert marks == {str(day): {"ran"} for day in (FRIDAY, MONDAY, TUESDAY, WEDNESDAY)}


def test_a_closing_that_was_announced_while_the_machine_was_off_is_no_missed_session(make_account: MakeAccount) -> None:
    account = make_account(
        [date(2007, 1, 3), date(2007, 1, 4), FRIDAY, MONDAY, WEDNESDAY], {"ACME": [MONDAY], "BOLT": [WEDNESDAY]}
    )
    account.day(FRIDAY)
    assert bought(account.day(MONDAY)) == ["ACME"]
    account.calendar.correct([CLOSED_ON_TUESDAY])
    assert bought(account.day(WEDNESDAY)) == ["BOLT"]
    assert account.alerts() == [("warning", "the exchange was closed on 2007-01-09")]
    marks = account.schedule(new_york(WEDNESDAY, 17))
    assert marks == {str(day): {"ran"} for day in (FRIDAY, MONDAY, WEDNESDAY)}


def test_a_closing_that_nobody_heard_of_before_is_said_on_the_day_itself(make_account: MakeAccount) -> None:
    account = make_account(
        [date(2007, 1, 3), date(2007, 1, 4), FRIDAY, MONDAY, WEDNESDAY], {"ACME": [MONDAY], "BOLT": [WEDNESDAY]}
    )
    account.day(FRIDAY)
    account.day(MONDAY)
    account.calendar.correct([CLOSED_ON_TUESDAY])
    closed = account.day(TUESDAY)
    assert closed["preflight"]["notes"] == [
        "the exchange will be closed on 2007-01-09; the installed calendar did not know"
    ]
    assert {job: said["status"] for job, said in closed.items() if job != "preflight"} == dict.fromkeys(
        ("run-daily", "check-exits", "reconcile", "report"), "idle"
    )
    assert bought(account.day(WEDNESDAY)) == ["BOLT"]
    assert account.alerts() == [("warning", "the exchange will be closed on 2007-01-09")]
    marks = account.schedule(new_york(WEDNESDAY, 17))
    assert marks == {str(day): {"ran"} for day in (FRIDAY, MONDAY, WEDNESDAY)}


def test_a_closing_that_is_taken_back_is_said_and_the_session_is_traded(make_account: MakeAccount) -> None:
    account = make_account(
        [date(2007, 1, 3), date(2007, 1, 4), FRIDAY, MONDAY, TUESDAY], {"ACME": [MONDAY], "BOLT": [TUESDAY]}
    )
    account.calendar.correct([CLOSED_ON_TUESDAY])
    account.day(FRIDAY)
    account.calendar.correct([CalendarDay(TUESDAY, NyseCalendar().hours(TUESDAY))])
    assert bought(account.day(MONDAY)) == ["ACME"]
    assert bought(account.day(TUESDAY)) == ["BOLT"]
    assert [title for _, title in account.alerts()] == [
        "the exchange will be closed on 2007-01-09",
        "the exchange trades 09:30 to 16:00 on 2007-01-09",
    ]


def test_a_calendar_without_a_session_ahead_is_told_and_not_believed(make_account: MakeAccount) -> None:
    account = make_account([date(2007, 1, 3), date(2007, 1, 4), FRIDAY, MONDAY, TUESDAY], {"ACME": [MONDAY]})
    account.day(FRIDAY)
    hours = NyseCalendar().between(TUESDAY, date(2007, 1, 31))
    account.calendar.correct(CalendarDay(each.session, None) for each in hours)
    before = account.day(MONDAY)
    figure = "the broker's is not believed: it has no session after today"
    assert check(before["preflight"], "calendar") == ("warn", figure)
    assert bought(before) == ["ACME"]
    assert account.alerts() == [("warning", "the broker's calendar is not believed")]

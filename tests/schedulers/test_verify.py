"""What verify says of entries that somebody changed, forgot, or wrote by hand."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import yaml

from tests.schedulers.conftest import BERLIN, FIRST
from tradebot.core.model.account import SessionHours
from tradebot.core.model.schedule import DAY, SCHEDULED, Job, ScheduleRules
from tradebot.market.calendar import NyseCalendar
from tradebot.schedulers import (
    HostZone,
    ScheduleEntry,
    SchedulerKind,
    Setup,
    build_files,
    cron,
    differences,
    kubernetes,
    launchd,
    read_folder,
    systemd,
    windows,
    write_files,
)

UTC_HOST = HostZone("UTC", ZoneInfo("UTC"))


@pytest.fixture(scope="module")
def sessions() -> tuple[SessionHours, ...]:
    return NyseCalendar().between(date(2026, 1, 1), date(2026, 12, 31))


def installed(kind: SchedulerKind, setup: Setup, host: HostZone = BERLIN) -> tuple[ScheduleEntry, ...]:
    """What a scheduler gives back of what it was given."""
    folder = setup.home / "entries"
    paths = write_files(build_files(kind, setup, host, FIRST), folder)
    found = read_folder(kind, setup, folder)
    if found is None:
        items = list(yaml.safe_load_all(paths[0].read_bytes()))
        found = kubernetes.entries(json.dumps({"items": items}), setup)
    return found


@pytest.mark.parametrize("kind", SchedulerKind)
def test_what_was_just_installed_is_right(
    kind: SchedulerKind, setup: Setup, sessions: tuple[SessionHours, ...]
) -> None:
    found = installed(kind, setup)
    assert {entry.job for entry in found} == set(SCHEDULED)
    assert differences(found, setup, BERLIN, sessions, ScheduleRules()) == ()


@pytest.mark.parametrize("kind", [SchedulerKind.CRON, SchedulerKind.LAUNCHD, SchedulerKind.WINDOWS])
def test_a_host_that_moved_is_found(kind: SchedulerKind, setup: Setup, sessions: tuple[SessionHours, ...]) -> None:
    moved = HostZone("Asia/Tokyo", ZoneInfo("Asia/Tokyo"))
    found = differences(installed(kind, setup), setup, moved, sessions, ScheduleRules())
    assert len(found) == len(DAY)  # a backup has the whole night
    assert all("the host's time zone is Asia/Tokyo" in said for said in found)


@pytest.mark.parametrize("kind", [SchedulerKind.SYSTEMD, SchedulerKind.KUBERNETES])
def test_a_scheduler_that_knows_time_zones_may_move(
    kind: SchedulerKind, setup: Setup, sessions: tuple[SessionHours, ...]
) -> None:
    moved = HostZone("Asia/Tokyo", ZoneInfo("Asia/Tokyo"))
    assert differences(installed(kind, setup), setup, moved, sessions, ScheduleRules()) == ()


def by_hand(setup: Setup, minute: str, hour: str, job: str, end: str = "--scheduled") -> str:
    return f"{minute} {hour} * * 1-5 {setup.program[0]} {job} {end}"


WRITTEN = (("0", "9", "preflight"), ("35", "9", "run-daily"), ("45", "9-15", "check-exits"),
           ("5", "13,16", "reconcile"), ("15", "13,16", "report"), ("20", "13,16", "diff"),
           ("25", "16", "backup"))  # fmt: skip


def test_lines_in_new_yorks_time_are_an_hour_off_for_half_a_year_where_cron_keeps_utc(
    setup: Setup, sessions: tuple[SessionHours, ...]
) -> None:
    summer = "\n".join(by_hand(setup, m, ",".join(_later(h, 4)), job) for m, h, job in WRITTEN)
    crontab = f'TRADEBOT_HOME="{setup.home}"\n{summer}\n'
    found = differences(cron.entries(crontab, setup), setup, UTC_HOST, sessions, ScheduleRules())
    assert len(found) == len(SCHEDULED)
    assert all("first on 2026-01-02" in said for said in found)
    assert "not started in time in 85 of the next 250 sessions" in found[1]


def _later(hours: str, by: int) -> list[str]:
    first, _, last = hours.partition("-")
    named = range(int(first), int(last) + 1) if last else map(int, hours.split(","))
    return [str(hour + by) for hour in named]


def test_the_two_weeks_in_which_europe_is_nearer_are_found(setup: Setup, sessions: tuple[SessionHours, ...]) -> None:
    crontab = f"TRADEBOT_HOME={setup.home}\n{by_hand(setup, '35', '15', 'run-daily')}\n"
    said = [
        one
        for one in differences(cron.entries(crontab, setup), setup, BERLIN, sessions, ScheduleRules())
        if "time in" in one
    ]
    assert said == [
        "run-daily: not started in time in 20 of the next 250 sessions, first on 2026-03-09; the host's time zone is "
        "Europe/Berlin"
    ]


def test_half_days_that_were_forgotten_are_found(setup: Setup, sessions: tuple[SessionHours, ...]) -> None:
    lines = "\n".join(by_hand(setup, m, h.removeprefix("13,"), job) for m, h, job in WRITTEN)
    crontab = f"CRON_TZ=America/New_York\nTRADEBOT_HOME={setup.home}\n{lines}\n"
    found = differences(cron.entries(crontab, setup), setup, UTC_HOST, sessions, ScheduleRules())
    assert [said.partition(":")[0] for said in found] == ["reconcile", "report", "diff"]
    assert all("in 2 of the next 250 sessions (half days among them), first on 2026-11-27" in said for said in found)


def test_lines_of_another_home_are_not_ours(setup: Setup, sessions: tuple[SessionHours, ...]) -> None:
    other = replace(setup, home=setup.home.with_name(f"{setup.home.name}2"))
    (file,) = build_files(SchedulerKind.CRON, other, BERLIN, FIRST)
    assert cron.entries(file.text, setup) == ()
    found = differences((), setup, BERLIN, sessions, ScheduleRules())
    assert found[0] == f"preflight: nothing starts it for {setup.home}"


def test_another_program_and_a_start_that_does_not_look_at_the_calendar_are_found(
    setup: Setup, sessions: tuple[SessionHours, ...]
) -> None:
    old = replace(setup, program=("/opt/old/tradebot",))
    crontab = build_files(SchedulerKind.CRON, old, BERLIN, FIRST)[0].text.replace(" report --scheduled", " report")
    found = differences(cron.entries(crontab, setup), setup, BERLIN, sessions, ScheduleRules())
    assert sum("is not the program" in said for said in found) == len(SCHEDULED)
    assert sum("without --scheduled" in said for said in found) == 1


def test_a_timer_of_an_unknown_zone_is_found(setup: Setup, sessions: tuple[SessionHours, ...]) -> None:
    entries = tuple(replace(entry, zone="America/Gotham") for entry in installed(SchedulerKind.SYSTEMD, setup))
    found = differences(entries, setup, BERLIN, sessions, ScheduleRules())
    assert found[0] == "preflight: is started by the clock of America/Gotham, a time zone that nobody knows"


def test_a_task_that_is_disabled_and_a_cron_job_that_is_suspended_start_nothing(setup: Setup) -> None:
    files = build_files(SchedulerKind.WINDOWS, setup, BERLIN, FIRST)
    xml = {file.name: windows.printed(file.text.replace("<Enabled>true", "<Enabled>false")) for file in files[-2:]}
    xml |= {file.name: file.content for file in files[:-2]}
    assert Job.DIFF not in {entry.job for entry in windows.entries(xml, setup)}
    spec = kubernetes.cron_job(setup, Job.REPORT)
    spec["spec"]["suspend"] = True
    assert kubernetes.entries(json.dumps({"items": [spec]}), setup) == ()


def test_damaged_entries_start_nothing(setup: Setup) -> None:
    assert launchd.entries({f"{launchd.label(setup, Job.REPORT)}.plist": b"<plist>"}, setup) == ()
    assert windows.entries({f"{setup.entry(Job.REPORT)}.xml": b"<Task"}, setup) == ()
    assert systemd.entries({f"{setup.entry(Job.REPORT)}.timer": b"OnCalendar=daily"}, setup) == ()
    unread = f"{by_hand(setup, '5', 'x', 'report')} {setup.home}\n{by_hand(setup, '5', '16', 'report')} /elsewhere"
    assert [entry.slots for entry in cron.entries(unread, setup)] == [frozenset()]


def test_the_block_of_a_home_is_renewed_and_the_rest_of_the_crontab_stays(setup: Setup) -> None:
    own = "MAILTO=me\n5 4 * * * backup\n"
    (file,) = build_files(SchedulerKind.CRON, setup, BERLIN, FIRST)
    once = cron.merged(own, setup, file.text)
    other = replace(setup, home=Path("/other"))
    both = cron.merged(once, other, build_files(SchedulerKind.CRON, other, BERLIN, FIRST)[0].text)
    again = cron.merged(both, setup, build_files(SchedulerKind.CRON, setup, UTC_HOST, FIRST)[0].text)
    assert again.startswith(own)
    assert again.count(f"# >>> {setup.name}") == again.count(f"# >>> {other.name}") == 1
    assert len(cron.entries(again, setup)) == len(cron.entries(again, other)) == len(SCHEDULED)

"""Checks of the machine: each by what it looks at, at the edge where its result changes."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tradebot.core.results.preflight_checks import Check, CheckResult, MachineFacts
from tradebot.jobs.checks import machine

NOW = datetime(2026, 11, 23, 14, 0, tzinfo=UTC)
MIB = 2**20
SOUND = MachineFacts(
    wall=NOW,
    ledger_bytes=3 * MIB,
    free_bytes=900 * MIB,
    last_backup=NOW - timedelta(days=1),
    last_drill=NOW - timedelta(days=43),
    last_drill_passed=True,
    has_alert_channel=True,
)
PASS, WARN, FAIL = CheckResult.PASS, CheckResult.WARN, CheckResult.FAIL


def named(around: MachineFacts, name: str) -> Check:
    return next(check for check in machine.checks(around) if check.name == name)


def test_a_sound_machine_passes_and_shows_its_figures() -> None:
    checks = {check.name: check for check in machine.checks(SOUND)}
    assert all(check.result is PASS for check in checks.values())
    assert checks["ledger"].figure == "verified, 3.0 MiB"
    assert checks["disk"].figure == "900.0 MiB free"
    assert checks["backup"].figure == "the last one was made 1 day ago"
    assert checks["drill"].figure == "last drill 43 days ago"


@pytest.mark.parametrize(
    ("changed", "name", "result", "figure"),
    [
        ({"findings": ("fills 7: was changed", "audit: x")}, "ledger", FAIL, "fills 7: was changed, and 1 more"),
        ({"free_bytes": 20 * MIB - 1}, "disk", FAIL, "20.0 MiB free"),
        ({"free_bytes": 20 * MIB}, "disk", WARN, "20.0 MiB free"),
        ({"free_bytes": 500 * MIB}, "disk", PASS, "500.0 MiB free"),
        ({"ledger_bytes": 400 * MIB}, "disk", WARN, "900.0 MiB free"),
        ({"drive": "/mnt (cifs)", "drive_trouble": "no locks"}, "drive", FAIL, "/mnt (cifs): no locks"),
        ({"drive": "/mnt (9p)", "drive_has_wal": False}, "drive", WARN,
         "/mnt (9p) takes no write-ahead log: what reads the ledger waits for what writes it"),
        ({"network_troubles": ("A: x", "B: y"), "odd_network": ("C",)}, "network", FAIL, "A: x; B: y"),
        ({"odd_network": ("C",)}, "network", WARN, "C"),
        ({"log_trouble": "logs cannot be written"}, "logs", WARN, "logs cannot be written"),
        ({"env_file_exposed": ".env"}, "env file", WARN, ".env may be read by others"),
        ({"secrets_in_environment": ("A_KEY",), "other_users": 1}, "environment", WARN,
         "A_KEY in the environment of a machine with 1 other user"),
        ({"secrets_in_environment": ("A_KEY",)}, "environment", PASS, "no secret where other users might see it"),
        ({"has_alert_channel": False}, "alerts", WARN, "no channel is configured: alerts go to the log only"),
        ({"channels": {"mail": "", "json": ""}}, "alerts", PASS, "2 channels took a test message"),
        ({"channels": {"mail": "refused", "json": ""}}, "alerts", WARN, "mail: refused"),
        ({"last_backup": None}, "backup", WARN, "there is none"),
        ({"last_backup": NOW - timedelta(days=7)}, "backup", PASS, "the last one was made 7 days ago"),
        ({"last_backup": NOW - timedelta(days=7, seconds=1)}, "backup", WARN, "the last one was made 7 days ago"),
        ({"last_backup": NOW}, "backup", PASS, "the last one was made today"),
        ({"backup_on_ledgers_disk": True}, "backup", WARN,
         "the last one was made 1 day ago, on the disk that holds the ledger too"),
        ({"backup_trouble": "nothing is mounted at /mnt/nas"}, "backup", WARN, "nothing is mounted at /mnt/nas"),
        ({"session_days": 2.96}, "login", WARN, "3.0 days left"),
        ({"session_days": 4.0, "session_trouble": "Robinhood refuses it"}, "login", WARN,
         "4.0 days left, and it cannot be renewed: Robinhood refuses it"),
        ({"session_days": 7.7}, "login", PASS, "7.7 days left"),
        ({"last_drill": None}, "drill", WARN, "an emergency stop was never rehearsed"),
        ({"last_drill_passed": False}, "drill", WARN, "last drill 43 days ago, and it failed"),
        ({"last_drill": NOW - timedelta(days=91)}, "drill", WARN, "last drill 91 days ago"),
    ],
)  # fmt: skip
def test_what_changes_a_check_changes_no_other(
    changed: dict[str, Any], name: str, result: CheckResult, figure: str
) -> None:
    checks = {check.name: check for check in machine.checks(replace(SOUND, **changed))}
    assert (checks[name].result, checks[name].figure) == (result, figure)
    assert bool(checks[name].remedy) == (result is not PASS)
    assert all(check.result is PASS for other, check in checks.items() if other != name)


def test_what_only_a_schedule_needs_is_no_warning_where_a_person_begins_each_session() -> None:
    unset = replace(SOUND, has_alert_channel=False, last_backup=None, last_drill=None, by_hand=True)
    assert {check.name: check.result for check in machine.checks(unset) if check.result is not PASS} == {}
    broken = replace(
        unset, channels={"mail": "refused"}, has_alert_channel=True, last_drill=NOW, last_drill_passed=False
    )
    assert {check.name for check in machine.checks(broken) if check.result is WARN} == {"alerts", "drill"}

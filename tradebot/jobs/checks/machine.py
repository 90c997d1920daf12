"""Checks of the machine: files, disk, backups, drills, alert channels, secrets."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from tradebot.core.model.values import plural
from tradebot.core.results.preflight_checks import Check, CheckResult, MachineFacts

PASS, WARN, FAIL = CheckResult.PASS, CheckResult.WARN, CheckResult.FAIL

_MIB = 2**20
#: Bytes of free disk: fewer are a failure, and a warning. A backup needs as many as the ledger has.
LEAST_ROOM, AMPLE_ROOM = 20 * _MIB, 500 * _MIB
BACKUP_AGE, DRILL_AGE = timedelta(days=7), timedelta(days=90)
#: Days of a session with the broker below which it is warned of. Jobs renew it before that, where they can.
FEW_DAYS = 3


def checks(machine: MachineFacts) -> Iterator[Check]:
    """Every check that reads the machine alone."""
    yield _verified(machine)
    yield _room(machine)
    yield _drive(machine)
    yield _network(machine)
    yield _logs(machine)
    yield _env_file(machine)
    yield _environment(machine)
    yield from _session(machine)
    yield _alerts(machine)
    yield _backup(machine)
    yield _drill(machine)


def promises(machine: MachineFacts, strategy: str) -> str:
    """The promise that a strategy does not keep; "" if it keeps all."""
    return machine.strategy_faults.get(strategy, "")


def _verified(machine: MachineFacts) -> Check:
    if machine.findings:
        more = f", and {len(machine.findings) - 1} more" if len(machine.findings) > 1 else ""
        remedy = "`tradebot verify` says more; restore a backup, or `tradebot rebuild`"
        return Check("ledger", FAIL, f"{machine.findings[0]}{more}", remedy)
    return Check("ledger", PASS, f"verified, {_size(machine.ledger_bytes)}")


def _room(machine: MachineFacts) -> Check:
    figure = f"{_size(machine.free_bytes)} free"
    if machine.free_bytes < LEAST_ROOM:
        return Check("disk", FAIL, figure, "make room: what cannot be written down is not sent")
    if machine.free_bytes < max(AMPLE_ROOM, 3 * machine.ledger_bytes):
        return Check("disk", WARN, figure, "make room soon: the ledger, its backups and the logs grow")
    return Check("disk", PASS, figure)


def _drive(machine: MachineFacts) -> Check:
    remedy = "move the home to a drive of this machine"
    if machine.drive_trouble:
        return Check("drive", FAIL, f"{machine.drive}: {machine.drive_trouble}", remedy)
    if not machine.drive_has_wal:
        figure = f"{machine.drive} takes no write-ahead log: what reads the ledger waits for what writes it"
        return Check("drive", WARN, figure, remedy)
    return Check("drive", PASS, f"{machine.drive} locks, syncs and takes a write-ahead log")


def _network(machine: MachineFacts) -> Check:
    if machine.network_troubles:
        return Check("network", FAIL, "; ".join(machine.network_troubles), "mend these variables of the environment")
    if machine.odd_network:
        return Check("network", WARN, "; ".join(machine.odd_network), "mend these variables of the environment")
    return Check("network", PASS, "certificates and proxies can be used")


def _logs(machine: MachineFacts) -> Check:
    if machine.log_trouble:
        return Check("logs", WARN, machine.log_trouble, "mend LOG_DIR; jobs go on without a log file")
    return Check("logs", PASS, "writable")


def _env_file(machine: MachineFacts) -> Check:
    if machine.env_file_exposed:
        return Check("env file", WARN, f"{machine.env_file_exposed} may be read by others", "chmod 600 it")
    return Check("env file", PASS, "only you may read it")


def _environment(machine: MachineFacts) -> Check:
    if machine.secrets_in_environment and machine.other_users:
        names = ", ".join(machine.secrets_in_environment)
        figure = f"{names} in the environment of a machine with {plural(machine.other_users, 'other user')}"
        return Check("environment", WARN, figure, "write them into .env, which only you can read")
    return Check("environment", PASS, "no secret where other users might see it")


def _session(machine: MachineFacts) -> Iterator[Check]:
    """The stored session with a broker that has no keys."""
    if machine.session_days is None:
        return
    figure = f"{machine.session_days:.1f} days left"
    if machine.session_trouble:
        remedy = "log in with `tradebot auth robinhood` before it ends"
        yield Check("login", WARN, f"{figure}, and it cannot be renewed: {machine.session_trouble}", remedy)
    elif machine.session_days < FEW_DAYS:
        yield Check("login", WARN, figure, "run `tradebot auth robinhood` if the next job does not renew it")
    else:
        yield Check("login", PASS, figure)


def _never_set_up(machine: MachineFacts, name: str, figure: str, remedy: str) -> Check:
    """What was never set up: a warning, except with play money and a person who begins each session."""
    return Check(name, PASS, figure) if machine.by_hand else Check(name, WARN, figure, remedy)


def _alerts(machine: MachineFacts) -> Check:
    if not machine.has_alert_channel:
        return _never_set_up(
            machine,
            "alerts",
            "no channel is configured: alerts go to the log only",
            "set ALERT_URLS or EMAIL_SMTP_SERVER",
        )
    if machine.channels is None:
        return Check("alerts", PASS, "every channel took a message today")
    broken = [f"{name}: {trouble}" for name, trouble in machine.channels.items() if trouble]
    if broken:
        return Check("alerts", WARN, "; ".join(broken), "mend it; `tradebot alerts test` tries again")
    return Check("alerts", PASS, f"{plural(len(machine.channels), 'channel')} took a test message")


def _backup(machine: MachineFacts) -> Check:
    if machine.backup_trouble:
        return Check("backup", WARN, machine.backup_trouble, "mount the drive of the backups, or run `tradebot backup`")
    if machine.last_backup is None:
        return _never_set_up(machine, "backup", "there is none", "run `tradebot backup`, and let the crontab run it")
    figure = f"the last one was made {_ago(machine.wall, machine.last_backup)}"
    if machine.wall - machine.last_backup > BACKUP_AGE:
        return Check("backup", WARN, figure, "run `tradebot backup`")
    if machine.backup_on_ledgers_disk:
        figure = f"{figure}, on the disk that holds the ledger too"
        return Check("backup", WARN, figure, "let BACKUP_DIR be on another disk, or copy the backups to one")
    return Check("backup", PASS, figure)


def _drill(machine: MachineFacts) -> Check:
    remedy = "run `tradebot emergency-stop --drill`: it touches nothing of the account"
    if machine.last_drill is None:
        return _never_set_up(machine, "drill", "an emergency stop was never rehearsed", remedy)
    figure = f"last drill {_ago(machine.wall, machine.last_drill)}"
    if not machine.last_drill_passed:
        return Check("drill", WARN, f"{figure}, and it failed", remedy)
    if machine.wall - machine.last_drill > DRILL_AGE:
        return Check("drill", WARN, figure, remedy)
    return Check("drill", PASS, figure)


def _ago(now: datetime, then: datetime) -> str:
    days = (now - then).days
    return "today" if days < 1 else f"{plural(days, 'day')} ago"


def _size(count: int) -> str:
    return f"{count / 2**30:.1f} GiB" if count >= 2**30 else f"{count / _MIB:.1f} MiB"

"""Reads what preflight checks of the machine: files, disk, users, backups, drills, alert channels."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Mapping
from contextlib import closing, suppress
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from tradebot.core.results.preflight_checks import CheckResult, MachineFacts
from tradebot.core.safety.schedule_status import ScheduleClock
from tradebot.errors import ConfigError, LedgerError
from tradebot.home import backups, drills, drive_trial, paths
from tradebot.home.atomic_files import make_folder, replace_text
from tradebot.home.regular_files import read_text
from tradebot.ledger.database import open_database
from tradebot.runtime import alerts, system_needs
from tradebot.runtime.chain_heads import verify_home
from tradebot.runtime.clocks import SystemClock
from tradebot.runtime.homes import schedule_clock
from tradebot.runtime.paper_exchange import whole_history
from tradebot.runtime.strategies import sound_parameters
from tradebot.runtime.strategy_process import strategy_runner
from tradebot.settings import BrokerName, Loaded, Settings, process_environment

if TYPE_CHECKING:
    from tradebot.plugins.discovery import FoundStrategy
    from tradebot.plugins.runner import StrategyRunner
    from tradebot.strategy_api import ParamValue

#: The user ids of persons on the usual systems.
_PEOPLE = range(1000, 60000)


def read_machine(loaded: Loaded, check_stop: Callable[[], None]) -> MachineFacts:
    """The facts of the machine. What cannot be read becomes a trouble, not an error.

    check_stop: raises if the command was asked to stop; called while strategies compute.
    """
    settings, wall = loaded.settings, SystemClock().wall()
    folder = _disk(settings)
    drive = system_needs.try_drive(folder)
    days, trouble = _session(settings)
    drill, backup = drills.last_drill(settings.home), backups.last_backup(settings.home)
    return MachineFacts(
        wall=wall,
        findings=_findings(settings),
        ledger_bytes=_size(settings.ledger_file) if settings.ledger_file else 0,
        free_bytes=_free(folder),
        drive=drive_trial.name_of(folder),
        drive_trouble=drive.trouble,
        drive_has_wal=drive.has_wal,
        network_troubles=tuple(map(str, system_needs.network_problems(settings, process_environment()))),
        odd_network=tuple(system_needs.odd_network_variables(process_environment())),
        log_trouble=_log_trouble(settings.log_path),
        env_file_exposed=str(loaded.env_file) if loaded.env_file_exposed else "",
        secrets_in_environment=loaded.secrets_in_environment(),
        other_users=_other_users(),
        last_backup=backup.at if backup else None,
        backup_trouble=_backup_trouble(settings, backup),
        backup_on_ledgers_disk=_backup_on_ledgers_disk(settings, backup),
        last_drill=drill.at if drill else None,
        last_drill_passed=bool(drill and drill.passed),
        strategy_faults=_strategy_faults(settings, check_stop),
        channels=_channels(settings, wall),
        has_alert_channel=_has_alert_channel(settings),
        session_days=days,
        session_trouble=trouble,
        by_hand=schedule_clock(settings) is ScheduleClock.EXCHANGE,
    )


def _session(settings: Settings) -> tuple[float | None, str]:
    """The days that are left of the stored session with the broker, None where it needs none, and its trouble."""
    if settings.broker is not BrokerName.ROBINHOOD:
        return None, ""
    from tradebot.runtime.robinhood_auth import status

    session = status(settings)
    return session.days_left or 0.0, session.trouble or session.renewal


def _disk(settings: Settings) -> Path:
    """A folder on the disk that jobs write to: the ledger's, or the home where the ledger is on a server."""
    return settings.ledger_file.parent if settings.ledger_file else settings.home


def _findings(settings: Settings) -> tuple[str, ...]:
    try:
        with closing(open_database(settings.ledger, create=False)) as database:
            return tuple(str(finding) for finding in verify_home(settings, database).findings)
    except LedgerError as error:
        return (str(error),)


def _size(path: Path) -> int:
    return sum(file.stat().st_size for file in path.parent.glob(f"{path.name}*") if file.is_file())


def _free(folder: Path) -> int:
    try:
        return shutil.disk_usage(folder).free
    except OSError:
        return 0


def _log_trouble(folder: Path) -> str:
    trial = folder / f".preflight-{os.getpid()}"
    try:
        make_folder(folder)
        trial.touch()
        trial.unlink()
    except OSError as error:
        return f"{folder} cannot be written: {error.strerror or error}"
    return ""


def _backup_trouble(settings: Settings, last: backups.Backup | None) -> str:
    required = settings.backup_require_mount_path
    if required and (trouble := backups.mount_trouble(required, settings.backup_path)):
        return trouble
    return f"the last one, {last.path}, is not there" if last and not os.path.exists(last.path) else ""  # noqa: PTH110


def _backup_on_ledgers_disk(settings: Settings, last: backups.Backup | None) -> bool:
    folder = last.path.parent if last else settings.backup_path
    try:
        return settings.ledger_file is not None and backups.same_disk(folder, settings.ledger_file.parent)
    except OSError:
        return False


def _other_users() -> int:
    """The number of other persons who may log in here."""
    if os.name == "nt":
        return 0
    import pwd

    shells = (entry for entry in pwd.getpwall() if entry.pw_uid in _PEOPLE and entry.pw_uid != os.getuid())
    return sum(1 for entry in shells if Path(entry.pw_shell).name not in ("nologin", "false", ""))


# --- once a day, or once for a code -----------------------------------------------------------


def _channels(settings: Settings, wall: datetime) -> Mapping[str, str] | None:
    """Send a test message through each channel, unless each took one today already."""
    if not _has_alert_channel(settings):
        return None
    path, today = paths.channels_tried_file(settings.home), wall.date()
    with suppress(OSError, ValueError):
        if date.fromisoformat(read_text(path).strip()) == today:
            return None
    tried = dict(alerts.try_channels(settings))
    if not any(tried.values()):
        with suppress(OSError):
            replace_text(path, f"{today}\n")
    return tried


def _has_alert_channel(settings: Settings) -> bool:
    from tradebot.alerts.channels import channels_of

    return any(channels_of(settings))


def _strategy_faults(settings: Settings, check_stop: Callable[[], None]) -> dict[str, str]:
    """The promise that each strategy breaks, "" for none. One that passed is checked again when it changes."""
    from tradebot.plugins.discovery import find

    path = paths.strategies_checked_file(settings.home)
    before = _fingerprints(path)
    passed = dict(before)
    faults = {}
    params = sound_parameters(settings).values
    with closing(strategy_runner(settings, check_stop)) as runner:
        for found in find(settings.strategies, [settings.strategies_path]):
            faults[found.name] = _fault(found, settings, params.get(found.name, {}), passed, runner)
    if passed != before:
        with suppress(OSError):
            replace_text(path, json.dumps(passed) + "\n")
    return faults


def _fault(
    found: FoundStrategy,
    settings: Settings,
    params: Mapping[str, ParamValue],
    passed: dict[str, str],
    runner: StrategyRunner,
) -> str:
    """The first promise that a strategy breaks, "" for none; then its fingerprint goes into ``passed``.

    A strategy that cannot be loaded or gives no signals has none: the check that reads the signals reports it.
    """
    from tradebot.plugins.check import check_strategy
    from tradebot.plugins.load import read_plugin

    symbols = settings.symbols or ()
    try:
        fingerprint = f"{read_plugin(found, symbols, params).info.fingerprint} {','.join(symbols)}".strip()
    except ConfigError:
        return ""
    if passed.get(found.name) == fingerprint:
        return ""
    report = check_strategy(found, whole_history(settings), runner, symbols, params)
    failed = [check for check in report.checks if check.result is CheckResult.FAIL]
    if not failed:
        passed[found.name] = fingerprint
        return ""
    return "" if failed[0].name in ("manifest", "answer") else f"{failed[0].name}: {failed[0].figure}"


def _fingerprints(path: Path) -> dict[str, str]:
    try:
        stored = json.loads(read_text(path))
        return {str(name): str(fingerprint) for name, fingerprint in stored.items()}
    except (OSError, ValueError, AttributeError):
        return {}

"""Alerts that could not be stored in the ledger: an append-only file of the home, until a job moves them to the ledger.

Each alert is a JSON line; a further line marks it as delivered. An incomplete line is logged and ignored. Alerts that
cannot be written are held in memory: this process delivers them, or they are lost, except from the log.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

from tradebot.core.results.alerts import Alert
from tradebot.home import append_log
from tradebot.home.atomic_files import make_folder
from tradebot.home.regular_files import check_regular

_LOG = logging.getLogger(__name__)

#: Seconds to wait for another process that holds the file.
_LOCK_TIMEOUT = 1.0
_numbers = count(1)


@dataclass(frozen=True, slots=True)
class SpooledAlert:
    """An alert outside the ledger."""

    name: str  # unique in the spool
    account_key: str  # "" if the account was not known
    alert: Alert
    wall: datetime  # when it was raised, the machine's time, aware UTC
    is_delivered: bool = False


class Spool:
    """The spool of a home. Other processes may use it at the same time."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._unwritten: list[SpooledAlert] = []

    def add(self, account_key: str, alert: Alert, wall: datetime) -> None:
        """Add an alert that was raised at ``wall`` (the machine's time, aware UTC). Never raises OSError."""
        name = f"{wall.astimezone(UTC):%Y%m%dT%H%M%S.%f}-{os.getpid()}-{next(_numbers)}"
        spooled = SpooledAlert(name, account_key, alert, wall)
        try:
            self._append(_line(spooled))
        except OSError as error:
            _LOG.error("the alert could not be kept in %s: %s", self._path, error)
            self._unwritten.append(spooled)

    def waiting(self) -> tuple[SpooledAlert, ...]:
        """The alerts that are not delivered yet, oldest first."""
        return tuple(spooled for spooled in self._all() if not spooled.is_delivered)

    def newest(self, key: str) -> Alert | None:
        """The newest alert of a key, delivered or not; None if there is none."""
        return next((spooled.alert for spooled in reversed(self._all()) if spooled.alert.key == key), None)

    def mark_delivered(self, spooled: SpooledAlert) -> None:
        """Record that an alert was delivered. Never raises OSError."""
        if spooled in self._unwritten:
            self._unwritten.remove(spooled)
            return
        try:
            self._append(json.dumps({"told": spooled.name}))
        except OSError as error:
            _LOG.error("that an alert was delivered could not be kept in %s: %s", self._path, error)

    @contextmanager
    def drain(self) -> Iterator[tuple[SpooledAlert, ...]]:
        """All alerts, oldest first; they are deleted if the block, which stores them, ends well. Raises OSError."""
        if not self._path.exists() and not self._unwritten:
            yield ()
            return
        with self._locked():
            yield self._all()
            self._path.unlink(missing_ok=True)
        self._unwritten.clear()

    def _all(self) -> tuple[SpooledAlert, ...]:
        return (*_read(self._path), *self._unwritten)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Hold the lock of the file. Raises OSError if another process does not release it in time."""
        from filelock import FileLock, Timeout  # slow to import; an emergency stop imports it last

        make_folder(self._path.parent)
        try:
            check_regular(Path(f"{self._path}.lock"))
            with FileLock(f"{self._path}.lock", timeout=_LOCK_TIMEOUT):
                yield
        except Timeout as error:
            raise OSError(f"another process holds {self._path}.lock") from error

    def _append(self, line: str) -> None:
        with self._locked():
            append_log.append(self._path, line, shared=True, permissions=0o600)


def _read(path: Path) -> tuple[SpooledAlert, ...]:
    try:
        lines = append_log.read_lines(path)
    except OSError as error:
        _LOG.error("the alerts kept in %s cannot be read: %s", path, error)
        return ()
    alerts: dict[str, SpooledAlert] = {}
    for line in lines:
        try:
            fields = json.loads(line)
            if "told" in fields and fields["told"] in alerts:
                alerts[fields["told"]] = replace(alerts[fields["told"]], is_delivered=True)
            elif "name" in fields:
                alerts[fields["name"]] = _spooled(fields)
        except (ValueError, KeyError, TypeError):
            _LOG.warning("a line of %s cannot be understood and is left out", path)
    return tuple(alerts.values())


def _line(spooled: SpooledAlert) -> str:
    alert = spooled.alert
    return json.dumps(
        {
            "name": spooled.name,
            "account_key": spooled.account_key,
            "wall": spooled.wall.isoformat(),
            "level": alert.level,
            "title": alert.title,
            "message": alert.message,
            "raised_at": alert.raised_at.isoformat(),
            "key": alert.key,
            "attachment": alert.attachment,
        }
    )


def _spooled(fields: dict[str, Any]) -> SpooledAlert:
    alert = Alert(
        level=fields["level"],
        title=fields["title"],
        message=fields["message"],
        raised_at=datetime.fromisoformat(fields["raised_at"]),
        key=fields["key"],
        attachment=fields.get("attachment", ""),
    )
    return SpooledAlert(fields["name"], fields["account_key"], alert, datetime.fromisoformat(fields["wall"]))

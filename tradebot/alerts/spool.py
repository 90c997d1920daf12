"""Alerts that could not go into the ledger: kept in a file of the home until a ledger takes them in.

A line an alert, and a further line says of an alert that the operator was told. What cannot even be written there is
held in memory, and told by this process or lost with it: the log has it too.
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

_LOG = logging.getLogger(__name__)

#: Seconds to wait for another process that writes to the file.
_PATIENCE = 1.0
_numbers = count(1)


@dataclass(frozen=True, slots=True)
class Spooled:
    """An alert outside the ledger. ``name`` tells it from others, ``account_key`` is "" when nobody knew whose."""

    name: str
    account_key: str
    alert: Alert
    wall: datetime
    told: bool = False


class Spool:
    """The alerts of a home that wait for its ledger."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._unwritten: list[Spooled] = []

    def add(self, account_key: str, alert: Alert, wall: datetime) -> None:
        """Keep an alert. Never raises OSError."""
        name = f"{wall.astimezone(UTC):%Y%m%dT%H%M%S.%f}-{os.getpid()}-{next(_numbers)}"
        spooled = Spooled(name, account_key, alert, wall)
        try:
            self._append(_line(spooled))
        except OSError as error:
            _LOG.error("the alert could not be kept in %s: %s", self._path, error)
            self._unwritten.append(spooled)

    def waiting(self) -> tuple[Spooled, ...]:
        """The alerts that nobody was told of yet, oldest first."""
        return tuple(spooled for spooled in self._everything() if not spooled.told)

    def newest(self, key: str) -> Alert | None:
        """The newest alert of a key that is kept here, told or not."""
        return next((one.alert for one in reversed(self._everything()) if one.alert.key == key), None)

    def told(self, spooled: Spooled) -> None:
        """Remember that the operator was told."""
        if spooled in self._unwritten:
            self._unwritten.remove(spooled)
            return
        try:
            self._append(json.dumps({"told": spooled.name}))
        except OSError as error:
            _LOG.error("that an alert was delivered could not be kept in %s: %s", self._path, error)

    @contextmanager
    def taken_over(self) -> Iterator[tuple[Spooled, ...]]:
        """Everything that is kept, to be stored elsewhere; it is forgotten when that went well. Raises OSError."""
        if not self._path.exists() and not self._unwritten:
            yield ()
            return
        with self._alone():
            yield self._everything()
            self._path.unlink(missing_ok=True)
        self._unwritten.clear()

    def _everything(self) -> tuple[Spooled, ...]:
        return (*_read(self._path), *self._unwritten)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Keep other processes off the file. Raises OSError."""
        from filelock import FileLock, Timeout  # slow to import, and an emergency stop does it when all is done

        make_folder(self._path.parent)
        try:
            with FileLock(f"{self._path}.lock", timeout=_PATIENCE):
                yield
        except Timeout as error:
            raise OSError(f"another process holds {self._path}.lock") from error

    def _append(self, line: str) -> None:
        """A line of its own, whatever the last writer left behind, on disk when this returns."""
        with self._alone():
            append_log.append(self._path, line, shared=True, permissions=0o600)


def _read(path: Path) -> tuple[Spooled, ...]:
    """What a file keeps; a line torn by a crash is left out."""
    try:
        lines = append_log.read_lines(path)
    except OSError as error:
        _LOG.error("the alerts kept in %s cannot be read: %s", path, error)
        return ()
    found: dict[str, Spooled] = {}
    for line in lines:
        try:
            content = json.loads(line)
            if "told" in content and content["told"] in found:
                found[content["told"]] = replace(found[content["told"]], told=True)
            elif "name" in content:
                found[content["name"]] = _spooled(content)
        except (ValueError, KeyError, TypeError):
            _LOG.warning("a line of %s cannot be understood and is left out", path)
    return tuple(found.values())


def _line(spooled: Spooled) -> str:
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
        }
    )


def _spooled(content: dict[str, Any]) -> Spooled:
    alert = Alert(
        level=content["level"],
        title=content["title"],
        message=content["message"],
        raised_at=datetime.fromisoformat(content["raised_at"]),
        key=content["key"],
    )
    return Spooled(content["name"], content["account_key"], alert, datetime.fromisoformat(content["wall"]))

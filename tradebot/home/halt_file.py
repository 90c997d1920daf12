"""The halt latch: a file that stops the next run even when database, configuration and strategies are broken.

A line a halt. Setting one appends its line, so that of two processes that halt at once neither undoes the other, and
needs no reading. Whatever cannot be understood counts as a halt: an empty file made by hand, a line cut off by a power
failure or a full disk, a line of a newer version.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Collection
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

from tradebot.core.model.halts import Halt, HaltLevel, HaltRule, HaltScope, HaltSource, is_covered
from tradebot.home.append_log import LineWriter
from tradebot.home.atomic_files import make_folder, replace_text, sync_folder, write_error_text

FORMAT = 1

#: What to do when the file cannot be written. Another home is no help: jobs look into their own.
_TO_HALT = "EMERGENCY_STOP_ENABLED=true in .env, or in the environment of the jobs, halts them as well."
_TO_CLEAR = "It still halts. Give yourself the right to write here, then run it again."
#: What reading a line raises that is no halt of this format.
_NO_HALT = (ValueError, KeyError, TypeError, ArithmeticError)

_LOG = logging.getLogger(__name__)


class LatchFile:
    """The latch file of a home."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> tuple[Halt, ...]:
        """The halts that hold, oldest first. A file that is not there holds none; what cannot be read or understood
        is one halt of rule UNREADABLE.
        """
        try:
            return self._understood(self._path.read_bytes())
        except FileNotFoundError:
            return ()
        except OSError as error:
            return (self._unreadable(str(error)),)

    def _understood(self, content: bytes) -> tuple[Halt, ...]:
        try:
            text = content.decode("utf-8")
        except UnicodeDecodeError as error:
            return (self._unreadable(str(error)),)
        halts: list[Halt] = []
        damage = "" if text.strip() else "it is empty"
        for number, line in enumerate(text.splitlines(), start=1):
            try:
                halts += [_halt(line)] if line.strip() else []
            except _NO_HALT:
                damage = f"line {number} makes no sense"
        return (*halts, self._unreadable(damage)) if damage else tuple(halts)

    def set(self, halt: Halt) -> None:
        """Add a halt, on disk when this returns. Raises ConfigError when the file does not end up holding it."""
        try:
            make_folder(self._path.parent)
            while not self._append(_line(halt)):
                _LOG.info("the latch was cleared while a halt was being written; writing it again")
        except OSError as error:
            held = self.read()
            if not is_covered(halt, held):
                raise write_error_text(self._path, error, instead=_TO_HALT) from error
            _LOG.error("the halt is latched, but its reason could not be written: %s", error)

    def clear(self, halts: Collection[Halt]) -> None:
        """Remove these halts, from disk when this returns; every other one stays, one that is set meanwhile too.

        Raises ConfigError when that fails.
        """
        try:
            with self._path.open("rb", buffering=0) as file:
                content = file.read()
                if not any(halt in halts for halt in self._understood(content)):
                    return
                if left := self._without(content, halts):
                    replace_text(self._path, left)
                else:
                    self._path.unlink()
                    sync_folder(self._path.parent)
                # who wrote before this file was gone is in it now; who writes after finds it gone, and writes again
                late = file.read().decode("utf-8", errors="replace")
            for line in filter(None, late.splitlines()):
                while not self._append(line):
                    pass
        except FileNotFoundError:
            return
        except OSError as error:
            raise write_error_text(self._path, error, instead=_TO_CLEAR) from error

    def _without(self, content: bytes, halts: Collection[Halt]) -> str:
        """The lines that stay. Those that cannot be understood go when the halt that stands for them does."""
        keeps_damage = not any(halt.rule is HaltRule.UNREADABLE and halt in halts for halt in self._understood(content))

        def stays(line: str) -> bool:
            try:
                return _halt(line) not in halts
            except _NO_HALT:
                return keeps_damage

        lines = content.decode("utf-8", errors="replace").splitlines()
        return "".join(f"{line}\n" for line in lines if line.strip() and stays(line))

    def _append(self, line: str) -> bool:
        """Whether the line is now in the file of this name, and not in one that was removed meanwhile."""
        with LineWriter.appending(self._path, shared=True) as writer:
            writer.write(line)
            writer.sync()
            return os.fstat(writer.fileno()).st_nlink > 0

    def _unreadable(self, why: str) -> Halt:
        return Halt(
            source=HaltSource.LATCH_FILE,
            rule=HaltRule.UNREADABLE,
            level=HaltLevel.HALTED,
            reason=f"the halt file {self._path} cannot be understood ({why}), which counts as a halt",
        )


def _line(halt: Halt) -> str:
    return json.dumps(
        {
            "format": FORMAT,
            "rule": halt.rule,
            "level": halt.level,
            "reason": halt.reason,
            "since": halt.since and halt.since.isoformat(),
            "session": halt.session and halt.session.isoformat(),
            "until": halt.until and halt.until.isoformat(),
            "value": None if halt.value is None else str(halt.value),
            "limit": None if halt.limit is None else str(halt.limit),
            "scope": halt.scope,
            "scope_name": halt.scope_name,
        }
    )


def _halt(line: str) -> Halt:
    """Raises ValueError, KeyError, TypeError or ArithmeticError for anything but a line of this format."""
    found = json.loads(line)
    if found["format"] != FORMAT:
        raise ValueError(f"format {found['format']} is not known")
    since = None if found["since"] is None else datetime.fromisoformat(found["since"])
    if since is not None and since.tzinfo is None:
        raise ValueError("a time without a zone")
    return Halt(
        source=HaltSource.LATCH_FILE,
        rule=HaltRule(found["rule"]),
        level=HaltLevel(found["level"]),
        reason=str(found["reason"]),
        since=since,
        session=_day(found["session"]),
        until=_day(found["until"]),
        value=_number(found["value"]),
        limit=_number(found["limit"]),
        scope=HaltScope(found["scope"]),
        scope_name=str(found["scope_name"]),
    )


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)


def _number(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)

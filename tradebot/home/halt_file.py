"""The halt latch: a file that halts every job even if database, configuration and strategies are broken.

An append-only file, one halt a line. Setting a halt appends a line without reading the file, so that two processes that
halt at the same time do not undo each other. Anything that cannot be read counts as a halt: an empty file made by hand,
an incomplete line after a power cut or on a full disk, a line of a newer version, and what is no file, as a folder, a
pipe, a device or a link that leads nowhere.
"""

from __future__ import annotations

import json
import logging
import os
import re
from collections.abc import Collection
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

from tradebot.core.model.halts import Halt, HaltLevel, HaltRule, HaltScope, HaltSource, is_covered
from tradebot.home.append_log import LineWriter
from tradebot.home.atomic_files import make_folder, replace_text, sync_folder, write_error_text
from tradebot.home.regular_files import NotRegularFile, open_to_read, read_bytes, remove_name

FORMAT = 1

#: Remedies if the file cannot be written. Another home does not help: jobs read the latch of their own home.
_TO_HALT = "EMERGENCY_STOP_ENABLED=true in .env, or in the environment of the jobs, halts them as well."
_TO_CLEAR = "It still halts. Give yourself the right to write here, then run it again."
#: The errors that parsing a line raises if it is not a halt of this format.
_PARSE_ERRORS = (ValueError, KeyError, TypeError, ArithmeticError)
#: Broker, mode and id; or the hash of a key that was lost with the ledger.
_ACCOUNT_KEY = re.compile(r"[^:\s]+:[^:\s]+:\S+|[0-9a-f]{8}")

_LOG = logging.getLogger(__name__)


class LatchFile:
    """The latch file of a home.

    Writers race with ``clear``, which replaces or removes the file. A writer that finds its file removed after its
    write appends the line again to the file that has the name now. ``clear`` keeps the old file open, and afterwards
    appends again the lines that others wrote to it before it was removed. Either may write a halt twice; none is lost.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> tuple[Halt, ...]:
        """The latched halts, oldest first; none if the file is missing.

        A file that cannot be read, or has lines that cannot, adds one halt of rule UNREADABLE.
        """
        try:
            return self._parsed(read_bytes(self._path))
        except FileNotFoundError:
            return ()
        except OSError as error:
            return (self._unreadable(str(error)),)

    def _parsed(self, content: bytes) -> tuple[Halt, ...]:
        try:
            text = content.decode("utf-8")
        except UnicodeDecodeError as error:
            return (self._unreadable(str(error)),)
        halts: list[Halt] = []
        damage = "" if text.strip() else "it is empty"
        for number, line in enumerate(text.splitlines(), start=1):
            try:
                halts += [_halt(line)] if line.strip() else []
            except _PARSE_ERRORS:
                damage = f"line {number} makes no sense"
        return (*halts, self._unreadable(damage)) if damage else tuple(halts)

    def set(self, halt: Halt) -> None:
        """Add a halt, which is on disk when this returns. Raises ConfigError if the file then does not halt as much."""
        try:
            make_folder(self._path.parent)
            while not self._append(_line(halt)):
                _LOG.info("the latch was cleared while a halt was being written; writing it again")
        except OSError as error:
            if not is_covered(halt, self.read()):
                raise write_error_text(self._path, error, instead=_TO_HALT) from error
            _LOG.error("the halt is latched, but its reason could not be written: %s", error)

    def clear(self, halts: Collection[Halt]) -> None:
        """Remove these halts, on disk when this returns. Other halts stay, also those that are set meanwhile.

        Raises ConfigError if the file cannot be written.
        """
        try:
            with open_to_read(self._path) as file:
                content = file.read()
                if not any(halt in halts for halt in self._parsed(content)):
                    return
                if remaining := self._without(content, halts):
                    replace_text(self._path, remaining)
                else:
                    self._path.unlink()
                    sync_folder(self._path.parent)
                # Lines written before the removal are in the open file; later writers see the removal and write again.
                late = file.read().decode("utf-8", errors="replace")
            for line in filter(None, late.splitlines()):
                while not self._append(line):
                    pass
        except FileNotFoundError:
            return
        except NotRegularFile as error:
            if self._unreadable(str(error)) in halts:
                self._remove_name()
        except OSError as error:
            raise write_error_text(self._path, error, instead=_TO_CLEAR) from error

    def _remove_name(self) -> None:
        """Remove the pipe, device, link or empty folder that has the file's name. Raises ConfigError."""
        try:
            remove_name(self._path)
            sync_folder(self._path.parent)
        except OSError as error:
            raise write_error_text(self._path, error, instead=_TO_CLEAR) from error

    def _without(self, content: bytes, halts: Collection[Halt]) -> str:
        """The lines that stay. Unreadable lines are removed together with the UNREADABLE halt that they caused."""
        keeps_unreadable = not any(halt.rule is HaltRule.UNREADABLE and halt in halts for halt in self._parsed(content))

        def is_kept(line: str) -> bool:
            try:
                return _halt(line) not in halts
            except _PARSE_ERRORS:
                return keeps_unreadable

        lines = content.decode("utf-8", errors="replace").splitlines()
        return "".join(f"{line}\n" for line in lines if line.strip() and is_kept(line))

    def _append(self, line: str) -> bool:
        """Append a line; False if the file was removed meanwhile, and the line with it."""
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
            "account": halt.account,
        }
    )


def _halt(line: str) -> Halt:
    """Parse a line. Raises one of ``_PARSE_ERRORS`` unless it has this format."""
    fields = json.loads(line)
    if fields["format"] != FORMAT:
        raise ValueError(f"format {fields['format']} is not known")
    since = None if fields["since"] is None else datetime.fromisoformat(fields["since"])
    if since is not None and since.tzinfo is None:
        raise ValueError("a time without a zone")
    account = fields.get("account") or ""  # earlier versions write none, and ignore it
    if account and not _ACCOUNT_KEY.fullmatch(account):
        raise ValueError("an account that is no key")  # the halt would hold for nobody
    return Halt(
        source=HaltSource.LATCH_FILE,
        rule=HaltRule(fields["rule"]),
        level=HaltLevel(fields["level"]),
        reason=str(fields["reason"]),
        since=since,
        session=_date_or_none(fields["session"]),
        until=_date_or_none(fields["until"]),
        value=_decimal_or_none(fields["value"]),
        limit=_decimal_or_none(fields["limit"]),
        scope=HaltScope(fields["scope"]),
        scope_name=str(fields["scope_name"]),
        account=account,
    )


def _date_or_none(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)


def _decimal_or_none(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)

"""The file that holds the tokens of one login, which all homes of the user share, and the lock of their renewal."""

from __future__ import annotations

import json
import logging
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import fields
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from tradebot.brokers.robinhood.auth.tokens import Renewal, Tokens
from tradebot.errors import AuthNeeded, Locked
from tradebot.home.atomic_files import make_folder, replacement, sync_folder, write_error_text
from tradebot.home.regular_files import check_regular, read_text
from tradebot.settings.redaction import learn_secrets

_LOG = logging.getLogger(__name__)
_FORMAT = 1
#: What a person does about a session that is missing or over.
LOG_IN = "Run `tradebot auth robinhood` in a terminal: until then nothing can be read, sent or cancelled there."


class TokenFile:
    """The tokens of one login: JSON, readable by its owner alone, replaced as a whole.

    folder: the user's state folder. username: the login at Robinhood, "" for the only one. base_url: the stand-in that
    the tokens are of, "" for Robinhood itself. Neither appears in the file's name.
    """

    def __init__(self, folder: Path, username: str = "", base_url: str = "") -> None:
        named = username.strip().casefold()
        login = sha256(f"{base_url} {named}".encode()).hexdigest()[:12] if base_url or named else "default"
        self.path = folder / "robinhood" / f"{login}.json"
        self._lock_path = self.path.with_suffix(".lock")

    def read(self) -> Tokens | None:
        """The tokens; None if there is no file. Raises AuthNeeded for one that cannot be read."""
        try:
            text = read_text(self.path)
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            raise AuthNeeded(f"the tokens in {self.path} cannot be read ({error}). {LOG_IN}") from error
        try:
            tokens = _from_json(json.loads(text))
        except (ValueError, KeyError, TypeError, OverflowError):
            raise AuthNeeded(f"{self.path} is damaged: it holds no tokens. {LOG_IN}") from None
        _learn(tokens)
        self._warn_if_exposed()
        return tokens

    def required(self) -> Tokens:
        """The tokens. Raises AuthNeeded if there are none."""
        tokens = self.read()
        if tokens is None:
            raise AuthNeeded(f"no session with Robinhood is stored for this login. {LOG_IN}")
        return tokens

    def write(self, tokens: Tokens) -> None:
        """Replace the tokens; they are on disk on return. Raises ConfigError."""
        _learn(tokens)
        try:
            self._make_folder()
            check_regular(self.path)
            with replacement(self.path) as temporary:
                descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
                with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                    json.dump(_as_json(tokens), file, indent=2)
                    file.write("\n")
        except OSError as error:
            raise write_error_text(self.path, error, "TRADEBOT_STATE_DIR") from error

    def remove(self) -> bool:
        """Remove the tokens; whether there were any. Raises ConfigError."""
        try:
            if not os.path.lexists(self.path):
                return False
            self.path.unlink()
            sync_folder(self.path.parent)
        except OSError as error:
            raise write_error_text(self.path, error, "TRADEBOT_STATE_DIR") from error
        return True

    @contextmanager
    def lock(self, wait_seconds: float) -> Iterator[None]:
        """Hold the right to renew the tokens. Raises Locked after ``wait_seconds``, and ConfigError."""
        from filelock import FileLock, Timeout  # slow to import, and most commands renew nothing

        held = FileLock(self._lock_path, thread_local=False)
        try:
            self._make_folder()
            check_regular(self._lock_path)
            held.acquire(timeout=wait_seconds, poll_interval=0.05)
        except Timeout:
            raise Locked(f"another command has been renewing the session for {wait_seconds:g} seconds") from None
        except (OSError, NotImplementedError) as error:  # the latter is filelock's for a drive without locks
            trouble = error if isinstance(error, OSError) else OSError(0, str(error))
            raise write_error_text(self._lock_path, trouble, "TRADEBOT_STATE_DIR") from error
        try:
            yield
        finally:
            held.release()

    def _make_folder(self) -> None:
        folder = self.path.parent
        make_folder(folder)
        if os.name != "nt" and stat.S_IMODE(folder.stat().st_mode) != 0o700:
            folder.chmod(0o700)

    def _warn_if_exposed(self) -> None:
        with suppress(OSError):  # another command may have removed it just now
            if os.name != "nt" and self.path.stat().st_mode & 0o077:
                _LOG.warning("other users of this machine may read %s: chmod 600 it", self.path)


def _learn(tokens: Tokens) -> None:
    learn_secrets(tokens.access, tokens.refresh, tokens.device, tokens.account_number)


def _as_json(tokens: Tokens) -> dict[str, Any]:
    values = {item.name: getattr(tokens, item.name) for item in fields(tokens)}
    times = {name: value.isoformat() for name, value in values.items() if isinstance(value, datetime)}
    return {"format": _FORMAT, **values, **times}


def _from_json(content: Any) -> Tokens:
    if content["format"] != _FORMAT:
        raise ValueError(content["format"])
    texts = {name: content[name] for name in ("access", "refresh", "device", "account_number")}
    if not all(isinstance(text, str) for text in texts.values()) or not texts["access"]:
        raise ValueError("a token is missing")
    return Tokens(
        **texts,
        obtained_at=_instant(content["obtained_at"]),
        expires_at=_instant(content["expires_at"]),
        pasted=content["pasted"] is True,
        renewal=Renewal(content["renewal"]),
    )


def _instant(text: str) -> datetime:
    instant = datetime.fromisoformat(text)
    if instant.tzinfo is None:
        raise ValueError(text)
    return instant

"""Paths of the state files of a home, and whether a folder is a home."""

from __future__ import annotations

import json
import os
from pathlib import Path
from secrets import token_hex

from tradebot.errors import ConfigError, Problem
from tradebot.home.atomic_files import replace_text, write_error_text
from tradebot.home.regular_files import read_text
from tradebot.settings.home_files import SECOND_LATCH, STATE

FORMAT = 1


def state_folder(home: Path) -> Path:
    """The folder of all files that are not configuration, ledger or logs."""
    return home / STATE


def marker_file(home: Path) -> Path:
    """The file that makes a folder a home; it contains its format number and its id, which the ledger holds too."""
    return state_folder(home) / "home.json"


def latch_file(home: Path) -> Path:
    """The halt latch; the home is halted while it exists. See ``tradebot.home.halt_file``."""
    return state_folder(home) / "HALT"


def second_latch_file(home: Path) -> Path:
    """The copy of the halt latch outside the state folder, which may be lost. See ``tradebot.home.latch``."""
    return home / SECOND_LATCH


def lock_file(home: Path) -> Path:
    """The lock file of the home. See ``tradebot.home.locks``."""
    return state_folder(home) / "lock"


def chain_heads_file(home: Path) -> Path:
    """The chain heads of the ledger. See ``tradebot.home.chain_heads``."""
    return state_folder(home) / "ledger_heads"


def fresh_ledger_file(home: Path) -> Path:
    """Where `rebuild` and `restore` make a ledger whose rows are then taken to a server."""
    return state_folder(home) / "ledger.db"


def spool_file(home: Path) -> Path:
    """Alerts that were raised without a ledger. See ``tradebot.alerts.spool``."""
    return state_folder(home) / "alerts_spool"


def attachments_folder(home: Path) -> Path:
    """Pages that mail carries along. See ``tradebot.home.attachments``."""
    return state_folder(home) / "attachments"


def last_backup_file(home: Path) -> Path:
    """Time and path of the last backup. See ``tradebot.home.backups``."""
    return state_folder(home) / "last_backup"


def backup_id_file(home: Path) -> Path:
    """The id in the names of the home's backups. See ``tradebot.home.backups``."""
    return state_folder(home) / "backup_id"


def channels_tried_file(home: Path) -> Path:
    """The date on which every alert channel last accepted a test message."""
    return state_folder(home) / "channels_tried"


def strategies_checked_file(home: Path) -> Path:
    """The fingerprints of the strategies that passed `strategies check`."""
    return state_folder(home) / "strategies_checked.json"


def stops_folder(home: Path) -> Path:
    """The folder of the emergency stop journals. See ``tradebot.home.stop_journal``."""
    return state_folder(home) / "stops"


def commands_folder(home: Path) -> Path:
    """The folder of the commands that another process started. See ``tradebot.home.command_runs``."""
    return state_folder(home) / "commands"


def sent_orders_file(home: Path) -> Path:
    """The orders that left under an id of their own making. See ``tradebot.home.sent_orders``."""
    return state_folder(home) / "sent_orders"


def drills_file(home: Path) -> Path:
    """The results of emergency stop drills. See ``tradebot.home.drills``."""
    return state_folder(home) / "drills"


def web_access_file(home: Path) -> Path:
    """Tokens and sessions of the web server. See ``tradebot.web.access.access_file``."""
    return state_folder(home) / "web_access.json"


def replay_file(home: Path) -> Path:
    """The last replay. See ``tradebot.home.replay_record``."""
    return state_folder(home) / "replay.json"


def exchange_file(home: Path) -> Path:
    """The database of the embedded exchange."""
    return state_folder(home) / "paper_exchange.db"


def live_exchange_file(home: Path, broker: str) -> Path:
    """The file of the embedded exchange that stands in for a broker without a paper account."""
    return state_folder(home) / f"{broker}_paper_exchange.db"


def is_initialised(home: Path) -> bool:
    """Whether the folder is a home. Raises ConfigError if it cannot be read."""
    try:
        marker_file(home).stat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError as error:
        raise ConfigError(
            [
                Problem(
                    where=str(home),
                    what=f"the folder cannot be read: {error.strerror or error}",
                    fix="Choose another with --home, or give yourself the right to read it.",
                )
            ]
        ) from error
    return True


def host_name() -> str:
    """The name of this machine."""
    import socket

    return socket.gethostname()


def holds_home(path: str, wanted: str) -> bool:
    """Whether the home with the id ``wanted`` lies at ``path``, a text of ``resolved_text``."""
    try:
        return bool(wanted) and home_id(Path(path)) == wanted
    except ConfigError:
        return False


def initialise(home: Path) -> None:
    """Make the folder a home, unless it is one.

    Raises ConfigError if the folder cannot be written, or if a newer version made the home.
    """
    if is_initialised(home):
        refuse_newer(home)
        return
    write_marker(home, new_id())


def resolved_text(home: Path) -> str:
    """The path of the home without links, as text that is the same in every locale.

    A byte that is no UTF-8 becomes an escape, which the ledger can hold.
    """
    return os.fsencode(home.resolve()).decode(errors="backslashreplace")


def to_text(path: Path) -> str:
    """A path as text that is the same in every locale. A byte that is no UTF-8 is a surrogate (PEP 383)."""
    return os.fsencode(path).decode(errors="surrogateescape")


def from_text(text: str) -> Path:
    """The path that ``to_text`` turned into ``text``. Raises TypeError for what is no text, and ValueError."""
    return Path(os.fsdecode(str.encode(text, errors="surrogateescape")))


def new_id() -> str:
    """An id that no other home has."""
    return token_hex(16)


def write_marker(home: Path, home_id: str) -> None:
    """Write the marker, which makes the folder a home. Raises ConfigError if it cannot be written."""
    try:
        replace_text(marker_file(home), json.dumps({"format": FORMAT, "id": home_id}) + "\n")
    except OSError as error:
        raise write_error_text(home, error) from error


def home_id(home: Path) -> str | None:
    """The id in the marker; "" in that of an earlier version and in one that cannot be understood; None without one.

    Raises ConfigError if the folder cannot be read.
    """
    if not is_initialised(home):
        return None
    try:
        return str(json.loads(read_text(marker_file(home)))["id"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""


def refuse_newer(home: Path) -> None:
    """Raise ConfigError for a home that a newer version made."""
    try:
        version = json.loads(read_text(marker_file(home)))["format"]
    except (OSError, ValueError, KeyError, TypeError):
        return  # an unreadable marker still marks a home
    if isinstance(version, int) and version > FORMAT:
        raise ConfigError(
            [
                Problem(
                    where=str(marker_file(home)),
                    what=f"this home has format {version}, and this version of tradebot knows formats up to {FORMAT}",
                    fix="Use the newer tradebot that made it, or another home.",
                )
            ]
        )

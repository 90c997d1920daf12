"""The version of SQLite that the database files of a home need."""

from __future__ import annotations

from tradebot.errors import LedgerError

#: The first version with STRICT tables (https://www.sqlite.org/stricttables.html).
NEEDED = (3, 37, 0)
REMEDY = (
    "Use a Python that brings a newer SQLite, such as the ones of python.org, uv and conda, or a newer release of the "
    "system."
)


def trouble(found: tuple[int, ...]) -> str:
    """Why the version ``found`` does not do; "" if it does."""
    if found >= NEEDED:
        return ""
    return f"this Python has SQLite {_text(found)}, and {_text(NEEDED)} or newer is needed"


def refuse_old(found: tuple[int, ...]) -> None:
    """Raise LedgerError if the version ``found`` does not do."""
    if why := trouble(found):
        raise LedgerError(f"The ledger cannot be opened: {why}. {REMEDY}")


def _text(version: tuple[int, ...]) -> str:
    return ".".join(map(str, version))

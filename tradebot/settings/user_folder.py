"""The user's own folder for state, which all of the user's homes share, and a user who has none."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from tradebot.errors import Problem


def user_state_folder() -> Path | None:
    """The system's place for a user's state; None for a user without HOME and without an entry in the system's list."""
    from platformdirs import user_state_path

    try:
        folder = user_state_path("tradebot")
    except RuntimeError:
        return None
    return folder if folder.is_absolute() else None


def missing_user_folder(environ: Mapping[str, str]) -> Problem | None:
    """The problem that nothing says where the user's state lives; None if something does.

    Two homes could then trade one account at the same time: the lock of an account lies there.
    """
    named = environ.get("TRADEBOT_STATE_DIR", "").strip() or Path(environ.get("HOME", "")).is_absolute()
    if named or os.name == "nt" or user_state_folder() is not None:
        return None
    what = "this user has no folder of its own: HOME is not set, and the system knows no user of this number"
    return Problem("TRADEBOT_STATE_DIR", what, "Set HOME, or TRADEBOT_STATE_DIR to a folder that all homes share.")

"""Files that a command is about to make in a home, and their removal if it does not come to its end."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path


class FreshFiles:
    """The places among ``paths`` that are free now, in a ``home`` that may not exist either."""

    def __init__(self, home: Path, paths: Iterable[Path]) -> None:
        self._paths = tuple(path for path in paths if not os.path.lexists(path))
        self._folders = tuple(folder for folder in (home, *home.parents) if not os.path.lexists(folder))

    def remove(self) -> None:
        """Remove what stands there by now, and the folders that were made for it. What else is in them stays."""
        for path in self._paths:
            with suppress(OSError):
                if path.is_dir() and not path.is_symlink():
                    shutil.rmtree(path, ignore_errors=True)
                else:
                    path.unlink(missing_ok=True)
        for folder in self._folders:
            with suppress(OSError):  # not empty, or never made
                folder.rmdir()

"""The remedy for an import of a file beside ``strategy.py`` as if it were installed.

A strategy is imported into a private package, so that two strategies may both have a ``helpers.py``. Its own files are
therefore imported relatively.
"""

from __future__ import annotations

import linecache
import re
import traceback
from pathlib import Path

_FROM = re.compile(r"\s*from\s+([\w.]+)\s+import\s+(.+)")
_IMPORT = re.compile(r"\s*import\s+([\w.]+)(.*)")


def import_hint(error: BaseException, folder: Path) -> str:
    """File, line and the import to write there; "" if the error is not about a file of the strategy in ``folder``."""
    if not isinstance(error, ImportError) or not error.name:
        return ""
    top = error.name.partition(".")[0]
    beside = folder / top
    if not (beside.with_name(f"{top}.py").is_file() or beside.is_dir()):
        return ""
    own = [frame for frame in traceback.extract_tb(error.__traceback__) if Path(frame.filename).is_relative_to(folder)]
    if not own:
        return ""
    file, line = Path(own[-1].filename), own[-1].lineno or 0
    depth = len(file.relative_to(folder).parts)
    written = linecache.getline(str(file), line).partition("#")[0].partition(";")[0].rstrip()
    return f"{file} line {line}: {top} lies beside strategy.py; write `{_relative(written, top, '.' * depth)}`"


def _relative(written: str, top: str, dots: str) -> str:
    """The statement ``written`` as a relative import of ``top``; a pattern of one where it is too unusual."""
    if (found := _FROM.fullmatch(written)) and found[1].partition(".")[0] == top:
        return f"from {dots}{found[1]} import {found[2].rstrip(' (')}".rstrip()
    if (found := _IMPORT.fullmatch(written)) and "," not in found[2]:
        package, _, name = found[1].rpartition(".")
        if found[1].partition(".")[0] == top:
            return f"from {dots}{package} import {name}{found[2].rstrip()}"
    return f"from {dots} import {top}"

"""Writing when nobody reads."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest


def test_a_closed_standard_output_is_nobodys_error(tmp_path: Path) -> None:
    if os.name == "nt":
        pytest.skip("a shell's way of closing a file")
    program = "from tradebot.reports.streams import emit; emit('x'); print('still here', file=__import__('sys').stderr)"
    command = f'{sys.executable} -c "{program}" >&-'
    finished = subprocess.run(["sh", "-c", command], capture_output=True, text=True)
    assert (finished.returncode, finished.stderr) == (0, "still here\n")

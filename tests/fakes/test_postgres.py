"""The server of the tests ends with the process that started it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.fakes.cli import ROOT

#: Starts what stands for a server, forks a child that outlives it, and waits to be killed.
_STARTS = """
import os, sys, time
from pathlib import Path
from tests.fakes.postgres import ended_with_this_process

folder = Path(sys.argv[1])
with ended_with_this_process(folder / "data", ["touch", str(folder / "stopped")]):
    if os.fork():
        print("started", flush=True)
    time.sleep(60)
"""


@pytest.mark.skipif(os.name != "posix", reason="a process is killed by SIGKILL")
def test_a_server_whose_process_is_killed_is_stopped_and_its_files_are_removed(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    with subprocess.Popen(
        [sys.executable, "-c", _STARTS, str(tmp_path)], cwd=ROOT, stdout=subprocess.PIPE, process_group=0
    ) as process:
        assert process.stdout is not None and process.stdout.readline() == b"started\n"
        process.kill()
        deadline = time.monotonic() + 20
        while (tmp_path / "data").exists() and time.monotonic() < deadline:
            time.sleep(0.02)
        found = (tmp_path / "stopped").exists(), (tmp_path / "data").exists()
        os.killpg(process.pid, signal.SIGKILL)  # the child
    assert found == (True, False)

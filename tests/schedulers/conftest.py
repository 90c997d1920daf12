"""A home to schedule, its host, and stand-ins for the tools of schedulers."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tradebot.schedulers import HostZone, Setup

FIRST = date(2026, 1, 1)
BERLIN = HostZone("Europe/Berlin", ZoneInfo("Europe/Berlin"))
AWKWARD = "a home, 100% $mine"


@pytest.fixture
def setup(tmp_path: Path) -> Setup:
    """A program that is there, and a home whose name asks for every quoting that there is."""
    program = tmp_path / "bin" / "tradebot"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\nexit 0\n", encoding="utf-8")
    program.chmod(0o755)
    home = tmp_path / AWKWARD
    home.mkdir()
    return Setup((str(program),), home, {"TRADEBOT_STATE_DIR": str(tmp_path / "user state")})


MakeTool = Callable[[str, str], Path]


@pytest.fixture
def tool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MakeTool:
    """Puts a stand-in for a tool on PATH, written in Python; it gives the file to which its command lines are noted.

    In its code ``arguments`` are the words after its name, ``given`` its standard input, ``kept`` a folder of its own.
    """
    folder = tmp_path / "tools"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")

    def make(name: str, code: str) -> Path:
        kept = tmp_path / f"kept by {name}"
        kept.mkdir()
        calls = kept / "calls"
        script = folder / name
        script.write_text(
            f"#!{sys.executable}\n"
            "import sys\nfrom pathlib import Path\n"
            f"kept, arguments = Path({str(kept)!r}), sys.argv[1:]\n"
            f"Path({str(calls)!r}).open('a').write(' '.join(arguments) + chr(10))\n"
            "given = '' if sys.stdin is None or sys.stdin.isatty() else sys.stdin.read()\n" + code,
            encoding="utf-8",
        )
        script.chmod(0o755)
        return calls

    return make

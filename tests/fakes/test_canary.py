"""The search for secrets finds them: tests that leak are run as pytest runs all others, and each of them fails."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fakes.cli import ROOT

LEAKING = Path("tests") / "fakes" / "leaking.py"


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What pytest says of the tests that leak, in a folder that is not searched after this test."""
    elsewhere = tmp_path_factory.getbasetemp().parent / f"leaking-{os.getpid()}"
    command = [sys.executable, "-m", "pytest", str(LEAKING), "-rA", "--basetemp", str(elsewhere), "-n", "0"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    ended = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120)
    assert ended.returncode == 1, ended.stdout + ended.stderr
    return ended.stdout


def test_every_leak_fails_its_test(run: str) -> None:
    named = re.findall(r"def (test_into_\w+)", (ROOT / LEAKING).read_text(encoding="utf-8"))
    alone = [name for name in named if name != "test_into_a_folder_that_tests_share"]
    assert len(alone) == 8  # each way there is, so that none is renamed away
    for name in alone:
        assert re.search(rf"^(FAILED|ERROR) \S+::{name}\b", run, re.MULTILINE), f"{name} was not found out\n{run}"


def test_a_leak_into_what_tests_share_is_found_when_the_run_ends(run: str) -> None:
    assert re.search(r"a secret is in .*shared0/robot\.log", run)


def test_the_file_of_settings_may_hold_secrets(run: str) -> None:
    passed = "PASSED tests/fakes/leaking.py::test_nothing_but_into_the_file_that_holds_settings"
    assert passed in run

"""A plain installation in a bare environment: no package of the tests' extras, no time zones of the system, no HOME."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from contextlib import suppress
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.fakes.cli import ROOT

#: Makes a Python in which the modules of the other packages cannot be imported.
WITHOUT = """
import sys

class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {names!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

sys.meta_path.insert(0, Missing())
"""


def packages(extra: str) -> set[str]:
    """The names of all packages that an installation with this extra brings ("": a plain one)."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    waiting = [(line, "") for line in (*project["dependencies"], *project["optional-dependencies"].get(extra, ()))]
    seen: set[tuple[str, str]] = set()
    while waiting:
        line, within = waiting.pop()
        requirement = Requirement(line)
        if requirement.marker is not None and not requirement.marker.evaluate({"extra": within}):
            continue
        name = canonicalize_name(requirement.name)
        for wanted in {"", *requirement.extras} - {each for package, each in seen if package == name}:
            seen.add((name, wanted))
            with suppress(metadata.PackageNotFoundError):
                waiting += [(each, wanted) for each in metadata.requires(name) or ()]
    return {name for name, _ in seen}


@pytest.fixture
def bare(tmp_path: Path) -> dict[str, str]:
    """The whole environment of a process of a plain installation."""
    others = packages("dev") - packages("")
    assert {"pytest", "hypothesis", "pyarrow"} <= others
    modules = {
        module
        for module, owners in metadata.packages_distributions().items()
        if {canonicalize_name(owner) for owner in owners} <= others
    }
    (tmp_path / "sitecustomize.py").write_text(WITHOUT.format(names=modules), encoding="utf-8")
    return {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}",
        "PYTHONTZPATH": "",
        "TRADEBOT_STATE_DIR": str(tmp_path / "state"),
        **{name: os.environ[name] for name in ("SYSTEMROOT",) if name in os.environ},
    }


def test_a_day_is_traded_and_stopped(bare: dict[str, str], tmp_path: Path) -> None:
    for arguments in (
        ("run-daily",),
        ("report",),
        ("strategies", "check", "rsi2_mean_reversion"),
        ("schedule", "print"),
        ("emergency-stop", "--reason", "a test"),
    ):
        command = [sys.executable, "-m", "tradebot", *arguments, "--home", str(tmp_path / "home")]
        ended = subprocess.run(command, env=bare, cwd=tmp_path, capture_output=True, text=True)
        assert (ended.returncode, "Traceback" in ended.stderr) == (0, False), (arguments, ended.stdout, ended.stderr)

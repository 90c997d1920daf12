"""What `schedule install` writes, read back by parsers that believe what a file declares; and what it never names."""

from __future__ import annotations

import configparser
import plistlib
import shlex
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
import yaml
from cronsim import CronSim

from tests.stories.machine.conftest import Odd
from tests.stories.processes.conftest import Machine
from tradebot.core.model.schedule import SCHEDULED

TASK = "{http://schemas.microsoft.com/windows/2004/02/mit/task}"
AWKWARD = "café-ş & <co> 100%"


@pytest.fixture
def named(made: Machine) -> Machine:
    """A machine whose home has a name with letters beyond ASCII, and with signs that files of schedulers escape."""
    home = made.folder / AWKWARD
    made.home.rename(home)
    made.home = home
    return made


def files_of(machine: Machine, kind: str) -> list[Path]:
    """The files that are written for a scheduler, sorted by name; `schedule verify` finds them right."""
    folder = machine.folder / kind
    assert machine("schedule", "install", "--for", kind, "--dir", folder).code == 0
    assert machine("schedule", "verify", "--for", kind, "--dir", folder).code == 0
    return sorted(folder.iterdir())


def test_windows_gets_xml_in_the_encoding_that_it_declares(named: Machine) -> None:
    paths = files_of(named, "windows")
    assert len(paths) == len(SCHEDULED)
    for path in paths:
        content = path.read_bytes()
        assert content[:2] in (b"\xff\xfe", b"\xfe\xff")
        assert content.decode("utf-16").startswith('<?xml version="1.0" encoding="UTF-16"?>')
        root = ET.fromstring(content)  # believes declaration and byte order mark
        assert root.findtext(f".//{TASK}WorkingDirectory") == str(named.home)


def test_a_task_file_in_another_encoding_than_it_declares_is_told(named: Machine) -> None:
    path = files_of(named, "windows")[0]
    path.write_text(path.read_text(encoding="utf-16"), encoding="utf-8")
    ended = named("schedule", "verify", "--for", "windows", "--dir", path.parent)
    assert ended.code == 11
    assert "is not what `tradebot schedule install` would write now" in " ".join(ended.out.split())


def test_launchd_gets_property_lists_of_the_home(named: Machine) -> None:
    for path in files_of(named, "launchd"):
        agent = plistlib.loads(path.read_bytes())
        assert agent["WorkingDirectory"] == agent["EnvironmentVariables"]["TRADEBOT_HOME"] == str(named.home)


def test_systemd_gets_units_of_the_home(named: Machine) -> None:
    services = [path for path in files_of(named, "systemd") if path.suffix == ".service"]
    assert len(services) == len(SCHEDULED)
    for path in services:
        unit = configparser.RawConfigParser(strict=False)
        unit.read_string(path.read_bytes().decode("utf-8"))
        assert Path(shlex.split(unit["Service"]["ExecStart"])[0]).name in ("tradebot", Path(sys.executable).name)
        assert f'"TRADEBOT_HOME={named.home}"'.replace("%", "%%") in path.read_text(encoding="utf-8")


def test_cron_gets_lines_of_the_home(named: Machine) -> None:
    (path,) = files_of(named, "cron")
    lines = [line for line in path.read_bytes().decode("utf-8").splitlines() if not line.startswith("#")]
    assert len(lines) == len(SCHEDULED)
    for line in lines:
        next(CronSim(" ".join(line.split()[:5]), datetime(2026, 1, 1, tzinfo=UTC)))
        assert f"TRADEBOT_HOME={named.home}" in shlex.split(line.replace("\\%", "%"))


def test_kubernetes_gets_yaml_of_the_home(named: Machine) -> None:
    (path,) = files_of(named, "kubernetes")
    for one in yaml.safe_load_all(path.read_bytes()):
        (container,) = one["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"]
        assert container["volumeMounts"][0]["mountPath"] == str(named.home)


@pytest.mark.parametrize("scheduler", ["cron", "systemd", "launchd", "windows"])
def test_nothing_temporary_is_scheduled(scheduler: str, made: Machine) -> None:
    folder = made.folder / "entries"
    ended = made("schedule", "install", "--for", scheduler, "--dir", folder, TMPDIR=str(made.folder))
    assert ended.code == 3
    assert f"{made.home} lies in {made.folder}, whose files are temporary. Move it" in ended.err
    assert not folder.exists()
    shown = made("schedule", "print", "--for", scheduler, TMPDIR=str(made.folder))
    assert (shown.code, "whose files are temporary" in shown.err) == (0, True)


def test_a_program_in_a_cache_is_not_scheduled_and_told_by_verify(made: Machine, odd: Odd) -> None:
    """As `uvx tradebot` and `pipx run tradebot` start it: from an environment that the next clean-up removes."""
    venv = made.folder / ".cache" / "uv" / "archive-v0" / "x1"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", venv], check=True)
    before = odd(f"import sys\nsys.executable = {str(venv / 'bin' / 'python')!r}\n")
    ended = made("schedule", "install", "--for", "cron", "--dir", made.folder / "entries", **before)
    assert ended.code == 3
    assert f"it would start {venv / 'bin' / 'python'}, which lies in the cache" in ended.err
    assert "uv tool install" in ended.err
    told = made("schedule", "verify", "--for", "cron", "--dir", made.folder / "entries", **before)
    assert (told.code, "the cache" in told.out) == (11, True)

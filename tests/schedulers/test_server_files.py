"""The service of `tradebot serve`, read back by what keeps it up."""

from __future__ import annotations

import plistlib
import re
import shutil
import subprocess
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from tests.schedulers.test_windows import name_of
from tradebot.errors import ConfigError
from tradebot.schedulers import SchedulerKind, ServerSetup, Setup, server_files, write_files
from tradebot.schedulers.windows import read_command

ANALYZE = shutil.which("systemd-analyze")
#: Of 10, as `systemd-analyze security` counts it. Two thirds of it are for what a user's unit cannot give up.
MOST_EXPOSURE = 6.0


@pytest.fixture
def server(setup: Setup, tmp_path: Path) -> ServerSetup:
    return ServerSetup(setup, "127.0.0.1", 8000, (setup.home, tmp_path / "user state"))


def analyze(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    surroundings = {"HOME": str(folder), "PATH": "/usr/bin:/bin", "XDG_RUNTIME_DIR": str(folder)}
    return subprocess.run([str(ANALYZE), "--user", *arguments], capture_output=True, text=True, env=surroundings)


@pytest.mark.skipif(ANALYZE is None, reason="there is no systemd here")
def test_systemd_finds_nothing_wrong_with_the_service_and_little_that_it_may(
    server: ServerSetup, tmp_path: Path
) -> None:
    paths = write_files(server_files(SchedulerKind.SYSTEMD, server), tmp_path / "units")
    verified = analyze(tmp_path, "verify", *map(str, paths))
    ours = [line for line in verified.stderr.splitlines() if server.name in line]
    assert (verified.returncode, ours) == (0, [])
    judged = analyze(tmp_path, "security", "--offline=true", "--no-pager", str(paths[1]))
    told = re.search(r"exposure level for \S+: ([\d.]+)", judged.stdout)
    assert told is not None, judged.stdout + judged.stderr
    assert float(told[1]) <= MOST_EXPOSURE


def test_what_the_server_starts_is_not_ended_with_it(server: ServerSetup) -> None:
    _, service = server_files(SchedulerKind.SYSTEMD, server)
    assert re.findall("^KillMode=.*", service.text, re.MULTILINE) == ["KillMode=process"]
    assert "\nOOMPolicy=continue\n" in service.text
    (agent,) = server_files(SchedulerKind.LAUNCHD, server)
    assert plistlib.loads(agent.content)["AbandonProcessGroup"] is True


def test_a_unit_writes_to_the_folders_that_it_is_given_and_nowhere_else(server: ServerSetup) -> None:
    socket, service = server_files(SchedulerKind.SYSTEMD, server)
    lines = service.text.splitlines()
    assert "ProtectSystem=strict" in lines
    assert "NoNewPrivileges=yes" in lines
    written = [line.partition("=")[2].strip('"-').replace("%%", "%") for line in lines if line.startswith("ReadWrite")]
    assert written == [str(folder) for folder in server.writes]
    assert "ListenStream=127.0.0.1:8000" in socket.text.splitlines()


def test_an_address_with_colons_is_told_from_its_port(server: ServerSetup) -> None:
    socket, _ = server_files(SchedulerKind.SYSTEMD, ServerSetup(server.setup, "::1", 8443, ()))
    assert "ListenStream=[::1]:8443" in socket.text.splitlines()


def test_launchd_starts_it_at_login_and_after_a_failure(server: ServerSetup) -> None:
    (file,) = server_files(SchedulerKind.LAUNCHD, server)
    agent = plistlib.loads(file.content)
    assert f"{agent['Label']}.plist" == file.name
    assert agent["ProgramArguments"] == [*server.setup.program, "serve"]
    assert agent["EnvironmentVariables"]["TRADEBOT_HOME"] == str(server.setup.home)
    assert (agent["RunAtLoad"], agent["KeepAlive"], agent["ExitTimeOut"]) == (True, {"SuccessfulExit": False}, 300)


def test_windows_starts_it_every_five_minutes_unless_it_runs(server: ServerSetup) -> None:
    (file,) = server_files(SchedulerKind.WINDOWS, server)
    root = ET.fromstring(file.content)
    texts = {name_of(element): element.text for element in root.iter() if not len(element)}
    assert (texts["Interval"], texts["MultipleInstancesPolicy"], texts["ExecutionTimeLimit"]) == (
        "PT5M",
        "IgnoreNew",
        "PT0S",
    )
    assert read_command(file.content) == f"{server.setup.program[0]} serve --home {server.setup.home}"
    assert (
        read_command(file.content.replace("<Enabled>true".encode("utf-16-le"), "<Enabled>false".encode("utf-16-le")))
        == ""
    )


@pytest.mark.parametrize("kind", [SchedulerKind.CRON, SchedulerKind.KUBERNETES])
def test_what_keeps_nothing_up_is_refused(kind: SchedulerKind, server: ServerSetup) -> None:
    with pytest.raises(ConfigError, match="keeps no server up"):
        server_files(kind, server)

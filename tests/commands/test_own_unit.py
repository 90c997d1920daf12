"""A command that a service of systemd started gets a scope of its own. A `busctl` of the test plays systemd."""

from __future__ import annotations

from pathlib import Path

import pytest

from tradebot.runtime.own_unit import leave_unit

OF_THE_SYSTEM = "0::/system.slice/tradebot-serve.service\n"
OF_A_USER = "1:name=systemd:/user.slice/user-1000.slice/user@1000.service/app.slice/tradebot-serve.service\n0::/\n"
_BUSCTL = """#!/bin/sh
echo "$@" >> {asked}
test "$1" = "{willing}" && exit 0
echo "Access denied" >&2
exit 1
"""


@pytest.mark.parametrize(
    ("cgroup", "willing", "managers"),
    [
        (OF_A_USER, "--user", ["--user"]),
        (OF_THE_SYSTEM, "--system", ["--system"]),
        (OF_THE_SYSTEM, "--user", ["--system", "--user"]),
        (OF_THE_SYSTEM, "nobody", ["--system", "--user"]),
        ("0::/user.slice/user-1000.slice/session-3.scope\n", "--user", []),
        ("0::/\n", "--user", []),
        (None, "--user", []),
    ],
)
def test_a_process_of_a_service_asks_for_a_scope(
    cgroup: str | None, willing: str, managers: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = tmp_path / "asked"
    (tmp_path / "busctl").write_text(_BUSCTL.format(asked=asked, willing=willing))
    (tmp_path / "busctl").chmod(0o755)
    if cgroup is not None:
        (tmp_path / "cgroup").write_text(cgroup)
    monkeypatch.setenv("PATH", str(tmp_path))
    mover = leave_unit(4711, tmp_path / "cgroup")
    if mover is not None:
        mover.join()
    calls = asked.read_text().splitlines() if asked.exists() else []
    assert [call.split()[0] for call in calls] == managers
    assert all("StartTransientUnit ssa(sv)a(sa(sv)) tradebot-" in call for call in calls)
    assert all("fail 3 PIDs au 1 4711 Description s " in call and call.endswith(" 0") for call in calls)


def test_without_busctl_the_command_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "cgroup").write_text(OF_A_USER)
    monkeypatch.setenv("PATH", str(tmp_path))
    mover = leave_unit(4711, tmp_path / "cgroup")
    assert mover is not None
    mover.join()

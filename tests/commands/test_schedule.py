"""schedule print, install and verify, with stand-ins for the schedulers' own tools."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from freezegun import freeze_time

from tests.schedulers.conftest import MakeTool, tool
from tradebot.__main__ import main
from tradebot.core.model.schedule import SCHEDULED

__all__ = ["tool"]

CRONTAB = """
tab = kept / "crontab"
if arguments == ["-l"]:
    if not tab.exists():
        sys.exit("no crontab for you")
    print(tab.read_text(), end="")
elif arguments == ["-"]:
    tab.write_text(given)
else:
    sys.exit("unknown option")
"""
SYSTEMCTL = """
enabled = kept / "enabled"
names = enabled.read_text().split() if enabled.exists() else []
match arguments:
    case ["--user", "daemon-reload"]:
        pass
    case ["--user", "enable", "--now", *timers]:
        enabled.write_text(" ".join(timers))
    case ["--user", "disable", "--now", *timers]:
        enabled.write_text(" ".join(name for name in names if name not in timers))
    case ["--user", "is-enabled", timer]:
        print("enabled" if timer in names else "disabled")
    case ["--user", "is-active", unit]:
        print("active" if unit in names else "inactive")
"""
LAUNCHCTL = """
loaded = kept / "loaded"
match arguments:
    case ["bootout", service]:
        labels = loaded.read_text().split() if loaded.exists() else []
        label = service.split("/")[-1]
        if label not in labels:
            sys.exit("no such process")
        loaded.write_text("".join(each + chr(10) for each in labels if each != label))
    case ["bootstrap", _, path]:
        loaded.open("a").write(Path(path).stem + chr(10))
    case ["list"]:
        print("PID\\tStatus\\tLabel")
        for label in loaded.read_text().split() if loaded.exists() else ():
            print(f"-\\t0\\t{label}")
"""
SCHTASKS = """
match arguments:
    case ["/Create", "/TN", name, "/XML", path, "/F"]:
        (kept / name.replace(chr(92), "_")).write_bytes(Path(path).read_bytes())
    case ["/Query", "/TN", name, "/XML"]:
        task = kept / name.replace(chr(92), "_")
        if not task.exists():
            sys.exit("ERROR: The system cannot find the file specified.")
        print(task.read_text(encoding="utf-16"))
    case ["/Run" | "/End", "/TN", _]:
        pass
    case ["/Delete", "/TN", name, "/F"]:
        (kept / name.replace(chr(92), "_")).unlink()
"""
KUBECTL = """
import json, yaml
applied = kept / "applied"
match arguments:
    case ["apply", "-f", "-"]:
        applied.write_text(given)
    case ["delete", "cronjobs", "-l", label, "-o", "name"]:
        items = list(yaml.safe_load_all(applied.read_text())) if applied.exists() else []
        assert all(item["metadata"]["labels"]["app"] == label.removeprefix("app=") for item in items)
        print(*(f"cronjob.batch/{item['metadata']['name']}" for item in items), sep=chr(10))
        applied.unlink(missing_ok=True)
    case ["get", "cronjobs", "-l", _, "-o", "json"]:
        print(json.dumps({"items": list(yaml.safe_load_all(applied.read_text())) if applied.exists() else []}))
"""
TOOLS = {
    "cron": ("crontab", CRONTAB),
    "systemd": ("systemctl", SYSTEMCTL),
    "launchd": ("launchctl", LAUNCHCTL),
    "windows": ("schtasks", SCHTASKS),
    "kubernetes": ("kubectl", KUBECTL),
}

Said = Callable[..., tuple[int, dict[str, Any]]]


@pytest.fixture
def said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Said:
    """Runs `tradebot schedule` for a home, on a day of which everything is known, and gives its code and its JSON."""
    for name in ("HOME", "XDG_CONFIG_HOME"):
        monkeypatch.setenv(name, str(tmp_path / "user"))
    monkeypatch.setenv("TRADEBOT_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("TMPDIR", str(tmp_path / "temporary"))
    (tmp_path / "home").mkdir()

    def run(*arguments: str, zone: str = "Europe/Berlin") -> tuple[int, dict[str, Any]]:
        with freeze_time("2026-02-03 12:00:00"):
            of_host = () if arguments[0] == "remove" else ("--zone", zone)
            code = main(["schedule", *arguments, *of_host, "--home", str(tmp_path / "home"), "--json"])
        return code, json.loads(capsys.readouterr().out)

    return run


@pytest.mark.parametrize("scheduler", TOOLS)
def test_what_is_installed_is_what_should_be(scheduler: str, said: Said, tool: MakeTool) -> None:
    tool(*TOOLS[scheduler])
    code, before = said("verify", "--for", scheduler)
    assert code == 11
    assert len(before["differences"]) == len(SCHEDULED)
    assert said("install", "--for", scheduler, "--yes")[0] == 0
    assert said("verify", "--for", scheduler) == (0, {**before, "differences": [], "exit_code": 0, "exit_codes": []})


@pytest.mark.parametrize("scheduler", ["systemd", "launchd", "windows"])
def test_the_service_of_the_server_is_installed_compared_and_removed(
    scheduler: str, said: Said, tool: MakeTool, tmp_path: Path
) -> None:
    calls = tool(*TOOLS[scheduler])
    assert said("verify", "--serve", "--for", scheduler)[0] == 11
    assert said("install", "--serve", "--for", scheduler, "--yes")[0] == 0
    assert said("verify", "--serve", "--for", scheduler)[1]["differences"] == []
    (tmp_path / "home" / ".env").write_text("WEB_HOST=::1\nWEB_PORT=8443\n")
    code, answer = said("verify", "--serve", "--for", scheduler)
    assert code == (11 if scheduler == "systemd" else 0), answer  # the socket is that of the settings
    assert said("verify", "--for", scheduler)[0] == 11  # the jobs' entries are others
    assert said("remove", "--serve", "--for", scheduler, "--yes")[1]["removed"] == 1
    assert said("verify", "--serve", "--for", scheduler)[0] == 11
    assert said("remove", "--serve", "--for", scheduler, "--yes")[1]["removed"] == 0
    assert "serve" in calls.read_text()


def test_the_service_can_be_written_as_files_and_no_scheduler_of_jobs_keeps_it_up(said: Said, tmp_path: Path) -> None:
    folder = tmp_path / "files"
    assert said("install", "--serve", "--for", "systemd", "--dir", str(folder))[0] == 0
    assert sorted(path.suffix for path in folder.iterdir()) == [".service", ".socket"]
    assert said("verify", "--serve", "--for", "systemd", "--dir", str(folder))[0] == 0
    assert said("remove", "--serve", "--for", "systemd", "--dir", str(folder))[1]["removed"] == 2
    code, answer = said("print", "--serve", "--for", "cron")
    assert (code, "keeps no server up" in answer["error"]) == (3, True)
    (tmp_path / "home" / ".env").write_text("WEB_PORT=0\n")
    code, answer = said("print", "--serve", "--for", "systemd")
    assert (code, "another port at each start" in answer["error"]) == (3, True)


@pytest.mark.parametrize("scheduler", ["cron", "launchd", "windows"])
def test_a_host_that_moved_is_told_and_installing_again_mends_it(scheduler: str, said: Said, tool: MakeTool) -> None:
    tool(*TOOLS[scheduler])
    said("install", "--for", scheduler, "--yes")
    assert said("verify", "--for", scheduler, zone="Asia/Tokyo")[0] == 11
    assert said("install", "--for", scheduler, "--yes", zone="Asia/Tokyo")[0] == 0
    assert said("verify", "--for", scheduler, zone="Asia/Tokyo")[0] == 0


def test_the_lines_of_others_stay_in_the_crontab(said: Said, tool: MakeTool) -> None:
    tab = tool(*TOOLS["cron"]).with_name("crontab")
    tab.write_text("MAILTO=me\n5 4 * * * backup\n")
    said("install", "--for", "cron", "--yes")
    said("install", "--for", "cron", "--yes")
    lines = tab.read_text().splitlines()
    assert lines[:2] == ["MAILTO=me", "5 4 * * * backup"]
    assert len(lines) == 2 + len(SCHEDULED) + 2


@pytest.mark.parametrize("scheduler", TOOLS)
def test_what_was_installed_is_taken_away_again(scheduler: str, said: Said, tool: MakeTool, tmp_path: Path) -> None:
    tool(*TOOLS[scheduler])
    assert said("remove", "--for", scheduler, "--yes")[1]["removed"] == 0
    assert said("install", "--for", scheduler, "--yes")[0] == 0
    code, answer = said("remove", "--for", scheduler, "--yes")
    assert (code, answer["removed"] >= len(SCHEDULED)) == (0, True)
    code, answer = said("verify", "--for", scheduler)
    assert (code, answer["differences"]) == (
        11,
        [f"{job}: nothing starts it for {(tmp_path / 'home').resolve()}" for job in SCHEDULED],
    )
    assert said("remove", "--for", scheduler, "--yes")[1]["removed"] == 0
    left = [path for folder in ("user", "home/state/schedule") for path in (tmp_path / folder).rglob("*-*")]
    assert [path for path in left if path.is_file()] == []


def test_removing_leaves_the_lines_of_others_as_they_are(said: Said, tool: MakeTool) -> None:
    kept = tool(*TOOLS["cron"]).parent / "crontab"
    others = "MAILTO=me\n\n0 1 * * * tar czf /b.tgz /home\n# >>> tradebot-ffffffff elsewhere\n# <<< tradebot-ffffffff"
    kept.write_text(others)
    assert said("install", "--for", "cron", "--yes")[0] == 0
    assert said("remove", "--for", "cron", "--yes")[0] == 0
    assert kept.read_text() == f"{others}\n"


def test_a_block_without_its_end_takes_only_its_own_lines_along(said: Said, tool: MakeTool) -> None:
    kept = tool(*TOOLS["cron"]).parent / "crontab"
    assert said("install", "--for", "cron", "--yes")[0] == 0
    without_end = "".join(line for line in kept.read_text().splitlines(keepends=True) if not line.startswith("# <<<"))
    for after in (
        "0 1 * * * tar czf /b.tgz /home\n",
        "# >>> tradebot-ffffffff\n0 2 * * * x\n# <<< tradebot-ffffffff\n",
    ):
        kept.write_text(without_end + after)
        assert said("remove", "--for", "cron", "--yes")[0] == 0
        assert kept.read_text() == after


@pytest.mark.parametrize("scheduler", TOOLS)
def test_files_are_removed_from_a_folder_and_others_left(scheduler: str, said: Said, tmp_path: Path) -> None:
    folder = tmp_path / "entries"
    assert said("install", "--for", scheduler, "--dir", str(folder))[0] == 0
    assert said("install", "--for", scheduler, "--dir", str(folder))[0] == 0  # it replaces what it wrote itself
    (folder / "mine").write_text("tradebot-")
    assert said("remove", "--for", scheduler, "--dir", str(folder))[1]["removed"] > 0
    assert [path.name for path in folder.iterdir()] == ["mine"]
    (folder / "crontab").write_text("0 1 * * * tar czf /b.tgz /home\n")
    assert said("remove", "--for", "cron", "--dir", str(folder))[1]["removed"] == 0
    code, answer = said("install", "--for", "cron", "--dir", str(folder))
    assert (code, "--force" in answer["error"]) == (2, True)
    assert (folder / "crontab").read_text() == "0 1 * * * tar czf /b.tgz /home\n"


def test_a_backup_line_of_a_person_is_enough(said: Said, tool: MakeTool, tmp_path: Path) -> None:
    kept = tool(*TOOLS["cron"]).parent / "crontab"
    assert said("install", "--for", "cron", "--yes")[0] == 0
    written = kept.read_text()
    (own,) = (line for line in written.splitlines(keepends=True) if " backup " in line)
    kept.write_text(written.replace(own, ""))
    assert said("verify", "--for", "cron")[1]["differences"] == [
        f"backup: nothing starts it for {(tmp_path / 'home').resolve()}"
    ]
    command = own.split(maxsplit=5)[5].replace("--scheduled", "--to /media/disk")
    kept.write_text(written.replace(own, f"30 23 * * * {command}"))
    assert said("verify", "--for", "cron")[0] == 0


@pytest.mark.parametrize(("version", "code"), [("cronie 1.7.2", 0), ("", 11)])
def test_lines_that_count_on_cron_tz_are_right_where_cron_obeys_it(
    version: str, code: int, said: Said, tool: MakeTool, tmp_path: Path
) -> None:
    tab = tool("crontab", f"if arguments == ['-V']:\n    print({version!r})\n    sys.exit()\n{CRONTAB}").with_name(
        "crontab"
    )
    said("install", "--for", "cron", "--yes", zone="America/New_York")
    tab.write_text("CRON_TZ=America/New_York\n" + tab.read_text())
    ended, answer = said("verify", "--for", "cron")
    assert ended == code
    assert ("counts on CRON_TZ" in str(answer["differences"])) == bool(code)


def test_timers_that_are_not_enabled_are_told(said: Said, tool: MakeTool) -> None:
    calls = tool(*TOOLS["systemd"])
    said("install", "--for", "systemd", "--yes")
    assert calls.read_text().splitlines()[0] == "--user daemon-reload"
    calls.with_name("enabled").write_text("")
    code, answer = said("verify", "--for", "systemd")
    assert code == 11
    assert len(answer["differences"]) == len(SCHEDULED)
    assert "disabled: `systemctl --user enable --now tradebot-" in str(answer["differences"])


def test_nothing_is_installed_that_nobody_said_yes_to(said: Said, tool: MakeTool) -> None:
    calls = tool(*TOOLS["cron"])
    code, answer = said("install", "--for", "cron")
    assert code == 2
    assert "add --yes" in str(answer["error"])
    assert not calls.exists()


def test_a_tool_that_is_missing_or_refuses_is_said(
    said: Said, tool: MakeTool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    tool("crontab", "sys.exit('you are not allowed to use this program')")
    code, answer = said("install", "--for", "cron", "--yes")
    assert (code, "you are not allowed to use this program" in str(answer["error"])) == (3, True)
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))
    code, answer = said("verify", "--for", "cron")
    assert (code, "there is no crontab here" in str(answer["error"])) == (3, True)


@pytest.mark.parametrize("scheduler", TOOLS)
def test_files_alone_can_be_written_and_compared(scheduler: str, said: Said, tmp_path: Path) -> None:
    folder = tmp_path / "files"
    assert said("install", "--for", scheduler, "--dir", str(folder))[0] == 0
    assert said("verify", "--for", scheduler, "--dir", str(folder))[0] == 0
    for path in folder.iterdir():
        encoding = "utf-16" if path.suffix == ".xml" else "utf-8"
        text = path.read_text(encoding=encoding)
        path.write_text(text.replace("--scheduled", "").replace("Mon..Fri", "Mon..Thu"), encoding=encoding)
    assert said("verify", "--for", scheduler, "--dir", str(folder))[0] == 11


def test_a_zone_that_nobody_knows_is_refused(said: Said) -> None:
    code, answer = said("print", zone="Europe/Gotham")
    assert (code, "is no time zone" in str(answer["error"])) == (3, True)


def test_print_gives_text_that_can_be_piped(said: Said, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["schedule", "print", "--for", "cron", "--zone", "UTC", "--home", str(tmp_path / "home")]) == 0
    shown = capsys.readouterr().out.splitlines()
    assert shown[0].startswith("# >>> tradebot-")
    assert len(shown) == len(SCHEDULED) + 2

"""Trade a week at the played Robinhood by the crontab's own lines, each in a process of the shell as cron starts it.

python scripts/check_robinhood_week.py                every way, some minutes; exit code 0 if all is well, else 1
python scripts/check_robinhood_week.py --way lost     one of them

plain: tokens that outlast the week. short: tokens of two days. lost: tokens of two days, and the answer to the first
renewal is lost, so that a person logs in again. revoked: the session is ended on the Tuesday, and a person logs in
again by password with a device to approve. Afterwards `reconcile` and `verify` must be clean, the books at the broker
equal to the ledger, and no token in what was shown or written.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import datetime, time, timedelta
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests.fakes.robinhood import PASSWORD, USERNAME  # noqa: E402
from tests.fakes.robinhood.process import running  # noqa: E402
from tests.fakes.terminal import typed  # noqa: E402
from tests.fakes.wire.faults import Kind  # noqa: E402
from tests.stories.processes.at_robinhood import AtRobinhood  # noqa: E402
from tests.stories.processes.played import new_york  # noqa: E402
from tests.stories.processes.robinhood_week import (  # noqa: E402
    MONDAY,
    MORNING,
    TUESDAY,
    crontab,
    is_due,
    judge,
    leaks,
    starts,
)

WAYS = ("plain", "short", "lost", "revoked")
#: The looks for exits that are made, of the 28 of a day.
LOOKS = {time(10, 45), time(12, 45), time(15, 45)}
_AUTH_NEEDED = 5


def main() -> int:
    """Trade a week in each way that was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--way", choices=WAYS, action="append")
    wrong = 0
    for way in parser.parse_args().way or WAYS:
        faults = list(_traded(way))
        print(f"{way}: {'well' if not faults else f'{len(faults)} faults'}")
        for fault in faults:
            print(f"  {fault}")
        wrong += bool(faults)
    return int(bool(wrong))


def _traded(way: str) -> Iterator[str]:
    """What went wrong in a week."""
    with (
        tempfile.TemporaryDirectory() as folder,
        running(Path(folder) / "robinhood", "--start", MONDAY.isoformat()) as fake,
    ):
        machine = AtRobinhood(Path(folder), fake)
        machine.settle_in()
        fake.go_to(MORNING)
        machine.log_in(MORNING, lives=timedelta(days=8 if way in ("plain", "revoked") else 2.2))
        if code := machine.at(MORNING, "init-db").code:
            yield f"init-db: code {code}"
        if way == "lost":
            fake.strike(Kind.GATEWAY_TIMEOUT, path="/oauth2/token/")
        refused = 0
        for at, command in starts(crontab(machine), LOOKS):
            if not is_due(at):
                continue
            if way == "revoked" and at == new_york(TUESDAY, 9, 35):
                fake.revoke()
            code = _started(machine, at, command)
            if code == _AUTH_NEEDED and way in ("lost", "revoked") and not refused:
                refused += 1
                yield from _logged_in(machine, at)
                code = _started(machine, at + timedelta(minutes=2), command)
            if code:
                yield f"{at:%a %H:%M} {command}: code {code}"
        if refused != (way in ("lost", "revoked")):
            yield f"the session was over {refused} times"
        shown = (machine.home / "schedule.log").read_text(encoding="utf-8")
        yield from judge(machine)
        yield from leaks(machine, shown)


def _started(machine: AtRobinhood, at: datetime, command: str) -> int:
    """The exit code of a line of the crontab."""
    machine.fake.go_to(at)
    environment = machine.environment(TRADEBOT_NOW=at.isoformat())
    return subprocess.run(["/bin/sh", "-c", command], env=environment, cwd=machine.folder, check=False).returncode


def _logged_in(machine: AtRobinhood, at: datetime) -> Iterator[str]:
    """A person logs in by password, and approves the device in the app."""
    machine.fake.terms(approves="prompt", lives=8 * 86400.0)
    machine.fake.approve(2)
    machine.tokens.remove()  # a device that Robinhood does not know
    secrets = {"ROBINHOOD_PASSWORD": "", "ROBINHOOD_MFA_SECRET": ""}
    environment = machine.environment(TRADEBOT_NOW=at.isoformat(), **secrets)
    with typed("auth", "robinhood", "--home", machine.home, cwd=machine.folder, env=environment) as terminal:
        terminal.reply("yes", "", USERNAME, PASSWORD)
        terminal.until("Approve this device in the Robinhood app")
        terminal.reply("1")
        if terminal.ended():
            yield f"the login failed: {terminal.shown}"
        yield from leaks(machine, terminal.shown)


if __name__ == "__main__":
    sys.exit(main())

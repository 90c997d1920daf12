"""An alert of wrong tokens: it needs neither the ledger nor a lock, and nobody waits for it."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from pathlib import Path

from tests.web.access.test_access import Clock
from tradebot.alerts.spool import Spool
from tradebot.home import paths
from tradebot.home.locks import home_lock
from tradebot.settings import Settings
from tradebot.web.access.alerting import WrongTokenAlerts


def test_it_is_spooled_while_a_job_holds_the_lock_and_the_ledger_is_gone(tmp_path: Path) -> None:
    (tmp_path / "state").mkdir()
    settings = replace(Settings(), tradebot_home=tmp_path)
    clock = Clock()
    with home_lock(tmp_path, command="run-daily", wall=clock.wall()):
        tell = WrongTokenAlerts(settings, clock)
        for wrong in (5, 100):
            tell("203.0.113.9", wrong)
            until = time.monotonic() + 30
            while threading.active_count() > 1 and tell._telling.locked() and time.monotonic() < until:
                time.sleep(0.01)
    (alert,) = Spool(paths.spool_file(tmp_path)).waiting()
    assert alert.alert.title == "5 wrong tokens from 203.0.113.9", "the second one says nothing new within a week"
    assert "--tokens" in alert.alert.message and alert.alert.level == "warning"
    assert list(tmp_path.glob("*.db")) == []

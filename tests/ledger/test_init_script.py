"""scripts/init_database.py makes what `tradebot init-db` makes."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from tradebot.ledger.database import open_database
from tradebot.ledger.verify import verify_ledger

ROOT = Path(__file__).parents[2]


def test_the_script_makes_a_home_with_a_sound_ledger_and_may_be_run_again(tmp_path: Path) -> None:
    home = tmp_path / "home"
    command = [sys.executable, str(ROOT / "scripts" / "init_database.py"), "--home", str(home)]
    surroundings = {"HOME": str(tmp_path), "PATH": "", "XDG_STATE_HOME": str(tmp_path / "state")}
    for _ in range(2):
        run = subprocess.run(command, cwd=tmp_path, env=surroundings, capture_output=True, text=True, timeout=60)
        assert run.returncode == 0, run.stderr
    database = open_database(home / "trading_robot.db", create=False)
    (known,) = database.homes.all()
    pinned = database.pinned_accounts.pinned(known.home_id, "paper", "paper")
    assert pinned is not None
    assert re.fullmatch(r"PAPER-[A-Z2-7]{8}", pinned.account_id)
    assert verify_ledger(database) == ()
    database.close()

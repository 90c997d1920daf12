"""Paper trading at the live prices of a broker without a paper account: sessions of a home, and 0 orders there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.prices import sessions
from tests.jobs.house import Script
from tests.stories.paper_home import FIRST, OpenPaperHome, paper_home
from tradebot.errors import ExitCode
from tradebot.runtime import clocks

DAYS = sessions(40, FIRST)


@pytest.fixture
def paper(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[OpenPaperHome]:
    """Opens a home at live prices; see ``paper_home``."""
    with ExitStack() as stack:

        def open_home(*days: str, **more: Any) -> Any:
            script = more.pop("script", Script(enter={"ACME": [DAYS[1]]}))
            return stack.enter_context(paper_home(tmp_path, monkeypatch, days, script, **more))

        yield open_home
    clocks._ahead *= 0


def test_a_day_on_paper_sends_no_order_to_the_broker(paper: OpenPaperHome) -> None:
    home = paper("100 104 99 102", "102 103 101 102")
    figures = {check.name: check for check in home.preflight().checks}
    assert "no order reaches robinhood" in figures["mode"].figure
    daily = home.daily(1)
    assert daily.codes == {ExitCode.OK} or not daily.codes, daily
    (stop,) = home.open_orders()
    assert home.positions()["ACME"].quantity == stop.quantity
    assert home.check_exits(1).exit_code is ExitCode.OK
    assert home.reconcile(1).exit_code is ExitCode.OK
    assert home.fake.order_posts == 0
    assert not any("/accounts" in kind or "/positions" in kind or "/orders" in kind for kind in home.fake.asked)

"""What tests of an emergency stop have in common."""

from __future__ import annotations

from decimal import Decimal

from tests.jobs.house import House
from tradebot.core.model.account import Fill
from tradebot.core.model.orders import Side
from tradebot.core.model.schedule import Job
from tradebot.jobs.desk import Desk
from tradebot.jobs.emergency_stop import run as emergency_stop
from tradebot.jobs.emergency_stop.desk import StopDesk
from tradebot.jobs.emergency_stop.ledger_submit import ThroughLedger
from tradebot.jobs.job_run import open_run


def jobs_own(desk: Desk) -> StopDesk:
    """The ports of a stop that a job makes by itself."""
    return emergency_stop.desk_for_stop(desk, ThroughLedger(desk, open_run(desk, Job.CHECK_EXITS)))


def sales(house: House) -> list[tuple[str, Decimal]]:
    """What was sold, in order: the symbol and the shares."""
    with house.by_hand() as broker:
        fills = [activity for activity in broker.activities(None) if isinstance(activity, Fill)]
    return [(fill.symbol, fill.quantity) for fill in fills if fill.side is Side.SELL]

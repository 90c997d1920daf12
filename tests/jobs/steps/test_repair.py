"""The first act of a job where stops are for jobs to place."""

from __future__ import annotations

from decimal import Decimal

from tests.fakes.lacking import lacking
from tests.jobs.conftest import MakeHouse, holding_acme
from tradebot.core.model.schedule import Job
from tradebot.jobs.job_run import open_run
from tradebot.jobs.steps.repair import repair_first


def test_a_missing_stop_is_placed_only_where_the_broker_takes_none_along(make_house: MakeHouse) -> None:
    house = holding_acme(make_house)
    with house.by_hand() as broker:
        broker.cancel(house.open_orders()[0].broker_order_id)
    with house.desk() as desk:
        assert not repair_first(desk, open_run(desk, Job.RECONCILE)).has_lines
    assert house.stops() == []
    with house.desk(wrap=lacking) as desk:
        (line,) = repair_first(desk, open_run(desk, Job.RECONCILE)).orders
    assert house.stops() == [(Decimal(50), Decimal("90.00"))] == [(line.quantity, line.price)]

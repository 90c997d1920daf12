"""What the official client makes of the metrics."""

from __future__ import annotations

from typing import Any

from prometheus_client.openmetrics import parser as openmetrics
from prometheus_client.parser import text_string_to_metric_families

from tests.core.results.test_metrics import VIEW
from tradebot.core.results import metric_families as families
from tradebot.core.results.metric_families import OF_THE_SERVER
from tradebot.core.results.metrics import Sample, home_metrics
from tradebot.reports.prometheus_text import prometheus_text
from tradebot.web.metrics import ServerMeter, expose


def read(text: str) -> list[Any]:
    found = text_string_to_metric_families(text)
    return [(each.name, each.type, each.documentation, [tuple(s)[:3] for s in each.samples]) for each in found]


def test_the_official_client_and_the_file_tell_the_same() -> None:
    samples = home_metrics(VIEW)
    told = expose(samples, "text/plain")
    assert told.media_type.startswith("text/plain")
    assert read(told.content.decode()) == read(prometheus_text(samples))


def test_openmetrics_is_told_to_who_asks_for_it() -> None:
    told = expose(
        (Sample(families.TRADES, 4, ("main",)), Sample(families.EQUITY, 1, ("main",))),
        "application/openmetrics-text; version=1.0.0",
    )
    assert told.media_type.startswith("application/openmetrics-text")
    text = told.content.decode()
    found = openmetrics.text_string_to_metric_families(text)  # type: ignore[no-untyped-call]
    assert {each.name for each in found} == {"tradebot_trades", "tradebot_equity_dollars"}


def test_the_metrics_of_several_homes_stand_together() -> None:
    both = (*home_metrics(VIEW), *home_metrics(VIEW))  # as of two homes: each name has its help once
    lines = expose(both, "").content.decode().splitlines()
    helps = [line for line in lines if line.startswith("# HELP")]
    assert len(set(helps)) == len(helps)


def test_the_server_measures_itself() -> None:
    meter = ServerMeter()
    found = {sample.family: float(sample.value) for sample in meter.samples()}
    assert list(found) == list(OF_THE_SERVER)
    assert 0 <= found[families.HOST_CPU] <= 1
    assert 1e6 < found[families.SERVER_MEMORY] < found[families.HOST_MEMORY]
    assert found[families.SERVER_THREADS] >= 1

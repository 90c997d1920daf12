"""Metrics as text, read back by the official client."""

from __future__ import annotations

from prometheus_client.parser import text_string_to_metric_families

from tradebot.core.results import metric_families as families
from tradebot.core.results.metrics import Sample
from tradebot.reports.prometheus_text import prometheus_text

SAMPLES = (
    Sample(families.EQUITY, 98_500, ('a "home"\\ of\nmine',)),
    Sample(families.EQUITY, 0.1, ("caf\udce9",)),
    Sample(families.TRADES, 4, ("main",)),
    Sample(families.SERVER_MEMORY, 123456789012),
)


def test_the_official_parser_reads_the_same_values() -> None:
    read = list(text_string_to_metric_families(prometheus_text(SAMPLES)))
    assert [(each.name, each.type, each.documentation) for each in read] == [
        ("tradebot_equity_dollars", "gauge", families.EQUITY.meaning),
        ("tradebot_trades", "counter", families.TRADES.meaning),
        ("tradebot_server_resident_memory_bytes", "gauge", families.SERVER_MEMORY.meaning),
    ]
    assert [(sample.name, sample.labels, sample.value) for each in read for sample in each.samples] == [
        ("tradebot_equity_dollars", {"home": 'a "home"\\ of\nmine'}, 98_500),
        ("tradebot_equity_dollars", {"home": "caf\\udce9"}, 0.1),
        ("tradebot_trades_total", {"home": "main"}, 4),
        ("tradebot_server_resident_memory_bytes", {}, 123456789012),
    ]

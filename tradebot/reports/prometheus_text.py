"""Metrics in the text format of Prometheus, version 0.0.4, for the textfile collector of node_exporter.

https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby

from tradebot.core.results.metric_families import Family
from tradebot.core.results.metrics import Sample


@dataclass(frozen=True, slots=True)
class MetricLine:
    """A sample for programs that read JSON."""

    name: str
    labels: Mapping[str, str]
    value: float


def metric_lines(samples: Iterable[Sample]) -> tuple[MetricLine, ...]:
    """The samples with their names and labels."""
    return tuple(
        MetricLine(each.family.name, dict(zip(each.family.labels, each.labels, strict=True)), float(each.value))
        for each in samples
    )


def prometheus_text(samples: Iterable[Sample]) -> str:
    """The text of samples. Those of one family have to stand together."""
    return "".join(f"{line}\n" for line in _lines(samples))


def _lines(samples: Iterable[Sample]) -> Iterator[str]:
    for family, of_family in groupby(samples, key=lambda sample: sample.family):
        yield f"# HELP {family.name} {_escaped(family.meaning)}"
        yield f"# TYPE {family.name} {family.kind}"
        for sample in of_family:
            yield f"{family.name}{_labels(family, sample.labels)} {float(sample.value)!r}"


def _labels(family: Family, values: Iterable[str]) -> str:
    pairs = ",".join(f'{name}="{_quoted(value)}"' for name, value in zip(family.labels, values, strict=True))
    return f"{{{pairs}}}" if pairs else ""


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\n", "\\n")


def _quoted(value: str) -> str:
    """A value of a label; what is no letter in UTF-8, a surrogate of a path, is shown by its number."""
    return _escaped(value).replace('"', '\\"').encode(errors="backslashreplace").decode()

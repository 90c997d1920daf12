"""The metrics as Prometheus asks for them, by its official client: those of homes, and of the server itself."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby

import psutil
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from tradebot import __version__
from tradebot.core.results import metric_families as families
from tradebot.core.results.metrics import Sample


@dataclass(frozen=True, slots=True)
class Exposition:
    """A response to Prometheus."""

    content: bytes
    media_type: str


def expose(samples: Iterable[Sample], accept: str) -> Exposition:
    """The samples in the newest format that ``accept``, a header field of the request, names."""
    registry = CollectorRegistry()
    registry.register(_Told(samples))
    encode, media_type = choose_encoder(accept)
    return Exposition(encode(registry), media_type)


class ServerMeter:
    """Measures the server and its machine."""

    def __init__(self) -> None:
        self._process = psutil.Process()
        psutil.cpu_percent(None)  # the first part of a processor's time is of before: it is measured from here

    def samples(self) -> tuple[Sample, ...]:
        """What is measured now; the use of the processors since the call before."""
        used, memory = self._process.cpu_times(), psutil.virtual_memory()
        files = [self._process.num_fds()] if psutil.POSIX else []
        return (
            Sample(families.SERVER_VERSION, 1, (__version__,)),
            Sample(families.SERVER_START, self._process.create_time()),
            Sample(families.SERVER_CPU, used.user + used.system),
            Sample(families.SERVER_MEMORY, self._process.memory_info().rss),
            Sample(families.SERVER_THREADS, self._process.num_threads()),
            *(Sample(families.SERVER_FILES, number) for number in files),
            Sample(families.HOST_CPU, psutil.cpu_percent(None) / 100),
            Sample(families.HOST_MEMORY_FREE, memory.available),
            Sample(families.HOST_MEMORY, memory.total),
        )


class _Told(Collector):
    """Samples that are known already."""

    def __init__(self, samples: Iterable[Sample]) -> None:
        places = {family: number for number, family in enumerate(families.FAMILIES)}
        self._samples = sorted(samples, key=lambda sample: places[sample.family])  # those of several homes together

    def collect(self) -> Iterator[Metric]:
        """The samples by family."""
        for family, told in groupby(self._samples, key=lambda sample: sample.family):
            kind = CounterMetricFamily if family.kind == "counter" else GaugeMetricFamily
            metric = kind(family.name, family.meaning, labels=family.labels)
            for sample in told:
                metric.add_metric(list(sample.labels), float(sample.value))
            yield metric

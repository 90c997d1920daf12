"""For every test: secrets to stumble over, and the search for them; homes that were made before; and a count of what
Alpaca's rules have judged.

And the profiles of hypothesis: ``ci``, in which every run tries the same few examples of each property, and ``deep``
(``python -m pytest --hypothesis-profile deep tests/core``), in which a run tries two thousand of its own.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# Read before any test freezes the time: what a module makes of `datetime` while it is frozen stays frozen in it.
import tradebot.ledger.database  # noqa: F401
from tests.fakes import forked_strategies
from tests.fakes.forked import ForkedStrategies

pytest_plugins = [
    "tests.fakes.canary",
    "tests.fakes.chromium",
    "tests.fakes.homes",
    "tests.fakes.postgres",
    "tests.fakes.validated",
]

settings.register_profile(
    "ci",
    max_examples=30,
    deadline=None,  # how long an example takes is up to the machine
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile("deep", settings.get_profile("ci"), max_examples=2_000, derandomize=False)
settings.load_profile("ci")

if sys.platform == "linux":
    forked_strategies.install(ForkedStrategies)

#: Tests that take long are begun with by every worker, so that none is alone with them at the end of a run.
_FIRST = ("tests/stories/processes", "tests/stories/machine", "tests/worlds")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--long", action="store_true", help="try every case, those marked `long` too (tests/long_form.py)")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if not config.getoption("--long"):
        config.hook.pytest_deselected(items=[item for item in items if item.get_closest_marker("long")])
        items[:] = [item for item in items if not item.get_closest_marker("long")]
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    items[:] = [item for part in _shared_out(items, workers) for item in part]


def _shared_out(items: list[pytest.Item], workers: int) -> Iterator[list[pytest.Item]]:
    """A part for each worker, as pytest-xdist cuts them: modules that take long in turn, and then of the others."""
    slow: dict[Path, list[pytest.Item]] = {}
    quick = []
    for item in items:
        if item.nodeid.startswith(_FIRST):
            slow.setdefault(item.path, []).append(item)
        else:
            quick.append(item)
    left = len(items)
    for number in range(workers):
        part = [item for module in list(slow.values())[number::workers] for item in module]
        many = max(0, left // (workers - number) - len(part))
        part, quick = part + quick[:many], quick[many:]
        left -= len(part)
        yield part + (quick if number == workers - 1 else [])

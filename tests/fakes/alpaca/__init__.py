"""Alpaca as a server on this machine: its paths, its words and its ways, over the embedded exchange.

``FakeAlpaca`` serves within the test's own process, ``python -m tests.fakes.alpaca`` beside it (``process.running``).
Requests are worked on one at a time: ``server`` takes them, ``door`` bars who may not ask, ``struck`` and ``faults``
say what goes wrong with them, ``judge`` holds them and their answers against Alpaca's OpenAPI files in ``specs`` save
for the ``deviations``, ``routes`` says what answers them, and ``house`` is what outlives them.
"""

from tests.fakes.alpaca.house import Terms
from tests.fakes.alpaca.judge import SpecificationBroken
from tests.fakes.alpaca.server import KEY_ID, SECRET_KEY, FakeAlpaca
from tests.fakes.wire.faults import Fault, Kind
from tests.fakes.wire.messages import Answer, Arrival

__all__ = [
    "KEY_ID",
    "SECRET_KEY",
    "Answer",
    "Arrival",
    "FakeAlpaca",
    "Fault",
    "Kind",
    "SpecificationBroken",
    "Terms",
]

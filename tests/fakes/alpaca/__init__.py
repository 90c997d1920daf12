"""Alpaca as a server on this machine: its paths, its words and its ways, over the embedded exchange."""

from tests.fakes.alpaca.faults import Fault, Kind
from tests.fakes.alpaca.house import Terms
from tests.fakes.alpaca.judge import SpecificationBroken
from tests.fakes.alpaca.messages import Answer, Arrival
from tests.fakes.alpaca.server import KEY_ID, SECRET_KEY, FakeAlpaca

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

"""Robinhood as a server on this machine: its paths and its words as far as they are known, over the embedded exchange.

Nothing of it was ever compared with the service by this project. What is known comes from what others have published.
*Captured* is a shape or a text that somebody has seen in an answer (zaydiscold/robinhood-cli-mcp-api, 2026). *By the
source* is what a client's source expects (robin_stocks 3.4.0, pyhood). All else is *a guess*, and says so where it is
made. What nobody knows differs by ``Terms``, so that a test can go through every possibility.

``FakeRobinhood`` serves within the test's own process, ``python -m tests.fakes.robinhood`` beside it
(``process.running``). ``logins`` and ``approvals`` say who is let in, ``routes`` what answers a request, ``house`` is
what outlives it.
"""

from tests.fakes.robinhood.house import Repeated, Terms
from tests.fakes.robinhood.logins import PASSWORD, USERNAME
from tests.fakes.robinhood.server import FakeRobinhood
from tests.fakes.wire.faults import Fault, Kind
from tests.fakes.wire.messages import Answer, Arrival

__all__ = [
    "PASSWORD",
    "USERNAME",
    "Answer",
    "Arrival",
    "FakeRobinhood",
    "Fault",
    "Kind",
    "Repeated",
    "Terms",
]

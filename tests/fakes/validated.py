"""How many requests and answers were held against Alpaca's specification in a whole run of tests.

A pytest plugin, named in tests/conftest.py; it adds up over the workers of pytest-xdist and tells at the end.
"""

from __future__ import annotations

from typing import Any

import pytest

#: Requests and answers so far.
totals = [0, 0]
_NAME = "validated_by_alpaca"


def add(requests: int, answers: int) -> None:
    """Count what a fake's judge has looked at."""
    totals[0] += requests
    totals[1] += answers


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any, error: object) -> None:
    """A worker has ended: take in its sums."""
    add(*getattr(node, "workeroutput", {}).get(_NAME, (0, 0)))


def pytest_sessionfinish(session: pytest.Session) -> None:
    output = getattr(session.config, "workeroutput", None)
    if output is not None:
        output[_NAME] = tuple(totals)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    if any(totals):
        requests, answers = totals
        terminalreporter.write_line(f"held against Alpaca's specification: {requests} requests, {answers} answers")

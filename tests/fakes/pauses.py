"""The pauses of the two clocks of the wiring, recorded instead of slept through.

``time.sleep`` itself stays what it is: the standard library waits with it for a process to end, too.
"""

from __future__ import annotations

import pytest

from tradebot.brokers.http.timeouts import RealPause
from tradebot.runtime.clocks import SystemClock


def record_pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The seconds that commands in this process would sleep from now on."""
    slept: list[float] = []
    for clock in (SystemClock, RealPause):
        monkeypatch.setattr(clock, "sleep", lambda self, seconds: slept.append(seconds))
    return slept

"""The seconds that the steps of a run take."""

from __future__ import annotations

import time
from dataclasses import dataclass, field


@dataclass(slots=True)
class Stopwatch:
    """The seconds of each step, by its name."""

    seconds: dict[str, float] = field(default_factory=dict)
    began: float = field(default_factory=time.perf_counter)

    def passed(self, step: str) -> None:
        """End a step, and begin the next."""
        now = time.perf_counter()
        self.seconds[step], self.began = now - self.began, now

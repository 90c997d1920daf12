"""Two processes at once, as two threads of which only the one with the baton runs."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from threading import Event, Thread


class Baton:
    """Two runners in turns: at each of its steps a runner may hand the baton over, as ``chance`` has it.

    The second one begins once the first has made ``head_start`` steps. One that has ended runs no more, and the other
    keeps the baton.
    """

    def __init__(self, chance: Random, restless: float, head_start: int) -> None:
        self._chance = chance
        self._restless = restless
        self._head_start = head_start
        self._turn = (Event(), Event())
        self._ended = [False, False]

    def race(self, first: Callable[[Callable[[], None]], None], second: Callable[[Callable[[], None]], None]) -> None:
        """Run both to their ends. Each is given what it has to call at its steps."""
        threads = [Thread(target=self._run, args=(me, runner)) for me, runner in enumerate((first, second))]
        for thread in threads:
            thread.start()
        self._turn[0].set()
        for thread in threads:
            thread.join()

    def _run(self, me: int, runner: Callable[[Callable[[], None]], None]) -> None:
        self._wait(me)
        try:
            runner(lambda: self._pass_on(me))
        finally:
            self._ended[me] = True
            self._turn[1 - me].set()

    def _pass_on(self, me: int) -> None:
        other = 1 - me
        if self._head_start > 0:
            self._head_start -= 1
        elif not self._ended[other] and self._chance.random() < self._restless:
            self._turn[other].set()
            self._wait(me)

    def _wait(self, me: int) -> None:
        self._turn[me].wait()
        self._turn[me].clear()

"""Halts in a replay: each is noted with its session, and stops the replay, lets it go on, or is resumed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date
from enum import StrEnum

from tradebot.core.model.halts import SET_BY_JOBS, Halt, distinct
from tradebot.core.results.halt_texts import since_text
from tradebot.core.results.outcomes import Outcome
from tradebot.core.results.report_outcome import HaltMet
from tradebot.errors import Halted
from tradebot.jobs import resume
from tradebot.jobs.desk import Desk
from tradebot.jobs.steps.halts import current_halts

#: The reason that the ledger keeps for each halt that a replay resumes.
REASON = "replay --on-halt resume"


class OnHalt(StrEnum):
    """What a replay does about a halt."""

    STOP = "stop"  # ends after the session
    CONTINUE = "continue"  # goes on as a schedule would; a halt that only `resume` ends stays
    RESUME = "resume"  # resumes the halts that its own jobs set; any other ends it


class ReplayHalts:
    """The halts of one replay.

    own: keys of the halts that jobs of this replay set, before it was interrupted too.
    remember: stores the keys of ``own`` before one of them is resumed.
    """

    def __init__(
        self,
        desk: Desk,
        mode: OnHalt,
        own: Iterable[str] = (),
        remember: Callable[[Sequence[str]], None] = lambda _: None,
    ) -> None:
        self._desk = desk
        self._mode = mode
        self._own = list(own)
        self._remember = remember
        self._known = {halt.identity for halt in current_halts(desk, date.min)}
        self.met: list[HaltMet] = []

    def check_before(self, session: date) -> None:
        """Raise Halted where a halt in force in ``session`` does not let the replay begin."""
        halts = current_halts(self._desk, session)
        if self._mode is OnHalt.RESUME:
            halts = tuple(halt for halt in halts if halt.key not in self._own)
        elif self._mode is OnHalt.STOP:
            halts = tuple(halt for halt in halts if halt.of_account)
        else:
            return
        if halts:
            raise Halted(f"{_of(halts[0])}{self._no_start(halts[0])}")

    def _no_start(self, halt: Halt) -> str:
        if self._mode is OnHalt.RESUME:
            return f". It holds {halt.holds}; --on-halt resume ends only halts that jobs of this replay set."
        return f". It holds {halt.holds}; --on-halt continue replays under it."

    def after(self, session: date, outcomes: Iterable[Outcome]) -> str:
        """Note the halts that the jobs of a session set, and act on them. Returns why the replay ends; "" to go on."""
        new = [
            same[0]
            for same in distinct(halt for outcome in outcomes for halt in outcome.halts)
            if same[0].identity not in self._known
        ]
        self._known.update(halt.identity for halt in new)
        own = [halt.key for halt in new if halt.rule in SET_BY_JOBS]
        if own:
            self._own += own
            self._remember(self._own)
        why, done = self._act(session, new)
        self.met += (HaltMet(session, halt, done.get(halt.key, "the replay went on")) for halt in new)
        return why

    def _act(self, session: date, new: Sequence[Halt]) -> tuple[str, dict[str, str]]:
        """Why the replay ends, and by key of a halt what was done about it."""
        if self._mode is OnHalt.CONTINUE:
            return "", {}
        if self._mode is OnHalt.STOP:
            why = f"{_of(new[0])}" if new else ""
            return why, {halt.key: "the replay stopped" for halt in new}
        return self._resume(session)

    def _resume(self, session: date) -> tuple[str, dict[str, str]]:
        halts = current_halts(self._desk, session)
        if other := next((halt for halt in halts if halt.key not in self._own), None):
            return f"{_of(other)}; no job of this replay set it", {}
        done: dict[str, str] = {}
        for scope, name in dict.fromkeys((halt.scope, halt.scope_name) for halt in halts if halt.may_be_resumed):
            preview = resume.resume_preview(self._desk, scope, name)
            outcome = resume.run(self._desk, REASON, seen=preview)
            if preview.failed:
                return f"{_of(preview.halts[0])}; {outcome.headline}: {'; '.join(outcome.notes)}", done
            done.update({halt.key: "resumed" for halt in preview.may_end})
        return "", done


def _of(halt: Halt) -> str:
    """A halt for people: what is halted, by which rule, and why."""
    since = f" since {halt.session or since_text(halt)}" if halt.session or halt.since else ""
    return f"{halt.subject} is halted by {halt.rule.replace('_', ' ')}{since}: {halt.reason}"

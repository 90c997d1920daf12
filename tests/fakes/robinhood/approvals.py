"""How the owner approves a device: by the app, or by a code (by the source of robin_stocks and pyhood)."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import count
from typing import Any

from tests.fakes.robinhood.house import Terms
from tests.fakes.robinhood.messages import Refusal, not_found
from tests.fakes.wire.messages import Answer, Arrival

#: What the owner is sent by message.
CODE = "246810"


@dataclass
class Challenge:
    """A device that asks to be approved. ``reads``: how many more looks until the owner has done so, None for never."""

    workflow: str
    device: str
    reads: int | None = None
    machine: str = ""
    status: str = "issued"


@dataclass
class Approvals:
    """The devices that are known, and those that ask."""

    terms: Terms
    known: set[str] = field(default_factory=set)
    challenges: list[Challenge] = field(default_factory=list)
    patience: int | None = 1  # in so many looks the owner has approved in the app; None: does not
    _numbers: Any = field(default_factory=lambda: count(1))

    def demanded(self, device: str) -> Answer:
        """The answer to a password from a new device: 403 and the id of a workflow."""
        number = next(self._numbers)
        made = Challenge(f"workflow-{number:04d}", device, self.patience)
        self.challenges.append(made)
        workflow = {"id": made.workflow, "workflow_status": "workflow_status_internal_pending"}
        return Answer(403, {"verification_workflow": workflow})

    def machine(self, arrival: Arrival) -> Answer:
        body = arrival.body or {}
        found = self._found("workflow", body.get("input", {}).get("workflow_id"))
        if body.get("device_id") != found.device or body.get("flow") != "suv":
            raise Refusal(400, "Invalid device.")
        found.machine = f"machine-{found.workflow.rpartition('-')[2]}"
        return Answer(200, {"id": found.machine})

    def view(self, arrival: Arrival, machine: str) -> Answer:
        """What the device is to do; told to go on, whether it is approved."""
        found = self._found("machine", machine)
        return self._go_on(found) if arrival.method == "POST" else Answer(200, self._context(found))

    def prompts(self, arrival: Arrival, challenge: str) -> Answer:
        """Whether the owner has approved in the app."""
        found = self._by_challenge(challenge)
        self._pass(found)
        return Answer(200, {"challenge_status": found.status})

    def respond(self, arrival: Arrival, challenge: str) -> Answer:
        """Take a code."""
        found = self._by_challenge(challenge)
        if (arrival.body or {}).get("response") != CODE:
            return Answer(400, {"challenge": {"id": challenge, "status": "issued", "remaining_attempts": 2}})
        found.status = "validated"
        return Answer(200, {"id": challenge, "status": "validated"})

    def _go_on(self, found: Challenge) -> Answer:
        if found.status != "validated":
            return Answer(200, {"type_context": {"result": "workflow_status_internal_pending"}})
        self.known.add(found.device)
        return Answer(200, {"type_context": {"result": "workflow_status_approved"}})

    def _context(self, found: Challenge) -> dict[str, Any]:
        challenge = {"id": _challenge_of(found), "type": self.terms.approves, "status": found.status}
        return {"context": {"sheriff_challenge": challenge}}

    @staticmethod
    def _pass(found: Challenge) -> None:
        if found.reads is None:
            return
        found.reads -= 1
        if found.reads <= 0:
            found.status = "validated"

    def _by_challenge(self, challenge: str) -> Challenge:
        return self._found("workflow", challenge.replace("challenge", "workflow"))

    def _found(self, name: str, value: object) -> Challenge:
        for each in self.challenges:
            if getattr(each, name) == value:
                return each
        raise not_found()


def _challenge_of(found: Challenge) -> str:
    return found.workflow.replace("workflow", "challenge")

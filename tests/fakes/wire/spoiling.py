"""What becomes of an answer when something goes wrong on the wire, in the words of whichever broker is played."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from tests.fakes.wire.faults import Fault, Kind
from tests.fakes.wire.messages import Answer, Arrival

Spoil = Callable[[Fault, Arrival, Answer], Answer]


def truncated(fault: Fault, arrival: Arrival, answer: Answer) -> Answer:
    """The first half of an answer; of one without a body, what no JSON is."""
    whole = json.dumps(answer.body) if answer.body is not None else "{"
    return Answer(answer.status if answer.body is not None else 200, text=whole[: len(whole) // 2] or "{")


def with_unknown_fields(fault: Fault, arrival: Arrival, answer: Answer) -> Answer:
    """An answer with fields of a later version."""
    more = {"new_field": {"nested": [1, None]}, "another": "1"}
    if isinstance(answer.body, list):
        return replace(answer, body=[{**each, **more} for each in answer.body])
    return replace(answer, body={**answer.body, **more}) if isinstance(answer.body, dict) else answer


@dataclass(frozen=True, slots=True)
class Words:
    """The words of a broker for what goes wrong.

    ``page`` is a web page, ``html`` its type, ``internal`` the answer to what the server itself fails in.
    ``after`` spoils the answer to a request that was processed.
    """

    page: str
    html: str
    internal: Answer
    unauthorized: Answer
    forbidden: Answer
    too_many: Callable[[Fault], object]  # the body of the answer to one request too many
    after: Mapping[Kind, Spoil]

    def spoilt(self, fault: Fault, arrival: Arrival, answer: Answer | None, before: Answer | None) -> Answer:
        """What is sent instead of ``answer``, which is None when the request was not processed.

        ``before`` is another answer that the same question got earlier, if any.
        """
        if answer is None:
            return self._instead(fault)
        if fault.kind is Kind.HTML_AFTER:
            return Answer(502, text=self.page, content_type=self.html)
        if fault.kind in self.after:
            return self.after[fault.kind](fault, arrival, answer)
        return before if fault.kind is Kind.STALE and before is not None else answer

    def _instead(self, fault: Fault) -> Answer:
        match fault.kind:
            case Kind.TOO_MANY:
                headers = {"Retry-After": str(fault.amount)} if fault.amount else {}
                return Answer(429, self.too_many(fault), headers)
            case Kind.UNAUTHORIZED:
                return self.unauthorized
            case Kind.FORBIDDEN:
                return self.forbidden
            case Kind.HTML:
                return Answer(502, text=self.page, content_type=self.html)
            case Kind.PAGE:
                return Answer(200, text=self.page, content_type=self.html)
            case _:
                return self.internal

"""Rules for the stop and the target that a strategy gives with one entry.

A strategy computes them from prices, so that one symbol's may be no number while the others' are sound. Such an entry
is denied by itself. A rule's docstring is the condition for its denial.
"""

from __future__ import annotations

from decimal import Decimal

from tradebot.core.model.plan import DenialCode
from tradebot.core.model.signals import MAX_TARGET, ExitPolicy, is_stop, is_target
from tradebot.core.model.values import ONE, canonical
from tradebot.core.risk.candidate import Candidate
from tradebot.core.risk.objection import Objection
from tradebot.core.risk.projected_account import ProjectedAccount


def has_exit_prices(policy: ExitPolicy) -> bool:
    """Whether stop and target of the policy can be priced."""
    return (policy.stop is None or is_stop(policy.stop)) and (policy.target is None or is_target(policy.target))


def invalid_stop(candidate: Candidate, _: ProjectedAccount) -> Objection | None:
    """The stop is no number, or not between 0 and 1."""
    stop = candidate.signal.policy.stop
    if stop is None or candidate.terms is not None or is_stop(stop):
        return None
    return Objection(
        DenialCode.INVALID_STOP,
        lambda: f"the strategy's stop is {_text(stop)}; it is a fraction of the price and must be between 0 and 1",
        _finite(stop),
        ONE,
    )


def invalid_target(candidate: Candidate, _: ProjectedAccount) -> Objection | None:
    """The target is no number, not above 0, or above 1000."""
    target = candidate.signal.policy.target
    if target is None or candidate.terms is not None or is_target(target):
        return None
    return Objection(
        DenialCode.INVALID_TARGET,
        lambda: (
            f"the strategy's target is {_text(target)}; it is a fraction of the price and must be above 0 "
            f"and at most {canonical(MAX_TARGET)}"
        ),
        _finite(target),
        MAX_TARGET,
    )


def _text(fraction: Decimal) -> str:
    return f"{fraction:.6g}" if fraction.is_finite() else str(fraction)


def _finite(fraction: Decimal) -> Decimal | None:
    return fraction if fraction.is_finite() else None

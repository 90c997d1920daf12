"""A stop or target that a strategy gives with one entry, and that no price can be worked out of."""

from __future__ import annotations

import pytest

from tests.core.builders import D, quote, signal, situation
from tradebot.core.model.plan import Denial
from tradebot.core.model.signals import ExitPolicy
from tradebot.core.planning.entries import plan

SOUND = ExitPolicy(stop=D("0.02"))


def denials(stop: str | None, target: str | None) -> list[Denial]:
    """The denials of an entry with this stop and target, once a sound entry beside it was planned all the same."""
    policy = ExitPolicy(stop=stop and D(stop), target=target and D(target))  # type: ignore[arg-type]
    planned = plan(situation([signal(policy=policy), signal("MSFT", policy=SOUND)]))
    assert "MSFT" in {entry.symbol for entry in planned.entries}
    assert {denial.symbol for denial in planned.denials} <= {"AAPL"}
    assert bool(planned.denials) is ("AAPL" not in {entry.symbol for entry in planned.entries})
    return list(planned.denials)


@pytest.mark.parametrize("stop", ["NaN", "Infinity", "-Infinity", "0", "-0.03", "1", "1.5", "1E+300"])
def test_a_stop_that_is_no_fraction_denies_its_entry_alone(stop: str) -> None:
    (denial,) = denials(stop, None)
    assert denial.code.value == "INVALID_STOP"
    finite = D(stop).is_finite()
    assert (denial.value, denial.limit) == (D(stop) if finite else None, D(1))
    assert denial.message.endswith("; it is a fraction of the price and must be between 0 and 1")


@pytest.mark.parametrize("target", ["NaN", "Infinity", "0", "-0.03", "1000.000001", "1E+300"])
def test_a_target_that_is_no_fraction_denies_its_entry_alone(target: str) -> None:
    (denial,) = denials("0.02", target)
    assert denial.code.value == "INVALID_TARGET"
    assert denial.value == (D(target) if D(target).is_finite() else None)
    assert denial.limit == 1000


def test_both_are_told() -> None:
    assert [denial.code.value for denial in denials("NaN", "NaN")] == ["INVALID_STOP", "INVALID_TARGET"]


def test_the_numbers_are_in_the_message() -> None:
    (denial,) = denials("1.25", None)
    assert denial.message.startswith("the strategy's stop is 1.25;")
    (denial,) = denials("NaN", None)
    assert denial.message.startswith("the strategy's stop is NaN;")


@pytest.mark.parametrize(("stop", "target"), [(None, None), ("0.000001", "0.000001"), ("0.999999", "1000")])
def test_every_fraction_within_the_limits_is_taken(stop: str | None, target: str | None) -> None:
    assert denials(stop, target) == []


def test_an_entry_without_a_price_is_told_of_its_stop_too() -> None:
    entering = signal(policy=ExitPolicy(stop=D("NaN")))
    planned = plan(situation([entering], quotes={"AAPL": quote(last="0")}))
    assert {"NO_PRICE", "INVALID_STOP"} <= {denial.code.value for denial in planned.denials}

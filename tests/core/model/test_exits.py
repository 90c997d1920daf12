"""The words for exits."""

from __future__ import annotations

import pytest

from tradebot.core.model.exits import ExitKind, stored_kind


@pytest.mark.parametrize(
    ("reason", "kind"),
    [
        ("exit signal: told to leave", ExitKind.SIGNAL),
        ("exit signal", ExitKind.SIGNAL),
        ("time exit: held for 3 of at most 3 sessions", ExitKind.TIME),
        ("stop", ExitKind.STOP),
        ("price 94 is beyond the stop 95, which is missing at the broker", ExitKind.STOP),
        ("trailing stop: 59.7 is through 60 before the stop was raised", ExitKind.TRAILING_STOP),
        ("target", ExitKind.TARGET),
        ("emergency stop", ExitKind.EMERGENCY_STOP),
        ("close", ExitKind.EMERGENCY_STOP),
        ("closed outside tradebot", ExitKind.OUTSIDE),
        ("merger for cash", ExitKind.CORPORATE_ACTION),
        ("recovered by rebuild: why it was sent is not known", None),
        ("a fill was busted", None),
        ("", None),
    ],
)
def test_reasons_of_earlier_versions_tell_their_kind(reason: str, kind: ExitKind | None) -> None:
    assert stored_kind(reason) is kind


def test_every_kind_has_a_word_of_its_own() -> None:
    assert len({kind.text for kind in ExitKind}) == len(ExitKind)

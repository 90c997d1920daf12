"""What mutations take out is there to be taken out."""

from __future__ import annotations

import pytest

from tests.worlds.targets import Target


@pytest.mark.parametrize("target", Target)
def test_each_target_is_a_function(target: Target) -> None:
    assert callable(target.function)

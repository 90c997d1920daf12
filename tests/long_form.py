"""Cases of a test that `python -m pytest --long` tries and CI does not, which tries a few of each kind."""

from __future__ import annotations

from typing import Any

import pytest


def long(*case: Any) -> Any:
    """A case of the long form, as ``pytest.param`` takes its values."""
    return pytest.param(*case, marks=pytest.mark.long)


def every(step: int, *cases: Any) -> list[Any]:
    """The cases, of which the short form tries the first and each ``step``-th after it. A tuple is a case of values."""
    each = [case if isinstance(case, tuple) else (case,) for case in cases]
    return [pytest.param(*case) if number % step == 0 else long(*case) for number, case in enumerate(each)]

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from tradebot.core.model.limits import LimitUsed


def test_the_share_of_a_limit_that_is_used() -> None:
    three = LimitUsed("MAX_POSITIONS", Decimal(3), Decimal(5))
    assert three.share == Decimal("0.6")
    assert replace(three, limit=Decimal(0)).share == 1, "any use of a limit of 0 uses it up"
    assert replace(three, used=Decimal(0), limit=Decimal(0)).share == 0

from __future__ import annotations

from datetime import date
from decimal import Decimal

from tradebot.core.model.limits import LimitUsed
from tradebot.core.results.period_lines import limit_lines

D = Decimal


def test_the_highest_use_counts_against_its_setting_then() -> None:
    uses = [
        (date(2007, 1, 3), LimitUsed("MAX_POSITIONS", D(4), D(5))),
        (date(2007, 1, 4), LimitUsed("MAX_POSITIONS", D(6), D(10))),  # the limit was raised
        (date(2007, 1, 5), LimitUsed("DAILY_LOSS_LIMIT_PCT", D("0.03"), D("0.03"))),
        (date(2007, 1, 8), LimitUsed("MAX_POSITIONS", D(4), D(5))),
    ]
    loss, positions = limit_lines(uses)
    assert (loss.setting, loss.share, loss.session) == ("DAILY_LOSS_LIMIT_PCT", D(1), date(2007, 1, 5))
    assert (positions.value, positions.limit, positions.share, positions.session) == (
        D(4),
        D(5),
        D("0.8"),
        date(2007, 1, 3),
    )
    assert limit_lines([]) == ()

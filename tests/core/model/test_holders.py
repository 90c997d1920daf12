"""Who has an account, for people."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from tradebot.core.model.holders import Holder

SINCE = datetime(2026, 1, 2, 14, 35, 2, tzinfo=UTC)


def test_a_holder_is_told_with_its_age_and_the_host_that_is_not_this_one() -> None:
    holder = Holder(17, "run-daily", SINCE, "server")
    here = "pid 17, `tradebot run-daily`, since 09:35:02 New York time"
    assert holder.text("server") == here
    assert holder.text("laptop") == f"{here}, on server"
    for seconds, age in ((-1, "0 s"), (119, "119 s"), (120, "2 min"), (7199, "119 min"), (7200, "2 h")):
        assert holder.text("server", SINCE + timedelta(seconds=seconds)) == f"{here} ({age})"

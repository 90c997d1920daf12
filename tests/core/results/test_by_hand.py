"""What is left for a person to do at the broker."""

from __future__ import annotations

from dataclasses import replace

from tests.core.builders import NOW, TODAY, D, holding, intent, position, stop
from tradebot.core.model.orders import OrderState
from tradebot.core.results.by_hand import by_hand_lines
from tradebot.core.results.stop_outcome import StopLine
from tradebot.core.safety.bare_time import BarePeriod
from tradebot.core.safety.last_known import LastKnown

KNOWN = LastKnown(
    NOW,
    positions=(position("AAPL", price="51"),),
    holdings=(holding("AAPL"), holding("MSFT")),
    bare=(
        BarePeriod(TODAY, "trend", "MSFT", D(100), D(5000), NOW),
        BarePeriod(TODAY, "trend", "NEW", D(7), D(70), NOW),
    ),
    stops=(stop("AAPL"),),
    unsettled=(intent("IBM", state=OrderState.ACCEPTED), intent("KO", state=OrderState.UNKNOWN), intent("GE")),
)


def told(close: bool) -> dict[str, tuple[str, str]]:
    lines: tuple[StopLine, ...] = tuple(by_hand_lines(KNOWN, close=close))
    return {line.symbol: (line.result, line.detail) for line in lines}


def test_entries_that_may_still_buy_are_to_be_cancelled() -> None:
    assert told(close=False)["IBM"] == ("left to you", "cancel buy 100 IBM in the broker's app")
    assert told(close=False)["KO"][1].endswith("if it is there: nobody saw whether it arrived")
    assert "GE" not in told(close=False)  # it never left


def test_positions_are_to_be_sold_where_that_was_asked_for() -> None:
    lines = told(close=True)
    assert lines["AAPL"] == ("left to you", "cancel its stop at 49, then sell 100 AAPL in the broker's app")
    assert lines["MSFT"] == ("left to you", "sell 100 MSFT in the broker's app")


def test_nothing_on_paper_is_to_be_done_in_the_broker_s_app() -> None:
    on_paper = [
        line.detail for close in (True, False) for line in by_hand_lines(replace(KNOWN, on_paper=True), close=close)
    ]
    assert not any("app" in detail for detail in on_paper)
    assert "sell 100 MSFT on paper, once you have logged in" in on_paper


def test_positions_keep_the_stop_that_was_seen_and_what_was_bare_is_left_to_the_person() -> None:
    lines = told(close=False)
    assert lines["AAPL"] == ("left open with its stop", "its stop at 49 rested when last seen")
    assert lines["MSFT"] == ("left to you", "no stop was seen: set one at 49 or sell in the broker's app")
    assert lines["NEW"][0] == "left to you"


def test_a_position_is_valued_at_the_newest_known_price() -> None:
    values = {line.symbol: line.dollars for line in by_hand_lines(KNOWN, close=False)}
    assert (values["AAPL"], values["MSFT"]) == (D(5100), D(5000))

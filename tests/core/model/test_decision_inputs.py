"""Which symbols' bars are not those that were decided on."""

from __future__ import annotations

from tradebot.core.model.decision_inputs import BarsSeen


def test_a_symbol_is_revised_where_its_bars_have_another_digest_or_none() -> None:
    seen = BarsSeen(250, None, {"AAPL": "a", "IBM": "b", "MSFT": "c"})
    assert seen.revised({"AAPL": "a", "IBM": "x", "NEW": "n"}) == ("IBM", "MSFT")

from __future__ import annotations

from tests.core.builders import D
from tradebot.core.model.orders import Purpose
from tradebot.core.model.plan import Denial, DenialCode
from tradebot.core.risk.objection import Objection


def test_a_denial_names_the_strategy_the_symbol_and_the_numbers() -> None:
    objection = Objection(DenialCode.MAX_POSITIONS, lambda: "too many", D(11), D(10))
    assert objection.denial("trend", "MSFT", Purpose.ENTRY) == Denial(
        DenialCode.MAX_POSITIONS, "trend", "MSFT", Purpose.ENTRY, "too many", D(11), D(10)
    )


def test_a_sentence_that_nobody_reads_is_not_made() -> None:
    told: list[str] = []

    def sentence() -> str:
        told.append("made")
        return "too many"

    objection = Objection(DenialCode.MAX_POSITIONS, sentence)
    assert not told
    assert objection.denial("trend", "MSFT", Purpose.ENTRY).message == "too many"

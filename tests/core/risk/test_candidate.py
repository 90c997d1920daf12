from __future__ import annotations

import pytest

from tests.core.builders import D, limits_with, order_id, signal
from tradebot.core.model.orders import Purpose
from tradebot.core.model.plan import Denial, DenialCode
from tradebot.core.risk.candidate import Candidate, EntryTerms
from tradebot.core.risk.order_checks import Objection
from tradebot.core.risk.sizing import Cap, Size

CANDIDATE = Candidate(signal("MSFT"), order_id("MSFT"), None)


@pytest.mark.parametrize(("price", "shares"), [("30", 4), ("25", 4), ("250", 1)])
def test_the_smallest_order_is_whole_shares_worth_the_minimum(price: str, shares: int) -> None:
    terms = EntryTerms(D(price), D(price) - 1, None, Size(D(10), Cap.ORDER_VALUE))
    assert terms.smallest_order(limits_with(min_order_value=D(100))) == shares
    assert terms.value == 10 * D(price)


def test_a_denial_names_the_strategy_the_symbol_and_the_numbers() -> None:
    denial = CANDIDATE.denied(DenialCode.MAX_POSITIONS, "too many", D(11), D(10))
    assert denial == Denial(DenialCode.MAX_POSITIONS, "trend", "MSFT", Purpose.ENTRY, "too many", D(11), D(10))


def test_an_objection_becomes_a_denial_and_none_becomes_none() -> None:
    assert CANDIDATE.denied_by(None) is None
    objection = Objection(DenialCode.PRICE_COLLAR, "too far", D("0.1"), D("0.05"))
    assert CANDIDATE.denied_by(objection) == objection.denial("trend", "MSFT", Purpose.ENTRY)

"""A denial in few words tells its figures in their unit."""

from __future__ import annotations

import pytest

from tests.core.builders import D
from tradebot.core.model.plan import DenialCode
from tradebot.core.results.denial_words import denial_text


@pytest.mark.parametrize(
    ("code", "value", "limit", "text"),
    [
        (DenialCode.MAX_ORDER_VALUE, "12000", "10000", "order $12,000.00 of at most $10,000.00"),
        (DenialCode.MIN_ORDER_VALUE, "80", "100", "order $80.00 of at least $100.00"),
        (DenialCode.BUYING_POWER, "1200.5", "1000", "order $1,200.50 and buying power $1,000.00"),
        (DenialCode.DAILY_LOSS, "0.0312", "0.03", "lost today 3.12% of at most 3%"),
        (DenialCode.MAX_POSITIONS, "11", "10", "positions: 11 of at most 10"),
        (DenialCode.MAX_ORDER_ADV, "12000", "10500.5", "shares: 12,000 of at most 10500.5"),
        (DenialCode.PRICE_COLLAR, None, "0.05", "price too far off"),
        (DenialCode.MAX_GROSS_EXPOSURE, None, "100000", "all positions"),
        (DenialCode.SYMBOL_OWNED, None, None, "another owns it"),
        ("OF_A_LATER_VERSION", "1", "2", "OF_A_LATER_VERSION"),
    ],
)
def test_a_denial_in_few_words(code: str, value: str | None, limit: str | None, text: str) -> None:
    assert denial_text(code, D(value) if value else None, D(limit) if limit else None) == text


@pytest.mark.parametrize("code", DenialCode)
def test_every_code_has_words_of_its_own_and_no_code_is_told(code: DenialCode) -> None:
    told = denial_text(code, D(2), D(1))
    assert code not in told
    assert denial_text(code, None, None) == denial_text(code, None, None).lower()

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradebot.core.model.values import (
    after_split,
    canonical,
    dollars,
    percent,
    pro_rata,
    tick_down,
    tick_size,
    tick_up,
    to_cents,
    to_tick,
    whole_shares,
    without_dust,
)

D = Decimal
NUMBERS = st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**12), max_value=10**12)
PRICES = st.decimals(min_value="0.0001", max_value="100000", places=8)


@given(NUMBERS)
def test_canonical_text_reads_back_as_the_same_number(number: Decimal) -> None:
    assert Decimal(canonical(number)) == number


@given(st.decimals(min_value=-(10**9), max_value=10**9, places=6))
def test_equal_numbers_have_one_text_without_exponent_or_idle_zeros(number: Decimal) -> None:
    text = canonical(number)
    assert canonical(number.normalize()) == text
    assert "E" not in text.upper()
    assert not ("." in text and text.endswith(("0", ".")))


@pytest.mark.parametrize(
    ("number", "text"),
    [("10", "10"), ("10.00", "10"), ("1E+2", "100"), ("-0.00", "0"), ("0.50", "0.5"), ("1E-7", "0.0000001")],
)
def test_canonical_examples(number: str, text: str) -> None:
    assert canonical(D(number)) == text


@given(PRICES)
def test_ticks_surround_a_price(price: Decimal) -> None:
    assert tick_down(price) <= price <= tick_up(price)
    assert tick_up(price) - tick_down(price) in (0, tick_size(price))
    assert to_tick(price) in (tick_down(price), tick_up(price))


@pytest.mark.parametrize(("price", "tick"), [("1", "0.01"), ("250", "0.01"), ("0.9999", "0.0001")])
def test_the_tick_is_a_cent_from_one_dollar_up(price: str, tick: str) -> None:
    assert tick_size(D(price)) == D(tick)


def test_ties_round_to_even() -> None:
    assert (to_tick(D("10.005")), to_tick(D("10.015"))) == (D("10.00"), D("10.02"))
    assert (to_cents(D("0.125")), to_cents(D("0.135"))) == (D("0.12"), D("0.14"))


def test_whole_never_rounds_up() -> None:
    assert whole_shares(D("9.999999999")) == 9


@given(
    amount=st.decimals(min_value=0, max_value=10000, places=4),
    parts=st.lists(st.integers(1, 10_000), min_size=1, max_size=8),
)
def test_shares_of_a_fee_give_it_out_to_the_last_cent(amount: Decimal, parts: list[int]) -> None:
    left, of = amount, D(sum(parts))
    given_out = []
    for part in parts:
        piece = pro_rata(left, D(part), of)
        given_out.append(piece)
        left, of = left - piece, of - part
    assert sum(given_out) == amount
    assert left == 0
    assert all(piece >= 0 for piece in given_out)


def test_dust_is_swept_and_cents_stay() -> None:
    assert without_dust(D("12.340000000000000000000000001")) == D("12.34")
    assert without_dust(D("0.00000001")) == D("0.00000001")


def test_words_for_people() -> None:
    assert (dollars(D("1234.5")), dollars(D(-3))) == ("$1,234.50", "-$3.00")
    assert (percent(D("0.0325")), percent(D("0.1")), percent(D(1))) == ("3.25%", "10%", "100%")


def test_after_a_split_a_price_is_on_a_tick_and_never_0() -> None:
    assert after_split(D("10"), D("7")) == D("1.43")
    assert after_split(D("0.0001"), D("7")) == D("0.0001")

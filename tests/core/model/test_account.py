from __future__ import annotations

from tests.core.builders import NOW, TODAY, D, cash, fill, split
from tradebot.core.model.account import Adjustment, CashKind, FillBust, id_of


def test_only_what_the_owner_moves_is_external() -> None:
    assert {kind for kind in CashKind if kind.is_external} == {CashKind.DEPOSIT, CashKind.WITHDRAWAL}


def test_everything_that_is_booked_has_an_id() -> None:
    bust, adjustment = FillBust("x1", "f1", NOW, TODAY), Adjustment("a1", "AAPL", D(1), D(50), D(0), "why", NOW, TODAY)
    assert [id_of(each) for each in (fill(), cash("1"), split("2", "1", "2"), bust, adjustment)] == [
        *("f1", "c1", "s1", "x1", "a1"),
    ]

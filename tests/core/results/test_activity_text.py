"""Each kind of activity is named with what a person looks for in it."""

from __future__ import annotations

from dataclasses import replace

from tests.core.builders import NOW, TODAY, D, cash, fill
from tradebot.core.model.account import ActionKind, CashKind, FillBust, Reorganisation, SplitEvent
from tradebot.core.model.orders import Side
from tradebot.core.results.activity_text import activity_text


def test_each_kind_in_words() -> None:
    renamed = Reorganisation("n1", ActionKind.NAME_CHANGE, "AAPL", "APPL", D(1), D(50), D(50), D(0), NOW, TODAY)
    said = {
        activity_text(fill("f1", Side.BUY, "50", "1100.5")): f"bought 50 AAPL at 1,100.50 on {TODAY}",
        activity_text(fill("f2", Side.SELL, "2", "90")): f"sold 2 AAPL at 90.00 on {TODAY}",
        activity_text(cash("15000", CashKind.DEPOSIT)): f"deposit $15,000.00 on {TODAY}",
        activity_text(replace(cash("1.2"), symbol="KO")): f"dividend of KO $1.20 on {TODAY}",
        activity_text(SplitEvent("s1", "AAPL", D(2), D(50), D(100), NOW, TODAY)): (
            f"split of AAPL on {TODAY}, 50 shares to 100"
        ),
        activity_text(renamed): f"AAPL: name change to APPL on {TODAY} (50 shares of it, 50 of APPL)",
        activity_text(FillBust("b1", "f1", NOW, TODAY)): "bust of the fill f1",
    }
    assert list(said) == list(said.values())

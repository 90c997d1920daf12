"""The pages of trades, fills, positions and orders."""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal

import pytest

from tests.reports.builders import POSITION
from tests.reports.conftest import NOON, SESSION, Terminal
from tradebot.core.accounting.performance import Totals
from tradebot.core.model.orders import OrderState, OrderType, Purpose, Side
from tradebot.core.results.listings import FillLine, ListedOrder, Listing, Selection, TradeLine, TradeListing
from tradebot.reports.layout import Page
from tradebot.reports.pages.listings import fills_page, orders_page, positions_page, trades_page
from tradebot.reports.terminal import draw

FILL = FillLine(
    NOON, SESSION, "BRK.B", Side.SELL, Decimal("1250.5"), Decimal("3210.4575"), Decimal("3211.10"), Decimal("1.25"),
    "a_strategy_with_the_longest_of_names_yet", "F1", "an id",
)  # fmt: skip


@pytest.fixture(params=[60, 80, 140])
def width(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setenv("COLUMNS", str(request.param))
    return int(request.param)


def seen(page: Page) -> list[str]:
    """The lines of a page on a terminal, without colours."""
    return re.sub(r"\x1b\[[0-9;]*m", "", draw(page, Terminal())).splitlines()


def test_a_fill_is_one_line_without_a_cut_figure(width: int) -> None:
    page = fills_page(Listing(Selection(), (FILL, replace(FILL, planned_price=None)), more=True))
    _, title, names, _, first, second, more = seen(page)
    assert title == "Fills, New York time"
    words = first.split()
    assert words[:6] == ["2007-01-03", "12:00", "BRK.B", "sell", "1250.5", "3210.4575"]
    assert ("strategy" in names) == (FILL.strategy in first) == (width == 140)
    assert "planned" not in names or "3211.10" in first
    assert len(first) <= width
    assert "…" not in first
    assert more == "  These are the newest 2: a larger --limit shows more."
    assert second


def test_a_listing_of_nothing_says_so(width: int) -> None:
    assert seen(fills_page(Listing(Selection(), (), notes=("no fill yet",))))[-1] == "  no fill yet"


def test_a_round_trip_is_one_line_and_the_totals_are_one(width: int) -> None:
    over = TradeLine(
        "rsi2_mean_reversion", "AAPL", Side.BUY, Decimal(50), Decimal("1093.15"), Decimal("1094.19"), Decimal("-52.5"),
        Decimal(2), NOON, NOON, SESSION, SESSION, 1, 2, "exit signal: close above SMA5",
    )  # fmt: skip
    short = replace(over, side=Side.SELL, pnl=Decimal("1052.5"))
    totals = Totals(2, 1, 1, Decimal("1052.5"), Decimal("52.5"), Decimal(4), Decimal("1052.5"), Decimal("-52.5"))
    text = seen(trades_page(TradeListing(Selection(), (over, short), totals=totals)))
    first, second = text[4:6]
    assert first.split()[:6] == ["2007-01-03", "AAPL", "50", "1093.15", "1094.19", "-52.50"]
    assert second.split()[2] == "-50"
    assert ("exit signal" in first) == (width == 140)
    assert ("rsi2_mean_reversion" in first) == (width > 60)
    assert max(map(len, text)) <= width
    said = " ".join(" ".join(text[6:]).split())
    assert said == "2 round trips, 50.0% won, P&L +1,000.00, profit factor 20.05, fees 4.00"


def test_an_open_round_trip_has_no_exit(width: int) -> None:
    one = TradeLine(
        "rsi2_mean_reversion", "AAPL", Side.BUY, Decimal(50), Decimal("93.15"), None, Decimal(0), Decimal(1), NOON,
        None, SESSION, None, 1, 0, "",
    )  # fmt: skip
    text = seen(trades_page(TradeListing(Selection(only_open=True), (one,))))
    assert text[1] == "Open round trips"
    assert text[4].split()[:4] == ["2007-01-03", "AAPL", "50", "93.15"]
    assert len(text) == 5


ORDER = ListedOrder(
    NOON, "BRK.B", Side.SELL, Decimal(1250), Decimal(0), OrderType.STOP, None, Decimal("3211.10"), None,
    OrderState.ACCEPTED, True, Purpose.STOP, "rsi2_mean_reversion", "", "an id", "O-1",
)  # fmt: skip


def test_an_order_is_one_line_with_what_became_of_it(width: int) -> None:
    part = replace(ORDER, filled_quantity=Decimal(50), state=OrderState.PARTIALLY_FILLED)
    over = replace(ORDER, is_open=False)
    rows = (ORDER, replace(over, state=OrderState.FILLED), replace(over, state=OrderState.UNKNOWN), part)
    text = seen(orders_page(Listing(Selection(), rows)))
    assert text[4].startswith("  2007-01-03 12:00  sell 1250 BRK.B stop 3211.10  open")
    states = [line.partition("3211.10  ")[2] for line in text[4:]]
    assert [state.partition("  ")[0].strip() for state in states] == ["open", "filled", "unknown", "50 filled"]
    assert max(map(len, text)) <= width
    market = replace(ORDER, type=OrderType.MARKET, stop_price=None)
    assert "sell 1250 BRK.B market" in seen(orders_page(Listing(Selection(), (market,))))[4]


def test_what_was_known_last_begins_with_why_and_of_when(width: int) -> None:
    found = Listing(Selection(), (POSITION,), known_at=NOON, trouble="nobody answers")
    text = " ".join(" ".join(seen(positions_page(found))).split())
    assert text.startswith(
        "The broker could not be asked: nobody answers This is what was known at 2007-01-03 12:00 EST."
    )
    assert "AAPL 10 26.00 +9.00 24.85" in text
    assert "If every stop" not in text


def test_positions_end_with_what_the_stops_would_lose() -> None:
    known = replace(POSITION, to_stop=Decimal("11.5"), bare=Decimal(0))
    lines = (known, replace(POSITION, protected=False, to_stop=Decimal(0), bare=Decimal(260)))
    text = " ".join(" ".join(seen(positions_page(Listing(Selection(), lines)))).split())
    assert (
        "271.50 is lost from here, 260.00 of it shares without a stop, in full. A gap through a stop loses more" in text
    )
    assert "NO STOP" in text

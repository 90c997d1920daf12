"""What is said of an account whose broker cannot be asked any more."""

from __future__ import annotations

from tests.core.builders import NOW, TODAY, D
from tradebot.core.safety.bare_time import BarePeriod
from tradebot.core.safety.last_known import LastKnown, bare_text, is_on_paper

BARE = (
    BarePeriod(TODAY, "trend", "AAPL", D(100), D(5100), NOW),
    BarePeriod(TODAY, "trend", "MSFT", D(10), D(300), NOW),
)


def test_what_was_last_seen_bare_is_told_in_dollars() -> None:
    told = bare_text(LastKnown(NOW, bare=BARE))
    assert "$5,100.00 of AAPL (100 shares of trend)" in told
    assert "$5,400.00 in all" in told


def test_it_is_said_when_the_account_was_seen_last_or_that_it_never_was() -> None:
    assert bare_text(LastKnown(NOW)).startswith("No share of ours was without a stop (as last seen ")
    assert "as last seen" in LastKnown(NOW).when


def test_an_account_on_paper_is_known_by_its_key() -> None:
    assert is_on_paper("robinhood:paper:PAPER-0001")
    assert not is_on_paper("robinhood:live:123456789")
    assert bare_text(LastKnown(NOW, bare=BARE, on_paper=True)).endswith("sell on paper, once you have logged in.")


def test_nothing_is_claimed_of_an_account_that_was_never_looked_at() -> None:
    """The ledger may be lost, and shares bare at the broker."""
    told = bare_text(LastKnown())
    assert told == (
        "Whether shares of ours are without a stop is not known here: look in the broker's app."
        " Stops that rest at the broker go on resting."
    )

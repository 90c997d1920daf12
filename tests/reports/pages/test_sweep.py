"""What the page of a sweep says of the highest variant, and what it leaves out."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.reports.sweeps import outcome
from tradebot.reports.layout import Page, Table, Tone
from tradebot.reports.pages.sweep import MOST_LISTED, conclusion, short_names, sweep_page


def texts(page: Page) -> str:
    return "\n".join(getattr(block, "text", "") for block in page)


@pytest.mark.parametrize(
    ("deflated", "pbo", "says", "tone"),
    [
        (0.94, 0.1, "it may be luck", Tone.WARN),
        (0.96, 0.1, "more than luck shows", Tone.GOOD),
        (0.96, 0.5, "fails in other sessions", Tone.WARN),
        (0.96, None, "is not known", Tone.WARN),
    ],
)
def test_the_highest_is_called_luck_unless_both_figures_speak_for_it(
    deflated: float, pbo: float | None, says: str, tone: Tone
) -> None:
    found = outcome(deflated, pbo)
    said, with_tone = conclusion(found)
    assert says in said and with_tone is tone
    assert "own.days=2, own.stop=0.01" in said
    assert "best" not in texts(sweep_page(found)).lower()


def test_each_variant_stands_beside_its_deflated_ratio_and_the_record_it_takes() -> None:
    page = sweep_page(outcome(folds=2))
    ranked, folds = (block for block in page if isinstance(block, Table))
    assert ranked.rows[0][:5] == ("2", "0.01", "1.50", "0.40", "1,235")
    assert [row[2] for row in ranked.rows] == ["1.50", "1.40", "1.30", "1.20", "1.10"]
    assert len(folds.rows) == 2
    said = texts(page)
    assert "in 60% of 12,870 splits" in said
    assert "own.days: 2 → 2" in said
    assert "own.days=10, own.stop=0.03: own failed" in said
    assert "own does not keep its promises" in said
    assert "2 results taken from the store" in said
    assert "3 of 3 symbols survive to the end: this universe was chosen with today's knowledge" in said


def test_a_walk_forward_that_could_not_be_made_says_why() -> None:
    said = texts(sweep_page(replace(outcome(), untested="the test of fold 2 was not run")))
    assert "none: the test of fold 2 was not run" in said
    assert "none:" not in texts(sweep_page(outcome()))


def test_parameters_stand_without_their_strategy_where_that_is_clear() -> None:
    assert short_names(("own.days", "own.stop")) == ("days", "stop")
    assert short_names(("own.stop", "other.stop")) == ("own.stop", "other.stop")


def test_a_page_is_no_longer_than_a_screen_or_two() -> None:
    found = outcome()
    many = replace(found, ranking=found.ranking[:1] * 50, variants=60)
    said = texts(sweep_page(many))
    assert f"{50 - MOST_LISTED} more" in said
    assert "stopped after 50 of 60 variants" in said


def test_without_a_figure_it_says_so() -> None:
    found = outcome()
    assert conclusion(replace(found, ranking=found.ranking[-1:])) == ("no variant has a figure", Tone.BAD)
    assert conclusion(replace(found, ranking=()))[1] is Tone.BAD

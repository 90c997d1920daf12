"""What a report does not tell."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.reports.conftest import Place
from tradebot.reports.html_report.masking import masked_account, masker


def test_the_account_shows_its_last_characters() -> None:
    assert masked_account("PAPER-0001") == "…0001"
    assert masked_account("PA3X1Y2Z") == "…1Y2Z"
    assert masked_account("AB12CD") == "…"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("halt of PAPER-0001: see /home/me/desk/state/HALT", "halt of …0001: see (path)"),
        ("at /home/me/desk, /home/me/desk/logs/a.log", "at (path), (path)"),
        ("~/notes/why.txt, C:\\Users\\Jane\\why.txt; and/or", "(path), (path); and/or"),
        ("P&L 3/4, 2024/05/06, https://example.com/a/b/c", "P&L 3/4, 2024/05/06, https://example.com/a/b/c"),
        ("BRK/B and a / b / c", "BRK/B and a / b / c"),
        ("the key K-SECRET", "the key ***"),
    ],
)
def test_account_paths_and_secrets_are_masked(text: str, told: str) -> None:
    assert masker(Place(), lambda value: value.replace("K-SECRET", "***"))(text) == told


def test_a_home_with_blanks_in_its_name_is_masked_whole() -> None:
    where = Place(home=Path("/Users/Jane Doe/my desk"))
    assert masker(where, str)("the file /Users/Jane Doe/my desk/state/HALT is there") == "the file (path) is there"

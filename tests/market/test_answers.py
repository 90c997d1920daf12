"""What is asked of a price file, and the file of answers beside it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tradebot.errors import ConfigError
from tradebot.market.answers import answers_file, answers_text, read_answers
from tradebot.market.price_file import PriceFile, unanswered

WriteFile = Callable[..., Path]

DAYS = ("2007-01-03", "2007-01-04", "2007-01-05", "2007-01-08", "2007-01-09", "2007-01-10", "2007-01-11", "2007-01-12")


def row(symbol: str, day: str, close: float) -> str:
    return f"{symbol},{day},{close},{close},{close},{close},100"


def stays(days: tuple[str, ...] = DAYS) -> list[str]:
    return [row("STAY", day, 50) for day in days]


def confirm(prices: Path, actions: Path | None = None) -> None:
    answers_file(prices).write_text(answers_text(unanswered(prices, actions)))


def test_a_confirmed_jump_is_no_problem_as_long_as_its_closes_stay(bars_file: WriteFile) -> None:
    prices = bars_file(row("LEH", DAYS[0], 3.65), row("LEH", DAYS[1], 0.21))
    (question,) = unanswered(prices, None)
    assert question.what == "the close of LEH goes from 3.65 to 0.21 on 2007-01-04, and no split explains it"
    confirm(prices)
    assert unanswered(prices, None) == []
    assert len(list(PriceFile(prices).bars())) == 2

    bars_file(row("LEH", DAYS[0], 3.65), row("LEH", DAYS[1], 0.2))
    with pytest.raises(ConfigError, match="no split explains it"):
        list(PriceFile(prices).bars())


def test_a_symbol_that_ends_six_sessions_before_the_file_is_asked_about(bars_file: WriteFile) -> None:
    still_there = [row("GONE", day, 20) for day in DAYS[:3]]
    assert unanswered(bars_file(*still_there, *stays()), None) == []
    (question,) = unanswered(bars_file(*still_there[:2], *stays()), None)
    assert question.what == "the bars of GONE end on 2007-01-04 at 20, and no corporate action says why"


def test_a_confirmed_end_is_a_delisting_at_the_last_close(bars_file: WriteFile) -> None:
    prices = bars_file(row("GONE", DAYS[0], 20), row("GONE", DAYS[1], 21.5), *stays())
    before = PriceFile(prices).fingerprint()
    confirm(prices)
    assert PriceFile(prices).fingerprint() != before  # the exchange reads the file again
    (action,) = PriceFile(prices).actions()
    assert (action.symbol, f"{action.ex_date}", action.kind) == ("GONE", DAYS[2], "delisting")
    assert f"{action.value}" == "21.5"


def test_an_action_that_ends_the_symbol_answers_it(bars_file: WriteFile, actions_file: WriteFile) -> None:
    prices = bars_file(row("GONE", DAYS[0], 20), *stays())
    assert unanswered(prices, actions_file(f"GONE,{DAYS[4]},cash_merger,22")) == []
    assert len(unanswered(prices, actions_file("STAY,2007-01-04,dividend,1"))) == 1


def test_an_end_that_later_bars_deny_ends_nothing(bars_file: WriteFile) -> None:
    prices = bars_file(row("GONE", DAYS[0], 20), *stays())
    confirm(prices)
    bars_file(row("GONE", DAYS[0], 20), row("GONE", DAYS[7], 20), *stays())
    assert PriceFile(prices).actions() == ()


@pytest.mark.parametrize(
    "content", ["symbol,date,kind,before,close\nLEH,yesterday,jump,1,2\n", "nothing\nof ours\n", "", "\x00"]
)
def test_a_damaged_file_of_answers_is_one_clear_problem(content: str, bars_file: WriteFile) -> None:
    prices = bars_file(*stays())
    answers_file(prices).write_text(content)
    with pytest.raises(ConfigError) as caught:
        read_answers(prices)
    assert str(answers_file(prices)) in str(caught.value)
    with pytest.raises(ConfigError, match="confirm again"):
        list(PriceFile(prices).bars())

"""What a command in all homes comes to."""

from __future__ import annotations

import pytest

from tradebot.core.results.home_places import AllHomesOutcome, HomeEnd, HomePlace, home_names, unreachable
from tradebot.errors import ExitCode


def ends(*codes: int) -> tuple[HomeEnd, ...]:
    return tuple(HomeEnd(f"/{number}", "desk", ExitCode(code), "") for number, code in enumerate(codes))


@pytest.mark.parametrize(
    ("codes", "unknown", "code", "headline"),
    [
        ((0, 0), (), 0, "done in 2 of 2 homes"),
        ((0, 6, 9), (), 9, "done in 1 of 3 homes"),
        ((3, 9), (), 3, "done in 0 of 2 homes"),
        ((0, 1), (), 1, "done in 1 of 2 homes"),
        ((0,), ("the list is damaged",), 9, "done in 1 of 1 home"),
        ((), (), 9, "no home is known: nothing was done"),
    ],
)
def test_the_code_is_that_of_the_worst_home(
    codes: tuple[int, ...], unknown: tuple[str, ...], code: int, headline: str
) -> None:
    outcome = AllHomesOutcome(ends(*codes), unknown)
    assert (outcome.exit_code, outcome.headline) == (code, headline)


def test_a_home_elsewhere_is_incomplete() -> None:
    places = (HomePlace("/a", "desk"), HomePlace("/b", "server", "it lies on server", is_here=False))
    assert unreachable(places) == (HomeEnd("/b", "server", ExitCode.INCOMPLETE, "it lies on server"),)


def test_homes_are_told_apart_by_as_many_parts_of_their_paths_as_it_takes() -> None:
    folders = ("/srv/a/home", "/srv/b/home", "/srv/live", "/", "C:\\Users\\me\\desk")
    assert home_names(folders) == ("a/home", "b/home", "live", "/", "desk")

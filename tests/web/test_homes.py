"""The names of the homes that are served."""

from __future__ import annotations

import time

from tradebot.core.results.home_places import HomePlace
from tradebot.web.homes import Homes, named


def places(*folders: str) -> tuple[HomePlace, ...]:
    return tuple(HomePlace(folder, "host") for folder in folders)


def test_a_name_is_as_much_of_the_path_as_tells_the_homes_apart() -> None:
    assert [home.name for home in named(places("/srv/a/home", "/srv/b/home", "/srv/live", "/"))] == [
        "a/home", "b/home", "live", "/",
    ]  # fmt: skip


def test_a_new_home_appears_and_no_request_waits_for_the_list() -> None:
    lists = [places("/a"), places("/a", "/b")]
    clock = [0.0]
    homes = Homes("/a", lambda: lists.pop(0), lambda: clock[0])
    assert [home.name for home in homes.all()] == ["a"] and len(lists) == 1
    clock[0] = 6.0
    assert [home.name for home in homes.all()] == ["a"], "as it was, until it is read"
    until = time.monotonic() + 10
    while len(homes.all()) == 1 and time.monotonic() < until:
        time.sleep(0.01)
    assert [home.name for home in homes.all()] == ["a", "b"]


def test_a_list_that_cannot_be_read_again_leaves_the_one_before() -> None:
    clock, reads = [0.0], 0

    def read() -> tuple[HomePlace, ...]:
        nonlocal reads
        reads += 1
        if reads > 1:
            raise OSError("gone")
        return places("/a")

    homes = Homes("/a", read, lambda: clock[0])
    clock[0] = 6.0
    until = time.monotonic() + 10
    while reads < 2 and time.monotonic() < until:
        assert [home.name for home in homes.all()] == ["a"]
        time.sleep(0.01)
    assert reads == 2 and [home.name for home in homes.all()] == ["a"]

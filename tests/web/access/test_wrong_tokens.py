"""How long the answer to a wrong token waits, and when it is told."""

from __future__ import annotations

from tradebot.web.access.wrong_tokens import WrongTokens


class Watch:
    """Seconds that pass when they are told to."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def test_each_wait_is_twice_the_one_before_up_to_eight_seconds() -> None:
    wrong = WrongTokens(Watch())
    assert [wrong.add("a").wait for _ in range(8)] == [0.25, 0.5, 1, 2, 4, 8, 8, 8]
    assert wrong.add("b").wait == 0.25, "another source"


def test_it_is_told_at_the_fifth_and_at_every_hundredth() -> None:
    wrong = WrongTokens(Watch())
    told = [penalty.wrong for _ in range(250) if (penalty := wrong.add("a")).is_alert]
    assert told == [5, 100, 200]


def test_a_source_that_gives_up_is_forgotten_after_a_quarter_of_an_hour() -> None:
    watch = Watch()
    wrong = WrongTokens(watch)
    wrong.add("a")
    watch.seconds = 899.0
    assert wrong.add("a").wrong == 2
    watch.seconds += 900.0
    assert wrong.add("a").wrong == 1


def test_a_thousand_sources_are_known_at_most_and_the_oldest_is_forgotten() -> None:
    wrong = WrongTokens(Watch())
    for number in range(1025):
        wrong.add(str(number))
    assert (wrong.add("1024").wrong, wrong.add("0").wrong) == (2, 1)


def test_only_some_answers_wait_at_once() -> None:
    wrong = WrongTokens(Watch())
    assert [wrong.begin_wait() for _ in range(17)] == [True] * 16 + [False]
    wrong.end_wait()
    assert wrong.begin_wait()

"""A value that is read in a thread of its own: who asks is held up for a moment, and a read that fails ends nothing."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest

from tradebot.web import latest
from tradebot.web.latest import Latest, of_now


def test_a_read_that_hangs_leaves_the_value_before_it_until_that_is_too_old(monkeypatch: pytest.MonkeyPatch) -> None:
    let_go, asked = threading.Event(), []

    def read() -> int:
        asked.append(1)
        if len(asked) > 1:
            let_go.wait(20)
        return len(asked)

    found = Latest("a number", read, 0.05)
    assert found.newest() is None
    first = found.get(10)
    assert first is not None and (first.value, of_now(first)) == (1, 1)
    assert of_now(found.get(10)) == 1 and len(asked) == 1, "it is fresh"
    time.sleep(0.1)
    began = time.monotonic()
    assert [of_now(found.get(0.05)) for _ in range(3)] == [1, 1, 1]
    assert (time.monotonic() - began < 5, len(asked)) == (True, 2), "one thread reads"
    monkeypatch.setattr(latest, "_HOLDS", 0.0)
    old = found.get(0)
    assert old is not None and (old.value, of_now(old)) == (1, None)
    monkeypatch.undo()
    let_go.set()
    assert of_now(found.get(10)) == 2


def test_a_read_that_fails_is_logged_and_tried_again(caplog: pytest.LogCaptureFixture) -> None:
    values: Iterator[int | OSError] = iter([OSError("no disk"), 3])

    def read() -> int:
        value = next(values)
        if isinstance(value, OSError):
            raise value
        return value

    found = Latest("a number", read, 0.05)
    assert found.get(10) is None
    assert "a number cannot be read" in caplog.text
    assert found.get(0) is None, "not at once"
    time.sleep(0.1)
    assert of_now(found.get(10)) == 3

"""Messages: signals cross unchanged, and an answer of any form is signals, a failure or a FrameError."""

from __future__ import annotations

import inspect
import json
import sys
from contextlib import suppress
from dataclasses import fields
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.plugins.process.test_framing import reading
from tradebot.plugins.errors import PluginError
from tradebot.plugins.process.framing import Frame, FrameError, encode_frame, read_frame
from tradebot.plugins.process.messages import answer_from, encode_answer, encode_failure
from tradebot.plugins.raw_signals import RawSignals
from tradebot.strategy_api import ExitPolicy

ENTRY = np.array([[True, False], [False, True]])
NUMBERS = np.array([[1.5, np.nan], [-np.inf, 1e-300]])

ANSWER = RawSignals(
    entry=ENTRY,
    exit=~ENTRY,
    score=NUMBERS,
    indicators={"a": NUMBERS, "entry": NUMBERS + 1},
    exits=ExitPolicy(stop=Decimal("0.02"), trail_trigger=Decimal("1E-7"), max_sessions=3, use_default_target=True),
    risk_pct=0.005,
    reason="{a:.2f}",
    exit_reason="",
    entry_texts={1: "a über b"},
    exit_texts={},
    stop=None,
    target=NUMBERS * 2,
)


def frame_of(content: bytes) -> Frame:
    return read_frame(reading(content), lambda: 1 << 20)


def test_an_answer_crosses_unchanged() -> None:
    crossed = answer_from(frame_of(encode_answer(ANSWER)))
    for field in fields(RawSignals):
        sent, received = getattr(ANSWER, field.name), getattr(crossed, field.name)
        if isinstance(sent, np.ndarray):
            np.testing.assert_array_equal(received, sent)
            assert received.dtype == sent.dtype
        elif field.name == "indicators":
            assert list(received) == list(sent)
            for name in sent:
                np.testing.assert_array_equal(received[name], sent[name])
        else:
            assert received == sent


def test_a_failure_is_raised_with_its_message_cut() -> None:
    with pytest.raises(PluginError, match=r"^line 8: ValueError$"):
        answer_from(frame_of(encode_failure("line 8: ValueError", "details")))
    with pytest.raises(PluginError) as caught:
        answer_from(frame_of(encode_failure("x" * 100_000, "")))
    assert len(str(caught.value)) == 1000
    with pytest.raises(PluginError, match=r"^one two  \[31mred$"):
        answer_from(frame_of(encode_failure("one\ntwo\r\x1b[31mred", "")))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


def _replaced(value: Any, path: list[int], by: Any) -> Any:
    """``value`` with the part at a path of positions replaced."""
    if not path or not isinstance(value, dict | list) or not value:
        return by
    keys = list(value) if isinstance(value, dict) else range(len(value))
    key = list(keys)[path[0] % len(value)]
    copy = value.copy()
    copy[key] = _replaced(value[key], path[1:], by)
    return copy


@given(st.lists(st.integers(0, 20), min_size=1, max_size=5), JSON)
def test_an_answer_with_any_part_replaced_is_no_trap(path: list[int], by: Any) -> None:
    frame = frame_of(encode_answer(ANSWER))
    header = _replaced(json.loads(json.dumps(frame.header)), path, by)
    if not isinstance(header, dict):
        return
    with suppress(FrameError, PluginError):
        assert isinstance(answer_from(frame_of(encode_frame(header, [bytes(frame.body)]))), RawSignals)


@pytest.mark.parametrize(
    "header",
    [
        {"fields": {}, "arrays": [["entry", "b", [float("inf")]]]},
        {"fields": {"failure": json.loads("[" * 300 + "]" * 300)}, "arrays": []},
        {"fields": {}, "arrays": [["entry", "b", json.loads("[" * 300 + "]" * 300)]]},
    ],
    ids=["infinite shape", "deep failure", "deep shape"],
)
def test_an_answer_that_defies_its_reading_is_told(header: dict[str, Any]) -> None:
    frame = Frame(header, bytearray())
    depth = sys.getrecursionlimit()
    try:
        sys.setrecursionlimit(len(inspect.stack(0)) + 150)  # as deep in the command as the reader was shallow
        with pytest.raises(FrameError, match="wrong form"):
            answer_from(frame)
    finally:
        sys.setrecursionlimit(depth)


def test_truth_values_are_truth_values_whatever_the_bytes() -> None:
    frame = frame_of(encode_answer(ANSWER))
    frame.body[:4] = b"\x07\x00\xff\x01"
    assert answer_from(frame).entry.tolist() == [[True, False], [True, True]]


@pytest.mark.parametrize("shape", [[1] * 100, [0, 10**30]], ids=["many dimensions", "endless"])
def test_a_shape_that_there_cannot_be_is_told(shape: list[int]) -> None:
    body = b"x" if all(shape) else b""
    with pytest.raises(FrameError, match="wrong form"):
        answer_from(frame_of(encode_frame({"fields": {}, "arrays": [["entry", "b", shape]]}, [body])))

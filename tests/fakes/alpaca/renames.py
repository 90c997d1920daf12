"""Symbols that were renamed: the exchange goes on under the old ones, and whoever asks sees the new ones alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from tests.fakes.alpaca.messages import Refusal
from tests.fakes.wire.messages import Answer, Arrival

_TRADING = ("/v2/positions", "/v2/orders", "/v2/assets")


def in_old_names(renames: Mapping[str, str], arrival: Arrival) -> Arrival:
    """A request as the exchange understands it. Refusal for the old name of a renamed asset."""
    if not renames or not arrival.path.startswith(_TRADING):
        return arrival
    last = arrival.path.rsplit("/", 1)[-1]
    if arrival.path.startswith("/v2/assets/") and last in renames:
        raise Refusal(404, 40410000, f"asset not found for {last}")
    old = {new: before for before, new in renames.items()}
    path = arrival.path.removesuffix(last) + old[last] if last in old else arrival.path
    return replace(arrival, path=path, query=_translated(arrival.query, old), body=_translated(arrival.body, old))


def in_new_names(renames: Mapping[str, str], arrival: Arrival, answer: Answer) -> Answer:
    """An answer as it is sent."""
    if not renames or not arrival.path.startswith(_TRADING):
        return answer
    return replace(answer, body=_translated(answer.body, renames))


def _translated(content: Any, names: Mapping[str, str]) -> Any:
    if isinstance(content, list):
        return [_translated(each, names) for each in content]
    if isinstance(content, Mapping):
        return {key: _value(key, value, names) for key, value in content.items()}
    return content


def _value(key: str, value: Any, names: Mapping[str, str]) -> Any:
    if isinstance(value, list | dict):
        return _translated(value, names)
    return names.get(value, value) if key in ("symbol", "symbols") and isinstance(value, str) else value

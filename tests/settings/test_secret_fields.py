"""A secret compares as its text does, and shows a mask."""

from __future__ import annotations

from tests.settings.conftest import LoadHome


def test_secrets_compare_and_hash_as_their_texts_do(load_home: LoadHome) -> None:
    first, again = (load_home(environ={"ALPACA_API_KEY": "k"}).settings for _ in range(2))
    assert first == again
    assert hash(first) == hash(again)
    assert first != load_home(environ={"ALPACA_API_KEY": "other"}).settings

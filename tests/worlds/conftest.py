"""The market that the worlds are drawn from, prepared once."""

from __future__ import annotations

import pytest

from tests.worlds.market import Market, prepare


@pytest.fixture(scope="session")
def market(tmp_path_factory: pytest.TempPathFactory) -> Market:
    return prepare(tmp_path_factory.mktemp("market"))

"""A data host of Alpaca's, and what opens markets over it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.data_host import DataHost, Open, serving


@pytest.fixture
def host() -> Iterator[DataHost]:
    with serving() as told:
        yield told


@pytest.fixture
def market(host: DataHost, tmp_path: Path) -> Open:
    return Open(host, tmp_path / "state")

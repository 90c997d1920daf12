"""A machine that is not as a test's author has it: what its Python finds is changed before tradebot is imported."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.fakes.cli import ROOT
from tests.stories.processes.conftest import machine, made, traded
from tests.stories.processes.test_alpaca import desk, unused

__all__ = ["desk", "machine", "made", "traded", "unused"]

Odd = Callable[..., dict[str, str]]


@pytest.fixture
def odd(tmp_path: Path) -> Odd:
    """Makes the environment of a process in whose Python ``code`` runs first; ``more`` are modules by name."""

    def make(code: str = "", **more: str) -> dict[str, str]:
        folder = tmp_path / "odd"
        folder.mkdir(exist_ok=True)
        for name, text in {"sitecustomize": code, **more}.items():
            (folder / f"{name}.py").write_text(text, encoding="utf-8")
        return {"PYTHONPATH": f"{folder}{os.pathsep}{ROOT}", "PYTHONDONTWRITEBYTECODE": "1"}

    return make

"""Tests that a page names as the proof of what it says."""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def quoted(text: str) -> list[str]:
    """What stands between backticks."""
    return re.findall(r"`([^`]+)`", text)


def is_there(proof: str) -> bool:
    """Whether a test, `tests/.../test_x.py::test_y`, exists, or a file of tests without a name."""
    file, _, name = proof.partition("::")
    written = ast.parse((ROOT / file).read_text(encoding="utf-8")).body
    tests = {node.name for node in written if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")}
    return name in tests if name else bool(tests)

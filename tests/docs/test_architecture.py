"""docs/architecture.md names the rooms and files that there are."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "tradebot"
PAGE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
ROOMS = PAGE.partition("## The rooms")[2].partition("Imports run downwards")[0]
CORE = sorted(path.name for path in (PACKAGE / "core").iterdir() if (path / "__init__.py").exists())


def test_every_file_named_on_the_page_exists() -> None:
    named = set(re.findall(r"`((?:tests|scripts|docs|[a-z_]+)/[\w./]*)`", PAGE))
    of_a_home = {name for name in named if name.startswith(("state/", "logs/"))}
    missing = sorted(name for name in named - of_a_home if not ((ROOT / name).exists() or (PACKAGE / name).exists()))
    assert missing == []


def test_every_room_stands_in_the_tree() -> None:
    rooms = [path.name for path in PACKAGE.iterdir() if (path / "__init__.py").exists()]
    assert [room for room in rooms if f"\n      {room}/" not in ROOMS] == []


@pytest.mark.parametrize("room", CORE)
def test_the_tree_lists_the_modules_of_each_room_of_core(room: str) -> None:
    lines = ROOMS.splitlines()
    first = next(number for number, line in enumerate(lines) if line.startswith(f"        {room}/"))
    text = lines[first].partition(f"{room}/")[2]
    for line in lines[first + 1 :]:
        if not line.startswith(" " * 20):
            break
        text += line
    listed = set(text.replace("value types:", "").split())
    assert listed == {path.stem for path in (PACKAGE / "core" / room).glob("*.py")} - {"__init__"}

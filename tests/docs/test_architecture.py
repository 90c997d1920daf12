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
    places = (ROOT, PACKAGE, PACKAGE / "core")
    missing = [
        name
        for name in named - of_a_home
        if not any((place / name).exists() or (place / f"{name}.py").exists() for place in places)
    ]
    assert missing == []


def test_every_room_stands_in_the_tree() -> None:
    rooms = [path.name for path in PACKAGE.iterdir() if (path / "__init__.py").exists()]
    assert [room for room in rooms if f"\n      {room}/" not in ROOMS] == []


@pytest.mark.parametrize("room", CORE)
def test_the_page_says_of_each_module_of_core_what_it_holds(room: str) -> None:
    listed = set(re.findall(rf"^\| `{room}/(\w+)` \|", PAGE, re.MULTILINE))
    assert listed == {p.stem for p in (PACKAGE / "core" / room).glob("*.py")} - {"__init__"}

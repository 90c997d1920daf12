"""What README and docs say against what the code says."""

from __future__ import annotations

import re
from pathlib import Path

from typer.main import get_command

from tradebot import cli
from tradebot.core.model.plan import DenialCode
from tradebot.settings.documentation import sections

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
CONFIGURATION = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")


def _rows(text: str) -> list[list[str]]:
    """The cells of every row of every Markdown table."""
    lines = (line for line in text.splitlines() if line.startswith("|") and not line.startswith("|--"))
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def test_the_readme_names_every_command_and_no_other() -> None:
    commands = get_command(cli.app).commands  # type: ignore[attr-defined]
    rows = dict(_rows(README.partition("## Commands")[2].partition("##")[0])[1:])
    assert sorted(rows) == sorted(f"`{name}`" for name in commands)
    for name, command in commands.items():
        for inner in getattr(command, "commands", {}):
            assert f"`{inner}`" in rows[f"`{name}`"]


def test_every_denial_code_is_explained_once() -> None:
    explained = [row[0].strip("`") for row in _rows(CONFIGURATION.partition("## Why an order is not sent")[2])[1:]]
    assert sorted(explained) == sorted(DenialCode)


def test_the_pages_name_only_settings_that_there_are() -> None:
    known = {row.name for section in sections() for row in section.rows}
    parts = {name.split("_")[0] for name in known if "_" in name} - {"MAX", "MIN"}
    for page in (README, *(path.read_text(encoding="utf-8") for path in (ROOT / "docs").glob("*.md"))):
        for name in re.findall(rf"\b(?:{'|'.join(sorted(parts))})_[A-Z_]*[A-Z]\b", page):
            assert name in known or name in set(DenialCode), name


def test_links_between_the_pages_lead_somewhere() -> None:
    for page in (ROOT / "README.md", *(ROOT / "docs").glob("*.md")):
        for target in re.findall(r"\]\((?!https?:|#|mailto:)([^)#\s]+)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page.name}: {target}"

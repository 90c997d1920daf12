"""docs/controls.md claims nothing that is not there: every module, setting, command and test that it names exists."""

from __future__ import annotations

import pytest
from typer.main import get_command

from tests.docs.proofs import ROOT, is_there, quoted
from tradebot import cli
from tradebot.core.model.plan import DenialCode
from tradebot.settings.documentation import sections

PAGE = (ROOT / "docs" / "controls.md").read_text(encoding="utf-8")
#: What the page says of itself that there is none of.
UNPROVED = {"yearly self-assessment"}


def _rows() -> list[list[str]]:
    lines = (line for line in PAGE.splitlines() if line.startswith("| ") and not line.startswith("| control |"))
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


@pytest.mark.parametrize("row", _rows(), ids=lambda row: str(row[0]))
def test_a_control_is_where_the_page_says_and_its_test_is_there(row: list[str]) -> None:
    control, source, where, settings, proofs = row
    assert control
    assert source
    assert quoted(where) or where.startswith("the strategy's version")
    assert bool(quoted(proofs)) is (control not in UNPROVED)
    for proof in quoted(proofs):
        assert is_there(proof), proof
    known = {setting.name for section in sections() for setting in section.rows}
    assert set(quoted(settings)) <= known


def test_every_path_and_command_on_the_page_exists() -> None:
    commands = set(get_command(cli.app).commands)  # type: ignore[attr-defined]
    for named in quoted(PAGE):
        path, _, _ = named.partition("::")
        if path.startswith(("tradebot/", "tests/")):
            assert (ROOT / path).exists(), named
        elif named.startswith("tradebot "):
            assert named.split()[1] in commands, named


def test_every_control_before_an_order_has_a_setting_on_the_page() -> None:
    """A denial code that is the name of a setting is a limit that the page has to account for."""
    known = {setting.name for section in sections() for setting in section.rows}
    limits = {name for code in DenialCode for name in known if name in (code, f"{code}_PCT")}
    assert limits <= set(quoted(PAGE))

"""docs/backtest.md: its worked example prints what the page shows, and what proves its numbers is there."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

from tests.docs.proofs import ROOT, is_there, quoted
from tests.fakes.cli import tradebot

PAGE = (ROOT / "docs" / "backtest.md").read_text(encoding="utf-8")


def test_each_number_has_an_oracle_and_a_test_that_is_there() -> None:
    table = PAGE.partition("| figure | oracle | test |")[2]
    rows = [line.strip("| ").split(" | ") for line in table.splitlines() if line.startswith("| ")]
    assert len(rows) >= 8
    for figures, oracle, proofs in rows:
        assert figures and oracle and quoted(proofs), figures
        assert [proof for proof in quoted(proofs) if not is_there(proof)] == []


def test_the_worked_example_prints_what_the_page_shows(tmp_path: Path) -> None:
    example = PAGE.partition("## A worked example")[2].partition("\n## ")[0]
    steps = re.findall(r"```sh\ntradebot (.+?)\n```\n\n```text\n(.+?)```", example, re.DOTALL)
    assert len(steps) == example.count("```sh") == 4
    for typed, shown in steps:
        done = tradebot(
            *shlex.split(typed), "--home", tmp_path / "none", state=tmp_path / "user", cwd=tmp_path, timeout=500
        )
        assert done.code == 0, done.err
        printed = " ".join(done.out.split())
        assert [line for line in shown.splitlines() if " ".join(line.split()) not in printed] == [], printed
    assert "hold = 1" in (tmp_path / "tried.toml").read_text(encoding="utf-8")

"""docs/backtest.md: what it names as the proof of its numbers is there."""

from __future__ import annotations

from tests.docs.proofs import ROOT, is_there, quoted

PAGE = (ROOT / "docs" / "backtest.md").read_text(encoding="utf-8")


def test_each_number_has_an_oracle_and_a_test_that_is_there() -> None:
    table = PAGE.partition("| figure | oracle | test |")[2]
    rows = [line.strip("| ").split(" | ") for line in table.splitlines() if line.startswith("| ")]
    assert len(rows) >= 8
    for figures, oracle, proofs in rows:
        assert figures and oracle and quoted(proofs), figures
        assert [proof for proof in quoted(proofs) if not is_there(proof)] == []

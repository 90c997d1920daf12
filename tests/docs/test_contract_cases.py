"""docs/brokers.md has every case of the contract, and which broker skips it."""

from __future__ import annotations

from pathlib import Path

from scripts.contract_cases import BROKERS, cases, cases_table
from tests.brokers.contract import DECLARED

PAGE = Path(__file__).parents[2] / "docs" / "brokers.md"


def test_the_table_is_made_from_the_cases_and_from_what_brokers_declare() -> None:
    assert cases_table() in PAGE.read_text(encoding="utf-8"), "run `python scripts/update_docs.py`"


def test_each_case_has_a_number_of_its_own_and_needs_what_a_broker_can_declare() -> None:
    every = cases()
    assert [case.number for case in every] == [f"b{number:02d}" for number in range(1, len(every) + 1)]
    names = {name for case in every for name in case.needs}
    assert all(hasattr(declared, name) for name in names for declared in BROKERS.values())


def test_the_suite_goes_by_what_the_table_says() -> None:
    assert set(DECLARED.values()) == set(BROKERS.values())
    robinhood = [case for case in cases() if not all(getattr(BROKERS["Robinhood"], name) for name in case.needs)]
    assert 0 < len(robinhood) < len(cases()) / 2

"""The table of docs/brokers.md: the cases of the contract that every adapter is held to, and which broker skips which.

It is made from the names and marks of the tests and from what each broker declares.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from tradebot.brokers.alpaca import broker as alpaca
from tradebot.brokers.paper import ExchangeRules
from tradebot.brokers.robinhood import broker as robinhood
from tradebot.core.model.capabilities import Capabilities

ROOT = Path(__file__).resolve().parent.parent
FILES = ("test_contract_orders.py", "test_contract_reads.py")
#: What each broker declares, by its name for people.
BROKERS: Mapping[str, Capabilities] = {
    "embedded exchange": ExchangeRules().capabilities,
    "embedded exchange at Robinhood's prices": robinhood.CAPABILITIES,
    "Alpaca": alpaca.CAPABILITIES,
    "Robinhood": robinhood.CAPABILITIES,
}
_PREFIX = "test_"
_WORDS = {"finds_by_id": "a look-up by id"}


@dataclass(frozen=True, slots=True)
class Case:
    """A case of the contract."""

    number: str  # such as "b05"
    what: str
    needs: tuple[str, ...]  # fields of Capabilities


def cases() -> list[Case]:
    """Every case, by number."""
    found = (case for name in FILES for case in _cases_of(ROOT / "tests" / "brokers" / name))
    return sorted(found, key=lambda case: case.number)


def cases_table() -> str:
    """The table in Markdown, with a line that counts the cases of each broker."""
    every = cases()
    lines = [f"| case | what | {' | '.join(BROKERS)} |", f"|---|---|{'---|' * len(BROKERS)}"]
    for case in every:
        cells = " | ".join(_cell(case, declared) for declared in BROKERS.values())
        lines.append(f"| {case.number} | {case.what} | {cells} |")
    held = (sum(not _lacking(case, declared) for case in every) for declared in BROKERS.values())
    counts = ", ".join(f"{name} to {count}" for name, count in zip(BROKERS, held, strict=True))
    return "\n".join([f"Of {len(every)} cases, each is held to those that it can keep: {counts}.", "", *lines])


def _cases_of(path: Path) -> Iterator[Case]:
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef) and node.name.startswith(_PREFIX):
            number, _, words = node.name.removeprefix(_PREFIX).partition("_")
            yield Case(number, _text(words), tuple(_needs(node)))


def _text(words: str) -> str:
    """The name of a test as words for people."""
    return re.sub(r" s( |$)", r"'s\1", words.replace("_", " "))


def _needs(case: ast.FunctionDef) -> Iterator[str]:
    """The fields that the mark ``needs`` of a case names."""
    for mark in case.decorator_list:
        if isinstance(mark, ast.Call) and isinstance(mark.func, ast.Name) and mark.func.id == "needs":
            yield from (str(each.value) for each in mark.args if isinstance(each, ast.Constant))


def _lacking(case: Case, declared: Capabilities) -> list[str]:
    return [name for name in case.needs if not getattr(declared, name)]


def _cell(case: Case, declared: Capabilities) -> str:
    lacking = _lacking(case, declared)
    return f"lacks {' and '.join(_WORDS.get(name, name) for name in lacking)}" if lacking else "yes"

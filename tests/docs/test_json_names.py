"""One thing has one name in what ``--json`` prints, and one name is of one type: docs/schemas against a glossary."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from tests.fakes.json_schemas import SCHEMAS

#: What the names that most programs read mean, by type. A field with the name has the meaning.
GLOSSARY = {
    "decimal": {
        "average_fill_price": "USD a share that an order filled at, over all its fills",
        "average_price": "USD a share that the broker says a position cost",
        "entry_price": "USD a share that the shares of a strategy cost, average",
        "exit_price": "USD a share that they were sold at, average",
        "fee": "USD of one fill",
        "fees": "USD of several fills",
        "filled_quantity": "shares of an order that filled",
        "limit": "what a value may be at most",
        "limit_price": "USD a share of a limit order",
        "market_price": "USD a share that the broker values a position at",
        "market_value": "USD that a position is worth",
        "planned_price": "USD a share at the decision",
        "pnl": "USD won or lost",
        "quantity": "shares",
        "stop": "USD a share at which what is held is sold; of an exit policy the fraction below the entry",
        "stop_price": "USD a share of a stop order, or that it should have",
        "target": "USD a share at which what is held is sold with a gain; of an exit policy a fraction above it",
    },
    "date": {
        "entry_session": "session of the first fill of a round trip",
        "exit_session": "session of its last fill",
        "first_session": "session that something begins with",
        "last_session": "session that it ends with",
        "opened": "session in which a position was opened",
        "session": "session that a record belongs to",
    },
    "date-time": {
        "at": "when it was so",
        "closed_at": "when it ended",
        "opened_at": "when it began",
    },
    "text": {
        "account_id": "the broker's id of the account",
        "client_order_id": "our id of an order",
        "reason": "why, for people",
        "side": "buy or sell",
        "strategy": "its name",
        "symbol": "the share",
    },
}
#: Names that would be a second one for a thing of the glossary, or of the fields beside it.
REFUSED = {
    "fill_price": "average_fill_price", "avg_price": "average_price", "average_entry_price": "entry_price",
    "last_price": "last", "qty": "quantity", "commission": "fee", "profit": "pnl", "profit_loss": "pnl",
    "stop_loss": "stop", "take_profit": "target", "ticker": "symbol", "opened_on": "opened", "date": "session",
    "order_id": "client_order_id or broker_order_id", "timestamp": "at", "time": "at",
}  # fmt: skip
#: Objects that have their names since before the glossary: programs read them.
OLD = {
    "target_price": {"Holding"},
    "opened_session": {"Holding"},
    "shares": {"BareLine"},
}
#: Names of two types. A plural is a list of the things, or how many there are; the others are of before the glossary.
PLURALS = {"actions", "exits", "fills", "positions", "rows", "trades"}
OF_TWO_TYPES = {
    "account": "the snapshot of the account; of a halt its key",
    "backtest": "what a backtest came to; of a line of diff what happened in it",
    "bare": "the times without a stop; of a position the USD without one",
    "bought": "the purchases of a day; in a sum their USD",
    "sold": "the sales of a day; in a sum their USD",
    "by_strategy": "trades by strategy; the lines of their cost",
    "code": "of a denial; of a process",
    "equity": "USD; of a report one for each session",
    "files": "paths; of a strategy their digests",
    "held": "shares; of an order whether it waits for its entry",
    "last": "newest price; of a report its last session",
    "protected": "whether a stop covers it; of a gap the shares",
    "report": "of a replay the report of its time; of a strategy that of its check",
    "seconds": "how long",
    "summary": "a run in a line; the extent of a price file",
    "total": "USD; the line of all costs",
    "resting": "orders that rest; of cost the USD of those that rested",
    "until": "session, of a halt; of an incident the end of what was looked at",
    "value": "what was compared with a limit; of a setting, or a statistic, its own",
}


def _type(schema: dict[str, Any]) -> str:
    """The type of a field, without null: "decimal", "date", "text", "list", or the name of an object."""
    if "$ref" in schema:
        return str(schema["$ref"]).rsplit("/", 1)[-1]
    if "const" in schema or "enum" in schema:
        return "text"
    if "anyOf" in schema:
        return "|".join(sorted({_type(each) for each in schema["anyOf"]} - {"null"}))
    kind = schema.get("type", "any")
    if isinstance(kind, list):
        kind = next(each for each in kind if each != "null")
    if kind == "string":
        return str(schema.get("format") or ("decimal" if "pattern" in schema else "text"))
    return {"array": "list", "object": "map"}.get(kind, str(kind))


def _fields() -> Iterator[tuple[str, str, str]]:
    """Every field of every object: its name, its type, and the object."""
    for path in sorted(SCHEMAS.glob("*.json")):
        schema = json.loads(path.read_text(encoding="utf-8"))
        for name, each in [(path.stem, schema), *schema.get("$defs", {}).items()]:
            for field, kind in each.get("properties", {}).items():
                yield field, _type(kind), name


def test_a_name_has_the_type_of_the_glossary() -> None:
    known = {name: kind for kind, names in GLOSSARY.items() for name in names}
    assert not {(field, kind, where) for field, kind, where in _fields() if known.get(field, kind) != kind}
    assert known.keys() <= {field for field, *_ in _fields()}, "what is in no schema needs no entry"


def test_a_name_is_of_one_type_everywhere() -> None:
    types: dict[str, set[str]] = defaultdict(set)
    for field, kind, _ in _fields():
        types[field].add(kind)
    several = {field: kinds for field, kinds in types.items() if len(kinds) > 1}
    assert {field: kinds for field, kinds in several.items() if field in PLURALS and kinds != {"list", "integer"}} == {}
    assert several.keys() - PLURALS == OF_TWO_TYPES.keys()


def test_no_thing_has_a_second_name() -> None:
    assert not {(field, where, REFUSED[field]) for field, _, where in _fields() if field in REFUSED}
    assert {field: {where for name, _, where in _fields() if name == field} for field in OLD} == OLD

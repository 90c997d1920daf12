"""Makes an example of an object from its JSON Schema, with values that somebody from the field expects to see."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

#: Values by the name of a field; the others are made by their type.
_BY_NAME: Mapping[str, Any] = {
    "account": "paper:paper:PAPER-0001", "account_id": "PAPER-0001", "account_key": "paper:paper:PAPER-0001",
    "average_price": "78.96", "broker": "paper", "broker_order_id": "O-000000002", "buying_power": "90380.86",
    "cash": "90380.86", "client_order_id": "tb1-c9668964-20070104-rsi2_mean_reversion-AAPL-entry-1",
    "concentration": "0.486", "currency": "USD", "database": "/home/me/tradebot/trading_robot.db",
    "entry_price": "78.96", "equity": "99991.46", "exit_code": 0, "exit_codes": [], "fee": "0.35", "fees": "0.70",
    "gross_exposure": "9619.14", "headline": "3 positions, equity $99,991.46", "healthy": True,
    "home": "/home/me/tradebot",
    "known_at": None, "last": "78.92", "level": "running", "limit": "10", "lock_holder": "", "lost_at_stops": "727.83",
    "logs": "/home/me/tradebot/logs", "market_value": "2446.36", "mode": "paper", "more": False, "notes": [],
    "pid": 4711,
    "pnl": "-1.24", "price": "78.96", "quantity": "31", "setting": "MAX_POSITIONS", "share": "0.3000", "stop": "71.03",
    "strategy": "rsi2_mean_reversion", "summary": "session 2007-01-04 traded: 3 orders, 3 filled, 2 denials",
    "symbol": "AAPL", "target": None, "trouble": "", "unprotected": "0", "version": "1.0.0",
}  # fmt: skip
_BY_FORMAT = {"date": "2007-01-04", "date-time": "2007-01-04T14:35:00+00:00"}
#: How deep an object is shown within another one.
_DEEPEST = 4


def example_of(schema: Mapping[str, Any]) -> Any:
    """An example that the schema holds for true."""
    return _Maker(schema.get("$defs", {})).make(schema, "", 0)


class _Maker:
    """Makes the examples of one schema. ``defs``: what it refers to."""

    def __init__(self, defs: Mapping[str, Any]) -> None:
        self._defs = defs

    def make(self, schema: Mapping[str, Any], name: str, depth: int) -> Any:
        """An example of a schema that stands under the field ``name``."""
        if "$ref" in schema:
            schema = self._defs[schema["$ref"].rpartition("/")[2]]
        if "const" in schema:
            return schema["const"]
        if "anyOf" in schema:
            return self._one_of(schema["anyOf"], name, depth)
        if "enum" in schema:
            known = _BY_NAME.get(name)
            return known if known in schema["enum"] else schema["enum"][0]
        kind = schema.get("type")
        if kind == "object":
            return self._object(schema, name, depth)
        if kind == "array":
            return self._array(schema, name, depth)
        return self._plain(schema, name)

    def _one_of(self, schemas: list[Mapping[str, Any]], name: str, depth: int) -> Any:
        is_optional = {"type": "null"} in schemas
        if is_optional and (depth >= _DEEPEST or (name in _BY_NAME and _BY_NAME[name] is None)):
            return None
        return self.make(next(each for each in schemas if each != {"type": "null"}), name, depth)

    def _object(self, schema: Mapping[str, Any], name: str, depth: int) -> Any:
        if "properties" not in schema:
            return {}
        return {each: self.make(kind, each, depth + 1) for each, kind in schema["properties"].items()}

    def _array(self, schema: Mapping[str, Any], name: str, depth: int) -> Any:
        if "prefixItems" in schema:
            return [self.make(each, "", depth + 1) for each in schema["prefixItems"]]
        if _BY_NAME.get(name) == [] or depth >= _DEEPEST:
            return []
        return [self.make(schema["items"], name, depth + 1)]

    def _plain(self, schema: Mapping[str, Any], name: str) -> Any:
        kind = schema.get("type", "string")
        kinds = kind if isinstance(kind, list) else [kind]
        known = _BY_NAME.get(name)
        if isinstance(known, bool) and "boolean" in kinds:
            return known
        if isinstance(known, int) and "integer" in kinds:
            return known
        fits = "pattern" not in schema or str(known).lstrip("-")[:1].isdigit()
        if isinstance(known, str) and "string" in kinds and "format" not in schema and fits:
            return known
        if "format" in schema:
            return _BY_FORMAT[schema["format"]]
        return {"boolean": False, "integer": 0, "number": 0.0, "null": None}.get(
            kinds[0], "0" if "pattern" in schema else ""
        )
